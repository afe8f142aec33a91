use std::collections::BTreeSet;
use std::time::Duration;

use duly_db::{Error, query};
use tokio::task::JoinSet;

use crate::fixture::{Notes, endless_write, ids, insert};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_share_an_fsync() {
    let notes = Notes::new().await;
    let before = notes.counters();
    let mut writers = JoinSet::new();
    for writer in 0..64 {
        let db = (*notes).clone();
        writers.spawn(async move {
            for number in 0..10 {
                let mut tx = db.begin();
                tx.execute(insert(writer * 10 + number)).await.unwrap();
                tx.commit().await.unwrap();
            }
        });
    }
    while let Some(joined) = writers.join_next().await {
        joined.unwrap();
    }
    let after = notes.counters();
    let transactions = after.transactions - before.transactions;
    let groups = after.group_commits - before.group_commits;
    assert_eq!(transactions, 640);
    assert!(
        groups * 4 < transactions,
        "{groups} commits for {transactions} transactions"
    );
    assert_eq!(
        ids(&mut notes.read_fresh()).await,
        (0..640).collect::<Vec<_>>()
    );
}

/// Every third transaction fails after a change of its own, every third is dropped; whoever
/// shares a group with them is not harmed, and nothing of them is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_transaction_rolls_back_alone() {
    let notes = Notes::new().await;
    notes.write(-1).await.unwrap();
    let before = notes.counters();
    let mut writers = JoinSet::new();
    for id in 0..300_i64 {
        let db = (*notes).clone();
        writers.spawn(async move {
            let mut tx = db.begin();
            tx.execute(insert(id)).await.unwrap();
            match id % 3 {
                0 => tx.commit().await.map(|()| Some(id)),
                1 => tx.execute(insert(-1)).await.map(|_| None),
                _ => Ok(None),
            }
        });
    }
    let mut kept = BTreeSet::from([-1]);
    while let Some(joined) = writers.join_next().await {
        match joined.unwrap() {
            Ok(id) => kept.extend(id),
            Err(error) => assert!(error.is_unique("notes_pkey"), "{error:?}"),
        }
    }
    assert_eq!(kept.len(), 101);
    assert_eq!(
        ids(&mut notes.read_fresh()).await,
        kept.into_iter().collect::<Vec<_>>()
    );
    let after = notes.counters();
    assert_eq!(after.transactions - before.transactions, 100);
    assert!(
        after.group_commits - before.group_commits < 100,
        "some shared a group"
    );
}

/// SQLite rolls back everything when it stops a change. Neighbours that had not been acknowledged
/// are told to try again, and what they are told is true.
#[tokio::test]
async fn a_stopped_change_takes_only_unacknowledged_neighbours_along() {
    let notes = Notes::with(|options| options.statement_timeout = Duration::from_millis(30)).await;
    let mut kept = Vec::new();
    for id in 0..10 {
        let mut neighbour = notes.begin();
        neighbour.execute(insert(id)).await.unwrap();
        let mut slow = notes.begin();
        let (committed, stopped) = tokio::join!(neighbour.commit(), slow.execute(endless_write()));
        assert!(matches!(stopped, Err(Error::Timeout)), "{stopped:?}");
        assert!(matches!(
            slow.execute(insert(1000)).await,
            Err(Error::IdleTransaction)
        ));
        assert!(matches!(slow.commit().await, Err(Error::IdleTransaction)));
        match committed {
            Ok(()) => kept.push(id),
            Err(error) => assert!(matches!(error, Error::Busy), "{error:?}"),
        }
        notes.write(100 + id).await.unwrap();
    }
    kept.extend(100..110);
    assert_eq!(ids(&mut notes.read_fresh()).await, kept);
}

#[tokio::test]
async fn a_full_disk_is_told_and_survived() {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    tx.rows(query("PRAGMA max_page_count = 20")).await.unwrap();
    tx.commit().await.unwrap();
    let mut kept = Vec::new();
    let mut refused = 0;
    for id in 0..40 {
        let mut tx = notes.begin();
        let large = query("INSERT INTO notes (id, text) VALUES (?1, ?2)");
        let outcome = match tx.execute(large.bind(id).bind("x".repeat(4_000))).await {
            Ok(_) => tx.commit().await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => kept.push(id),
            Err(error) => {
                assert!(matches!(error, Error::ReadOnly(_)), "{error:?}");
                assert!(error.is_transient());
                refused += 1;
            }
        }
    }
    assert!(
        refused > 20 && kept.len() > 10,
        "{refused} refused, {} kept",
        kept.len()
    );
    assert_eq!(ids(&mut notes.read_fresh()).await, kept, "reads go on");
    let mut tx = notes.begin();
    tx.rows(query("PRAGMA max_page_count = 1000000"))
        .await
        .unwrap();
    tx.execute(insert(1000)).await.unwrap();
    tx.commit().await.unwrap();
    kept.push(1000);
    assert_eq!(ids(&mut notes.read_fresh()).await, kept);
    assert_eq!(notes.problems().await.unwrap(), Vec::<String>::new());
}
