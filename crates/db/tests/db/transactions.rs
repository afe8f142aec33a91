use std::time::Duration;

use duly_db::{Error, query};

use crate::fixture::{Notes, ids, insert};

#[tokio::test]
async fn a_commit_is_seen_by_everyone() {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    assert_eq!(tx.execute(insert(1)).await.unwrap(), 1);
    assert_eq!(
        ids(&mut tx).await,
        [1],
        "a transaction sees its own changes"
    );
    assert_eq!(
        ids(&mut notes.read_fresh()).await,
        [0_i64; 0],
        "nobody else does"
    );
    tx.commit().await.unwrap();
    assert_eq!(ids(&mut notes.read_fresh()).await, [1]);
}

#[tokio::test]
async fn a_dropped_handle_is_rolled_back() {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    tx.execute(insert(1)).await.unwrap();
    drop(tx);
    notes.write(2).await.unwrap();
    assert_eq!(ids(&mut notes.read_fresh()).await, [2]);
}

#[tokio::test]
async fn a_handle_without_statements_holds_nobody_up() {
    let notes = Notes::with(|options| options.idle_timeout = Duration::from_secs(3600)).await;
    let mut first = notes.begin();
    let empty = notes.begin();
    notes.write(2).await.unwrap();
    first.execute(insert(1)).await.unwrap();
    first.commit().await.unwrap();
    empty.commit().await.unwrap();
    assert_eq!(ids(&mut notes.read_fresh()).await, [1, 2]);
}

#[tokio::test]
async fn an_idle_handle_is_rolled_back_and_says_so() {
    let notes = Notes::with(|options| options.idle_timeout = Duration::from_millis(20)).await;
    let mut forgotten = notes.begin();
    forgotten.execute(insert(1)).await.unwrap();
    let mut silent = notes.begin();
    // Their turn comes when the forgotten one has been rolled back.
    silent.execute(insert(1)).await.unwrap();
    notes.write(1).await.unwrap();
    for _ in 0..2 {
        let error = forgotten.execute(insert(3)).await.unwrap_err();
        assert!(matches!(error, Error::IdleTransaction), "{error:?}");
    }
    assert!(matches!(
        forgotten.commit().await,
        Err(Error::IdleTransaction)
    ));
    assert!(matches!(silent.commit().await, Err(Error::IdleTransaction)));
    assert_eq!(ids(&mut notes.read_fresh()).await, [1]);
}

#[tokio::test]
async fn a_failed_statement_leaves_nothing_of_itself() {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    tx.execute(insert(1)).await.unwrap();
    let two_rows = query("INSERT INTO notes (id, text) VALUES (2, 'a'), (1, 'b')");
    assert!(
        tx.execute(two_rows)
            .await
            .unwrap_err()
            .is_unique("notes_id_key")
    );
    tx.commit().await.unwrap();
    assert_eq!(ids(&mut notes.read_fresh()).await, [1]);
}

#[tokio::test]
async fn deferred_changes_travel_with_the_next_step() {
    let notes = Notes::new().await;
    let before = notes.counters().round_trips;
    let mut tx = notes.begin();
    tx.defer(insert(1));
    tx.defer(insert(2).expecting(1));
    tx.commit().await.unwrap();
    assert_eq!(notes.counters().round_trips - before, 1);
    let mut tx = notes.begin();
    tx.defer(insert(3));
    assert_eq!(
        ids(&mut tx).await,
        [1, 2, 3],
        "they run before what follows"
    );
    drop(tx);
    assert_eq!(ids(&mut notes.read_fresh()).await, [1, 2]);
}

#[tokio::test]
async fn a_deferred_change_that_fails_ends_the_transaction() {
    let notes = Notes::new().await;
    notes.write(1).await.unwrap();
    let mut tx = notes.begin();
    tx.execute(insert(2)).await.unwrap();
    tx.defer(insert(1));
    assert!(tx.commit().await.unwrap_err().is_unique("notes_id_key"));
    let mut tx = notes.begin();
    tx.execute(insert(3)).await.unwrap();
    tx.defer(insert(1));
    let failed = tx.execute(insert(4)).await;
    assert!(failed.unwrap_err().is_unique("notes_id_key"));
    assert!(matches!(tx.commit().await, Err(Error::IdleTransaction)));
    let mut tx = notes.begin();
    tx.execute(insert(5)).await.unwrap();
    tx.defer(query("UPDATE notes SET text = 'x' WHERE id = 99").expecting(1));
    assert!(matches!(tx.commit().await, Err(Error::Other(_))));
    assert_eq!(
        ids(&mut notes.read_fresh()).await,
        [1],
        "nothing of them is kept"
    );
}

#[tokio::test]
async fn a_change_needs_a_transaction() {
    let notes = Notes::new().await;
    let mut conn = notes.read_fresh();
    assert!(matches!(
        conn.execute(insert(1)).await,
        Err(Error::ReadOnly(_))
    ));
    assert!(matches!(
        conn.rows(insert(1)).await,
        Err(Error::ReadOnly(_))
    ));
    assert_eq!(ids(&mut conn).await, [0_i64; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_reads_are_one_snapshot() {
    let notes = Notes::with(|options| options.durability = duly_db::Durability::None).await;
    let mut tx = notes.begin();
    tx.execute(query(
        "CREATE TABLE pots (name TEXT PRIMARY KEY, coins INTEGER NOT NULL) STRICT",
    ))
    .await
    .unwrap();
    tx.execute(query(
        "INSERT INTO pots (name, coins) VALUES ('left', 500), ('right', 500)",
    ))
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let db = (*notes).clone();
    let moving = tokio::spawn(async move {
        loop {
            for step in [
                "coins - 1 WHERE name = 'left'",
                "coins + 1 WHERE name = 'right'",
            ] {
                let mut tx = db.begin();
                tx.execute(query(format!("UPDATE pots SET coins = {step}")))
                    .await
                    .unwrap();
                let other = if step.contains("left") {
                    "coins + 1 WHERE name = 'right'"
                } else {
                    "coins - 1 WHERE name = 'left'"
                };
                tx.execute(query(format!("UPDATE pots SET coins = {other}")))
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
            }
        }
    });
    let mut seen = std::collections::HashSet::new();
    while seen.len() < 200 {
        let queries = ["left", "right"]
            .map(|name| query("SELECT coins FROM pots WHERE name = ?1").bind(name));
        let answers = notes.read_fresh().snapshot(queries.to_vec()).await.unwrap();
        let coins: Vec<i64> = answers
            .iter()
            .map(|rows| rows.first().unwrap().get("coins").unwrap())
            .collect();
        assert_eq!(coins.iter().sum::<i64>(), 1000);
        seen.insert(coins);
    }
    moving.abort();
}

#[tokio::test]
async fn a_failed_snapshot_leaves_its_reader_usable() {
    let notes = Notes::with(|options| options.readers = 1).await;
    let bad = vec![
        query("SELECT 1 AS one"),
        query("SELECT nothing FROM nowhere"),
    ];
    assert!(notes.read_fresh().snapshot(bad).await.is_err());
    assert_eq!(
        notes.read_fresh().snapshot(Vec::new()).await.unwrap().len(),
        0
    );
    notes.write(1).await.unwrap();
    assert_eq!(ids(&mut notes.read_fresh()).await, [1]);
}

#[tokio::test]
async fn counters_count() {
    let notes = Notes::new().await;
    let before = notes.counters();
    notes.write(1).await.unwrap();
    ids(&mut notes.read_fresh()).await;
    notes
        .read_fresh()
        .snapshot(vec![query("SELECT 1 AS one"), query("SELECT 2 AS two")])
        .await
        .unwrap();
    drop(notes.begin());
    let after = notes.counters();
    assert_eq!(
        after.statements - before.statements,
        4,
        "insert, select, two in a snapshot"
    );
    assert_eq!(
        after.round_trips - before.round_trips,
        4,
        "execute, commit, rows, snapshot"
    );
    assert_eq!(after.transactions - before.transactions, 1);
    assert_eq!(after.group_commits - before.group_commits, 1);
}

#[tokio::test]
async fn brief_reads_see_every_commit_and_change_nothing() {
    let notes = Notes::new().await;
    notes.write(1).await.unwrap();
    let brief = || query("SELECT id FROM notes ORDER BY id").brief();
    let mut conn = notes.read_fresh();
    assert_eq!(conn.rows(brief()).await.unwrap().len(), 1);
    notes.write(2).await.unwrap();
    assert_eq!(conn.rows(brief()).await.unwrap().len(), 2);
    let change = query("INSERT INTO notes (id, text) VALUES (3, 'x')").brief();
    assert!(matches!(conn.rows(change).await, Err(Error::ReadOnly(_))));
    let before = notes.counters();
    conn.rows(brief()).await.unwrap();
    let after = notes.counters();
    assert_eq!(after.statements - before.statements, 1);
    assert_eq!(after.round_trips - before.round_trips, 1);
}

#[tokio::test]
async fn a_closed_database_says_so() {
    let notes = Notes::new().await;
    notes.write(1).await.unwrap();
    let mut open = notes.begin();
    (*notes).clone().close().await;
    assert!(
        !notes.folder().join("notes.db-wal").exists(),
        "the log is in the file"
    );
    assert!(matches!(
        open.execute(insert(2)).await,
        Err(Error::Unavailable(_))
    ));
    assert!(matches!(notes.write(2).await, Err(Error::Unavailable(_))));
    let read = notes.read_fresh().rows(query("SELECT 1 AS one")).await;
    assert!(matches!(read, Err(Error::Unavailable(_))), "{read:?}");
    (*notes).clone().close().await;
}
