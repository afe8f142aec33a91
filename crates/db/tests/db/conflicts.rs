//! Two transactions that want the same rows.

use std::time::Duration;

use duly_db::dialect::for_update;
use duly_db::random::SystemRandom;
use duly_db::{Db, Error, Query, Tx, query, retry};
use tokio::task::JoinSet;

use crate::fixture::{Notes, rewrite};

const SESSIONS: i64 = 3;
const ROUNDS: i64 = 15;

/// How a transaction makes sure that nobody's change is lost.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Care {
    /// It locks what it reads.
    Lock,
    /// It locks what it reads, and sees the newest of what it locks.
    LockNewest,
    /// It names what it has read.
    Predicate,
    /// It takes none.
    None,
}

/// A note whose text counts.
async fn counting() -> Notes {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    let note = query("INSERT INTO notes (id, text) VALUES (1, '0'), (2, '0')");
    tx.execute(note).await.unwrap();
    tx.commit().await.unwrap();
    notes
}

fn number_of(id: i64, suffix: &str) -> Query {
    query(format!("SELECT text FROM notes WHERE id = ?1{suffix}")).bind(id)
}

async fn read(tx: &mut Tx, care: Care) -> Result<i64, Error> {
    let lock = match care {
        Care::Lock | Care::LockNewest => for_update(tx.engine()),
        Care::Predicate | Care::None => "",
    };
    let row = tx.optional_row(number_of(1, lock)).await?.unwrap();
    Ok(row.get::<String>("text")?.parse().unwrap())
}

/// Whether it was written.
async fn write_back(tx: &mut Tx, care: Care, seen: i64) -> Result<bool, Error> {
    let next = (seen + 1).to_string();
    let update = match care {
        Care::Predicate => query("UPDATE notes SET text = ?1 WHERE id = 1 AND text = ?2")
            .bind(next)
            .bind(seen.to_string()),
        _ => query("UPDATE notes SET text = ?1 WHERE id = 1").bind(next),
    };
    Ok(tx.execute(update).await? == 1)
}

/// Whether it was counted; not when somebody else was in the way.
async fn count_up(db: Db, care: Care) -> Result<bool, Error> {
    let mut tx = match care {
        Care::LockNewest => db.begin_on_shared_rows(),
        _ => db.begin(),
    };
    let outcome = async {
        let seen = read(&mut tx, care).await?;
        let written = write_back(&mut tx, care, seen).await?;
        tx.commit().await?;
        Ok(written)
    };
    match outcome.await {
        Err(Error::Conflict) => Ok(false),
        other => other,
    }
}

async fn total(db: &Db) -> i64 {
    let row = db.read_fresh().optional_row(number_of(1, "")).await;
    let text: String = row.unwrap().unwrap().get("text").unwrap();
    text.parse().unwrap()
}

/// Sessions that count at the same time: each acknowledged count is there in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_change_is_lost_whatever_care_was_taken() {
    let notes = counting().await;
    let mut acknowledged = 0;
    for care in [Care::Lock, Care::LockNewest, Care::Predicate, Care::None] {
        let mut sessions = JoinSet::new();
        for _ in 0..SESSIONS {
            let db = (*notes).clone();
            sessions.spawn(async move {
                let (mut counted, mut refused) = (0, 0);
                while counted < ROUNDS {
                    match count_up(db.clone(), care).await.unwrap() {
                        true => counted += 1,
                        false => refused += 1,
                    }
                }
                refused
            });
        }
        let mut refused = 0;
        while let Some(session) = sessions.join_next().await {
            refused += session.unwrap();
        }
        acknowledged += SESSIONS * ROUNDS;
        assert_eq!(total(&notes).await, acknowledged, "{care:?}");
        if care == Care::LockNewest {
            assert_eq!(
                refused, 0,
                "whoever waits for a lock and sees the newest goes on"
            );
        }
    }
}

/// The order in which a change is lost unless somebody looks: both read, one commits, the other
/// writes. With SQLite's one writer at a time it cannot come about.
#[tokio::test]
async fn a_change_based_on_what_is_no_longer_so_is_a_conflict() {
    let Some(notes) = Notes::on_server(|_| {}).await else {
        return;
    };
    notes.write(1).await.unwrap();
    let mut tx = notes.begin();
    tx.execute(rewrite(1, "0")).await.unwrap();
    tx.commit().await.unwrap();
    for (before, care) in (0..).zip([Care::Predicate, Care::None]) {
        let (mut first, mut second) = (notes.begin(), notes.begin());
        for tx in [&mut first, &mut second] {
            assert_eq!(read(tx, care).await.unwrap(), before);
        }
        assert!(write_back(&mut first, care, before).await.unwrap());
        first.commit().await.unwrap();
        let refused = write_back(&mut second, care, before).await;
        assert!(
            matches!(refused, Err(Error::Conflict)),
            "{care:?}: {refused:?}"
        );
        assert_eq!(total(&notes).await, before + 1, "{care:?}");
    }
}

/// Changes both notes, in the given order.
async fn change_both(db: Db, order: [i64; 2], met: &tokio::sync::Barrier) -> Result<(), Error> {
    let mut tx = db.begin();
    let [first, second] = order;
    tx.execute(rewrite(first, "changed")).await?;
    met.wait().await;
    tx.execute(rewrite(second, "changed")).await?;
    tx.commit().await
}

/// SQLite has one writer at a time, so two cannot even begin to cross.
#[tokio::test]
async fn of_two_that_cross_one_gives_way() {
    let Some(notes) = Notes::on_server(|options| {
        options.idle_timeout = Duration::from_secs(30);
    })
    .await
    else {
        return;
    };
    notes.write(1).await.unwrap();
    notes.write(2).await.unwrap();
    let met = tokio::sync::Barrier::new(2);
    let (one, other) = tokio::join!(
        change_both((*notes).clone(), [1, 2], &met),
        change_both((*notes).clone(), [2, 1], &met)
    );
    match (one, other) {
        (Ok(()), Err(Error::Conflict)) | (Err(Error::Conflict), Ok(())) => {}
        both => panic!("{both:?}"),
    }
}

/// The same with a retry: nobody notices.
#[tokio::test]
async fn of_two_that_cross_and_try_again_both_succeed() {
    let Some(notes) = Notes::on_server(|options| {
        options.idle_timeout = Duration::from_secs(30);
    })
    .await
    else {
        return;
    };
    notes.write(1).await.unwrap();
    notes.write(2).await.unwrap();
    let met = tokio::sync::Barrier::new(2);
    let runs = std::sync::atomic::AtomicUsize::new(0);
    let change = |order| {
        let (notes, met, runs) = (&notes, &met, &runs);
        retry::on_conflict(&SystemRandom, move || async move {
            // They meet once; the run after that is alone.
            let met = match runs.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 | 1 => met,
                _ => &tokio::sync::Barrier::new(1),
            };
            change_both((**notes).clone(), order, met).await
        })
    };
    let (one, other) = tokio::join!(change([1, 2]), change([2, 1]));
    one.unwrap();
    other.unwrap();
    assert!(runs.into_inner() > 2);
}
