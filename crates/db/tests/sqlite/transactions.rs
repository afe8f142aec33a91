use std::time::Duration;

use duly_db::{Error, query};

use crate::fixture::{Notes, ids, insert};

#[tokio::test]
async fn an_idle_handle_is_rolled_back_in_time() {
    let notes = Notes::with(|options| options.idle_timeout = Duration::from_millis(20)).await;
    let mut forgotten = notes.begin();
    forgotten.execute(insert(1)).await.unwrap();
    notes.write(1).await.unwrap();
    assert!(matches!(
        forgotten.commit().await,
        Err(Error::IdleTransaction)
    ));
    assert_eq!(ids(&mut notes.read_fresh()).await, [1]);
}

#[tokio::test]
async fn a_failed_statement_leaves_nothing_of_itself() {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    tx.execute(insert(1)).await.unwrap();
    let two_rows = query("INSERT INTO notes (id, text) VALUES (2, 'a'), (1, 'b')");
    let failed = tx.execute(two_rows).await;
    assert!(failed.unwrap_err().is_unique("notes_pkey"));
    tx.commit().await.unwrap();
    assert_eq!(ids(&mut notes.read_fresh()).await, [1]);
}

#[tokio::test]
async fn deferred_changes_cost_no_round_trip() {
    let notes = Notes::new().await;
    let before = notes.counters().round_trips;
    let mut tx = notes.begin();
    tx.defer(insert(1));
    tx.defer(insert(2));
    tx.commit().await.unwrap();
    assert_eq!(notes.counters().round_trips - before, 1);
}

#[tokio::test]
async fn unique_indexes_on_expressions_are_named_by_their_own_name() {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    let index = "CREATE UNIQUE INDEX notes_lower_text_key ON notes (LOWER(text))";
    tx.execute(query(index)).await.unwrap();
    tx.execute(insert(1)).await.unwrap();
    let error = tx.execute(insert(2)).await.unwrap_err();
    assert!(error.is_unique("notes_lower_text_key"), "{error:?}");
}

#[tokio::test]
async fn closing_writes_the_log_back_and_ends_what_is_open() {
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
}
