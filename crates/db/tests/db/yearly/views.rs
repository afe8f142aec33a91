//! Those whose view of the database may be older than the table that has taken the other's place.

use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use duly_db::partitions::yearly::{Layout, Progress, Step, convert};
use duly_db::{Conn, Db, Engine, Error, Query, Tx, query};
use uuid::Uuid;

use super::fixture::{NOTES, NOW, Pad, at, insert, rewrite, run};

const COUNT: &str = "SELECT COUNT(*) AS total FROM notes";

/// With transactions that stay open although they ask for nothing, and enough connections.
async fn patient() -> Option<Pad> {
    Pad::with(|options| {
        options.idle_timeout = Duration::from_secs(60);
        options.connections = 8;
    })
    .await
}

/// Returns when so many connections to the database wait for a lock on a table.
async fn waiting(db: &Db, count: i64) {
    if db.engine() != Engine::Postgres {
        return pending().await;
    }
    let select = "SELECT COUNT(DISTINCT pid) AS total FROM pg_locks WHERE NOT granted \
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while total(&mut db.read_fresh(), query(select)).await.unwrap() < count {
        tokio::task::yield_now().await;
    }
}

async fn total(conn: &mut Conn, count: Query) -> Result<i64, Error> {
    conn.optional_row(count).await?.unwrap().get("total")
}

/// Does something with the notes in a transaction that has looked at something else before the
/// tables change places. Answers nothing when it has to begin anew.
async fn after<T>(
    pad: &Pad,
    wanted: Layout,
    change: impl AsyncFnOnce() -> Result<T, Error>,
) -> Option<T> {
    let mut conversion = pin!(pad.convert(wanted));
    let ended = tokio::select! {
        ended = &mut conversion => Some(ended),
        () = waiting(&pad.db, 1) => None,
    };
    let changed = change().await;
    let ended = match ended {
        Some(ended) => ended,
        None => conversion.await,
    };
    ended.unwrap();
    match changed {
        Err(Error::Conflict) => None,
        changed => Some(changed.unwrap()),
    }
}

#[tokio::test]
async fn a_view_from_before_shows_every_row_or_none_at_all() {
    let Some(pad) = patient().await else { return };
    run(&pad.db, query("CREATE TABLE others (number bigint)"))
        .await
        .unwrap();
    let others = || query("SELECT number FROM others");
    let owner = pad.owner().await;
    let ids = pad.fill(owner, 100).await;
    for wanted in [Layout::ByYear, Layout::Whole] {
        let mut tx = pad.db.begin();
        tx.rows(others()).await.unwrap();
        let change = async || {
            let touched = tx.execute(rewrite(owner, ids[7], "Late")).await?;
            tx.commit().await?;
            Ok(touched)
        };
        let touched = after(&pad, wanted, change).await;
        assert!(touched.is_none_or(|touched| touched == 1), "{touched:?}");
    }
    for wanted in [Layout::ByYear, Layout::Whole] {
        let mut view = pad.db.begin_reading_without_limits().await.unwrap();
        view.rows(others()).await.unwrap();
        let look = async || {
            let found = total(&mut view, query(COUNT)).await;
            drop(view);
            found
        };
        let found = after(&pad, wanted, look).await;
        assert!(found.is_none_or(|found| found == 100), "{found:?}");
    }
}

async fn changed(mut tx: Tx, owner: Uuid, id: Uuid) -> Result<u64, Error> {
    let touched = tx.execute(rewrite(owner, id, "Later")).await?;
    tx.commit().await?;
    Ok(touched)
}

/// Changes a note each in both kinds of transactions, and counts all in both kinds of reads.
async fn use_in_all_ways(db: &Db, owner: Uuid, notes: [Uuid; 2]) {
    let [one, other] = notes;
    let (mut snapshot, mut reading) = (db.read_fresh(), db.read_fresh());
    let (changed, shared, counted, read) = tokio::join!(
        changed(db.begin(), owner, one),
        changed(db.begin_on_shared_rows(), owner, other),
        snapshot.snapshot(vec![query(COUNT)]),
        total(&mut reading, query(COUNT)),
    );
    assert_eq!(changed.unwrap(), 1);
    assert_eq!(shared.unwrap(), 1);
    let counted = counted.unwrap();
    let totals = counted
        .iter()
        .flatten()
        .map(|row| row.get("total").unwrap());
    assert_eq!(totals.collect::<Vec<i64>>(), [102]);
    assert_eq!(read.unwrap(), 102);
}

/// Only PostgreSQL copies while others wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_while_the_tables_change_places_finds_what_was_written_last() {
    let Some(pad) = patient().await else { return };
    if pad.db.engine() != Engine::Postgres {
        return;
    }
    let owner = pad.owner().await;
    pad.fill(owner, 100).await;
    let last = [pad.id(NOW), pad.id(NOW)];
    let mut report = |progress: Progress| {
        if progress.step == Step::CatchingUp {
            let write = async {
                for id in last {
                    run(&pad.db, insert(owner, id, "Last")).await.unwrap();
                }
            };
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(write));
        }
    };
    let conversion = convert(&pad.db, &NOTES, Layout::ByYear, at(NOW), 50, &mut report);
    // This keeps the tables from changing places.
    let mut holder = pad.db.begin_on_shared_rows();
    let hold = query("SELECT label FROM note_labels");
    holder.rows(hold).await.unwrap();
    let late = async {
        waiting(&pad.db, 1).await;
        let mut late = pin!(use_in_all_ways(&pad.db, owner, last));
        let is_over = tokio::select! {
            () = &mut late => true,
            () = waiting(&pad.db, 5) => false,
        };
        holder.commit().await.unwrap();
        if !is_over {
            late.await;
        }
    };
    let (converted, ()) = tokio::join!(conversion, late);
    converted.unwrap();
}
