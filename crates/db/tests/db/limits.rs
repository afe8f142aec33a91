use std::time::{Duration, Instant};

use duly_db::{Error, query};

use crate::fixture::{Notes, endless, insert};

async fn quick() -> Notes {
    Notes::with(|options| {
        options.readers = 1;
        options.connections = 2;
        options.statement_timeout = Duration::from_millis(200);
    })
    .await
}

#[tokio::test]
async fn an_endless_read_is_stopped() {
    let notes = quick().await;
    let started = Instant::now();
    let error = notes
        .read_fresh()
        .rows(endless(notes.engine()))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Timeout), "{error:?}");
    let snapshot = vec![query("SELECT 1 AS one"), endless(notes.engine())];
    assert!(matches!(
        notes.read_fresh().snapshot(snapshot).await,
        Err(Error::Timeout)
    ));
    assert!(started.elapsed() < Duration::from_secs(5));
    notes.write(1).await.unwrap();
    assert_eq!(notes.ids().await, [1]);
}

#[tokio::test]
async fn an_endless_statement_of_a_transaction_is_stopped() {
    let notes = quick().await;
    let mut tx = notes.begin();
    tx.execute(insert(1)).await.unwrap();
    let stopped = tx.rows(endless(notes.engine())).await;
    assert!(matches!(stopped, Err(Error::Timeout)), "{stopped:?}");
    drop(tx);
    notes.write(2).await.unwrap();
    assert_eq!(notes.ids().await, [2]);
}

#[tokio::test]
async fn waiting_for_somebody_elses_change_ends() {
    let notes = Notes::with(|options| {
        options.wait_timeout = Duration::from_secs(1);
        options.statement_timeout = Duration::from_secs(2);
        options.idle_timeout = Duration::from_secs(30);
    })
    .await;
    let mut first = notes.begin();
    first.execute(insert(1)).await.unwrap();
    let started = Instant::now();
    let waited = notes.write(1).await;
    assert!(matches!(waited, Err(Error::Busy)), "{waited:?}");
    let elapsed = started.elapsed();
    assert!(
        (Duration::from_millis(900)..Duration::from_secs(5)).contains(&elapsed),
        "{elapsed:?}"
    );
    first.commit().await.unwrap();
    assert_eq!(notes.ids().await, [1]);
}
