//! Callers who go away while the database works for them.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use duly_db::random::{Random, SeededRandom};
use duly_db::{Db, Error, query};
use tokio::task::JoinSet;

use crate::fixture::{Notes, insert, write};

const OPERATIONS: i64 = 10_000;
const CALLERS: i64 = 4;

/// Drops the future after so long, to the microsecond: the runtime's timers are too coarse.
async fn at_most<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let started = Instant::now();
    let mut future = pin!(future);
    poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if started.elapsed() >= limit => Poll::Ready(None),
        Poll::Pending => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

/// Asks for its own number, so that somebody else's answer is recognised.
async fn own_number(db: &Db, number: i64) -> Result<(), Error> {
    let statement = query("SELECT ?1 AS number").bind(number);
    let row = db.read_fresh().optional_row(statement).await?.unwrap();
    assert_eq!(row.get::<i64>("number")?, number, "somebody else's answer");
    Ok(())
}

/// The same several times, in a snapshot.
async fn own_numbers(db: &Db, number: i64) -> Result<(), Error> {
    let numbers = [number, number + 1];
    let statements = numbers.map(|number| query("SELECT ?1 AS number").bind(number));
    let answers = db.read_fresh().snapshot(statements.to_vec()).await?;
    let answers = answers
        .iter()
        .map(|rows| rows.first().unwrap().get::<i64>("number"));
    let answers: Vec<i64> = answers.collect::<Result<_, _>>()?;
    assert_eq!(answers, numbers, "somebody else's answers");
    Ok(())
}

/// Two rows that belong together, with reads between them.
async fn pair(db: &Db, id: i64) -> Result<(), Error> {
    let mut tx = db.begin();
    tx.execute(insert(id)).await?;
    let row = tx
        .optional_row(query("SELECT ?1 AS number").bind(id))
        .await?;
    assert_eq!(
        row.unwrap().get::<i64>("number")?,
        id,
        "somebody else's answer"
    );
    tx.defer(insert(id + 1));
    tx.commit().await
}

/// Whether it is known to be there.
async fn commit_given_up(db: &Db, id: i64, limit: Duration) -> Result<bool, Error> {
    let mut tx = db.begin();
    tx.execute(insert(id)).await?;
    tx.execute(insert(id + 1)).await?;
    let committed = at_most(limit, tx.commit()).await.transpose()?;
    Ok(committed.is_some())
}

/// Never asks for a commit. Its ids are negative.
async fn never_kept(db: &Db, id: i64) -> Result<(), Error> {
    let mut tx = db.begin();
    tx.execute(insert(-id)).await?;
    tx.execute(insert(-id - 1)).await?;
    Ok(())
}

/// What a caller knows to be there.
#[derive(Default)]
struct Known {
    kept: BTreeSet<i64>,
    given_up: usize,
}

async fn operate(db: &Db, random: &SeededRandom, id: i64, known: &mut Known) -> Result<(), Error> {
    let mut bytes = [0; 2];
    random.fill(&mut bytes);
    let [kind, wait] = bytes;
    let limit = Duration::from_micros(u64::from(wait) * 400 / 255);
    let ended = match kind % 6 {
        0 => at_most(limit, own_number(db, id)).await.transpose()?,
        1 => at_most(limit, own_numbers(db, id)).await.transpose()?,
        2 => at_most(limit, never_kept(db, id)).await.transpose()?,
        3 => {
            let ended = at_most(limit, pair(db, id)).await.transpose()?;
            known.kept.extend(ended.map(|()| id));
            ended
        }
        4 => {
            let kept = commit_given_up(db, id, limit).await?;
            known.kept.extend(kept.then_some(id));
            kept.then_some(())
        }
        // Between those who go away there are those who stay.
        _ => {
            own_number(db, id).await?;
            pair(db, id).await?;
            known.kept.insert(id);
            Some(())
        }
    };
    known.given_up += usize::from(ended.is_none());
    Ok(())
}

/// 10,000 operations on two connections, most of them given up after 0 to 400 µs. Whatever was
/// acknowledged is there, nothing is there by half, nothing that never asked for a commit is
/// there, and nobody gets the answer to another's question.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_go_away_lose_and_mix_up_nothing() {
    let notes = Notes::with(|options| {
        options.readers = 2;
        options.connections = 2;
    })
    .await;
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let db = (*notes).clone();
        callers.spawn(async move {
            let random = SeededRandom::new(u64::try_from(caller).unwrap());
            let mut known = Known::default();
            for operation in 0..OPERATIONS / CALLERS {
                let id = 10 + 10 * (caller * OPERATIONS + operation);
                operate(&db, &random, id, &mut known).await.unwrap();
            }
            known
        });
    }
    let mut known = Known::default();
    while let Some(joined) = callers.join_next().await {
        let one = joined.unwrap();
        known.kept.extend(one.kept);
        known.given_up += one.given_up;
    }
    assert!(known.given_up > 2_000, "{} gave up", known.given_up);
    assert!(known.kept.len() > 1_500, "{} kept", known.kept.len());
    assert_whole(&notes).await;
    let found: BTreeSet<i64> = notes.ids().await.into_iter().collect();
    let lost: Vec<_> = known.kept.difference(&found).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    for id in &found {
        let other = if id % 10 == 0 { id + 1 } else { id - 1 };
        assert!(found.contains(&other), "{id} is there by half");
        assert!(*id >= 0, "{id} was never committed");
    }
}

/// Both connections serve, and nothing is left behind on either.
async fn assert_whole(notes: &Notes) {
    let both = [-2_i64, -4].map(|id| async move {
        write(notes, id).await?;
        let mut tx = notes.begin();
        let gone = query("DELETE FROM notes WHERE id = ?1").bind(id);
        tx.execute(gone.expecting(1)).await?;
        tx.commit().await
    });
    let [one, other] = both;
    let (one, other) = tokio::join!(one, other);
    one.unwrap();
    other.unwrap();
    let started = Instant::now();
    // What was given up last is still being rolled back.
    while notes.status().pool.in_use > 0 {
        assert!(started.elapsed() < Duration::from_secs(5));
        tokio::task::yield_now().await;
    }
    let pool = notes.status().pool;
    assert!(pool.size <= pool.max && pool.waiting == 0, "{pool:?}");
}

#[tokio::test]
async fn a_statement_given_up_ends_its_transaction() {
    let notes = Notes::with(|options| options.idle_timeout = Duration::from_secs(60)).await;
    let mut tx = notes.begin();
    for id in 1.. {
        // The answer may be there as soon as anybody looks.
        let answered = at_most(Duration::ZERO, tx.execute(insert(id))).await;
        if answered.is_none() {
            break;
        }
    }
    // No limit on idling would end it, so only the giving up can make room for another.
    notes.write(1).await.unwrap();
    let refused = tx.execute(insert(0)).await;
    assert!(
        matches!(refused, Err(Error::IdleTransaction)),
        "{refused:?}"
    );
    assert!(matches!(tx.commit().await, Err(Error::IdleTransaction)));
    assert_eq!(notes.ids().await, [1]);
}

#[tokio::test]
async fn a_commit_that_was_asked_for_is_seen_through() {
    let notes = Notes::new().await;
    for id in 0..20 {
        let mut tx = notes.begin();
        tx.execute(insert(id)).await.unwrap();
        let committed = at_most(Duration::ZERO, tx.commit()).await;
        assert!(matches!(committed, None | Some(Ok(()))), "{committed:?}");
    }
    // SQLite's writer comes to this one last; connections to a server are free when all is done.
    notes.write(20).await.unwrap();
    while notes.status().pool.in_use > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(notes.ids().await, (0..=20).collect::<Vec<_>>());
}
