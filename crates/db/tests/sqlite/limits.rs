use std::time::Duration;

use duly_db::{Error, query};

use crate::fixture::{Notes, endless_read, endless_write, ids, insert};

async fn quick() -> Notes {
    Notes::with(|options| {
        options.readers = 1;
        options.statement_timeout = Duration::from_millis(30);
        options.wait_timeout = Duration::from_millis(150);
    })
    .await
}

#[tokio::test]
async fn an_endless_read_is_stopped() {
    let notes = quick().await;
    let error = notes.read_fresh().rows(endless_read()).await.unwrap_err();
    assert!(matches!(error, Error::Timeout), "{error:?}");
    let snapshot = vec![query("SELECT 1 AS one"), endless_read()];
    assert!(matches!(
        notes.read_fresh().snapshot(snapshot).await,
        Err(Error::Timeout)
    ));
    notes.write(1).await.unwrap();
    assert_eq!(ids(&mut notes.read_fresh()).await, [1]);
}

#[tokio::test]
async fn an_endless_statement_of_a_transaction_is_stopped() {
    let notes = quick().await;
    let mut reading = notes.begin();
    reading.execute(insert(1)).await.unwrap();
    assert!(matches!(
        reading.rows(endless_read()).await,
        Err(Error::Timeout)
    ));
    reading.commit().await.unwrap();
    let mut writing = notes.begin();
    writing.execute(insert(2)).await.unwrap();
    assert!(matches!(
        writing.execute(endless_write()).await,
        Err(Error::Timeout)
    ));
    assert!(matches!(
        writing.commit().await,
        Err(Error::IdleTransaction)
    ));
    notes.write(3).await.unwrap();
    assert_eq!(ids(&mut notes.read_fresh()).await, [1, 3]);
}

#[tokio::test]
async fn another_process_that_writes_makes_us_busy_but_not_hang() {
    let notes = quick().await;
    let other = rusqlite::Connection::open(notes.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (first, second) = tokio::join!(notes.write(1), notes.write(2));
    assert!(matches!(first, Err(Error::Busy)), "{first:?}");
    assert!(matches!(second, Err(Error::Busy)), "{second:?}");
    assert_eq!(
        ids(&mut notes.read_fresh()).await,
        [0_i64; 0],
        "reads go on"
    );
    other
        .execute_batch("INSERT INTO notes (id, text) VALUES (7, 'theirs'); COMMIT")
        .unwrap();
    notes.write(3).await.unwrap();
    assert_eq!(ids(&mut notes.read_fresh()).await, [3, 7]);
}

#[tokio::test]
async fn a_reader_that_is_not_free_in_time_is_busy() {
    let notes = Notes::with(|options| {
        options.readers = 1;
        options.statement_timeout = Duration::from_millis(200);
        options.wait_timeout = Duration::from_millis(100);
    })
    .await;
    let mut conns = [notes.read_fresh(), notes.read_fresh(), notes.read_fresh()];
    let [first, second, third] = &mut conns;
    let (first, _, third) = tokio::join!(
        first.rows(endless_read()),
        second.rows(endless_read()),
        third.rows(query("SELECT 1 AS one"))
    );
    assert!(
        matches!(first, Err(Error::Timeout | Error::Busy)),
        "{first:?}"
    );
    assert!(matches!(third, Err(Error::Busy)), "{third:?}");
}

/// The write-ahead log does not grow with the database's use, also while it is read all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_small() {
    let notes = Notes::new().await;
    let reading: Vec<_> = (0..4)
        .map(|_| {
            let mut conn = notes.read_fresh();
            tokio::spawn(async move {
                loop {
                    conn.rows(query("SELECT COUNT(*) AS total FROM notes"))
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    let text = "x".repeat(100_000);
    for _ in 0..600 {
        let mut tx = notes.begin();
        let replace = query("INSERT OR REPLACE INTO notes (id, text) VALUES (1, ?1)");
        tx.execute(replace.bind(text.as_str())).await.unwrap();
        tx.commit().await.unwrap();
    }
    reading.iter().for_each(|reader| reader.abort());
    let log = std::fs::metadata(notes.folder().join("notes.db-wal"))
        .unwrap()
        .len();
    assert!(
        log < 32 << 20,
        "60 MB were written, the log has {log} bytes"
    );
}
