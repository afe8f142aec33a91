use std::collections::HashSet;
use std::time::Duration;

use duly_db::{Engine, Error, query};

use crate::fixture::{Notes, ids, insert, rewrite};

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
    assert_eq!(notes.ids().await, [0_i64; 0], "nobody else does");
    tx.commit().await.unwrap();
    assert_eq!(notes.ids().await, [1]);
}

#[tokio::test]
async fn a_dropped_handle_is_rolled_back() {
    let notes = Notes::new().await;
    for _ in 0..10 {
        let mut tx = notes.begin();
        tx.execute(insert(1)).await.unwrap();
    }
    notes.write(2).await.unwrap();
    assert_eq!(notes.ids().await, [2]);
}

#[tokio::test]
async fn a_handle_without_statements_holds_nobody_up() {
    let notes = Notes::with(|options| {
        options.connections = 2;
        options.idle_timeout = Duration::from_secs(60);
    })
    .await;
    let mut first = notes.begin();
    let empty = [notes.begin(), notes.begin(), notes.begin()];
    notes.write(2).await.unwrap();
    first.execute(insert(1)).await.unwrap();
    first.commit().await.unwrap();
    for empty in empty {
        empty.commit().await.unwrap();
    }
    assert_eq!(notes.ids().await, [1, 2]);
}

#[tokio::test]
async fn an_idle_transaction_is_rolled_back_and_says_so() {
    let notes = Notes::with(|options| options.idle_timeout = Duration::from_secs(1)).await;
    notes.write(1).await.unwrap();
    let mut forgotten = notes.begin();
    forgotten.execute(rewrite(1, "forgotten")).await.unwrap();
    let mut silent = notes.begin();
    // Its turn comes when the server, or the writer, has ended the forgotten one.
    silent.execute(rewrite(1, "silent")).await.unwrap();
    let mut tx = notes.begin();
    tx.execute(rewrite(1, "kept")).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..2 {
        let error = forgotten.execute(insert(3)).await.unwrap_err();
        assert!(matches!(error, Error::IdleTransaction), "{error:?}");
    }
    for ended in [forgotten, silent] {
        let ended = ended.commit().await;
        assert!(matches!(ended, Err(Error::IdleTransaction)), "{ended:?}");
    }
    let kept = query("SELECT text FROM notes");
    let row = notes.read_fresh().optional_row(kept).await.unwrap();
    assert_eq!(row.unwrap().get::<String>("text").unwrap(), "kept");
}

/// SQLite would go on, but nothing that has to run everywhere may count on it.
#[tokio::test]
async fn on_a_server_a_failed_statement_ends_the_transaction() {
    let Some(notes) = Notes::on_server(|_| {}).await else {
        return;
    };
    let mut tx = notes.begin();
    tx.execute(insert(1)).await.unwrap();
    let two_rows = query("INSERT INTO notes (id, text) VALUES (2, 'a'), (1, 'b')");
    for statement in [two_rows, insert(3)] {
        let error = tx.execute(statement).await.unwrap_err();
        assert!(
            error.is_unique("notes_pkey"),
            "the first failure: {error:?}"
        );
    }
    assert!(tx.commit().await.unwrap_err().is_unique("notes_pkey"));
    notes.write(4).await.unwrap();
    assert_eq!(notes.ids().await, [4]);
}

/// PostgreSQL has begun it before it locks what goes with it.
#[tokio::test]
async fn a_transaction_that_could_not_begin_leaves_its_connection_usable() {
    let Some(notes) = Notes::on_server(|options| {
        options.connections = 2;
        options.wait_timeout = Duration::from_secs(2);
        options.idle_timeout = Duration::from_secs(30);
    })
    .await
    else {
        return;
    };
    if notes.engine() != Engine::Postgres {
        return;
    }
    let mut other = notes.begin_on_shared_rows();
    let lock = query("LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE");
    other.execute(lock).await.unwrap();
    let refused = notes.write(1).await.unwrap_err();
    assert!(matches!(refused, Error::Busy), "{refused}");
    assert!(notes.ids().await.is_empty());
    other.commit().await.unwrap();
    notes.write(1).await.unwrap();
    assert_eq!(notes.ids().await, [1]);
}

#[tokio::test]
async fn deferred_changes_travel_with_the_next_step() {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    tx.defer(insert(1));
    tx.defer(insert(2).expecting(1));
    tx.commit().await.unwrap();
    let mut tx = notes.begin();
    tx.defer(insert(3));
    assert_eq!(
        ids(&mut tx).await,
        [1, 2, 3],
        "they run before what follows"
    );
    drop(tx);
    assert_eq!(notes.ids().await, [1, 2]);
}

#[tokio::test]
async fn a_deferred_change_that_fails_ends_the_transaction() {
    let notes = Notes::new().await;
    notes.write(1).await.unwrap();
    let mut tx = notes.begin();
    tx.execute(insert(2)).await.unwrap();
    tx.defer(insert(1));
    assert!(tx.commit().await.unwrap_err().is_unique("notes_pkey"));
    let mut tx = notes.begin();
    tx.execute(insert(3)).await.unwrap();
    tx.defer(insert(1));
    let failed = tx.execute(insert(4)).await;
    assert!(failed.unwrap_err().is_unique("notes_pkey"));
    assert!(tx.commit().await.is_err());
    assert_eq!(notes.ids().await, [1], "nothing of them is kept");
}

#[tokio::test]
async fn a_change_is_held_to_the_rows_it_promised() {
    let notes = Notes::new().await;
    notes.write(1).await.unwrap();
    let missing = || rewrite(99, "x");
    let mut tx = notes.begin();
    tx.execute(insert(2)).await.unwrap();
    tx.defer(missing());
    assert!(matches!(tx.commit().await, Err(Error::Other(_))));
    let mut tx = notes.begin();
    assert!(matches!(tx.execute(missing()).await, Err(Error::Other(_))));
    drop(tx);
    // A row that is found counts, whether or not it is any different afterwards.
    let mut tx = notes.begin();
    tx.execute(rewrite(1, "Water the plants")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(notes.ids().await, [1]);
}

#[tokio::test]
async fn a_change_needs_a_transaction() {
    let notes = Notes::new().await;
    notes.write(1).await.unwrap();
    let mut conn = notes.read_fresh();
    let changes = [
        insert(2),
        insert(2).brief(),
        rewrite(1, "x"),
        query("DELETE FROM notes"),
    ];
    for change in changes {
        let executed = conn.execute(change.clone()).await;
        assert!(matches!(executed, Err(Error::ReadOnly(_))), "{executed:?}");
        let asked = conn.rows(change.clone()).await;
        assert!(matches!(asked, Err(Error::ReadOnly(_))), "{asked:?}");
        let asked = conn.snapshot(vec![change]).await;
        assert!(matches!(asked, Err(Error::ReadOnly(_))), "{asked:?}");
    }
    assert_eq!(ids(&mut conn).await, [1]);
}

/// One of two notes is "here" and the other "there"; they are swapped all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_reads_are_one_snapshot() {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    for (id, text) in [(1_i64, "here 0"), (2, "there 0")] {
        let row = query("INSERT INTO notes (id, text) VALUES (?1, ?2)");
        tx.execute(row.bind(id).bind(text)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let db = (*notes).clone();
    let moving = tokio::spawn(async move {
        for round in 1_i64.. {
            let (one, two) = match round % 2 {
                0 => ("here", "there"),
                _ => ("there", "here"),
            };
            let mut tx = db.begin();
            for (id, place) in [(1, one), (2, two)] {
                let text = format!("{place} {round}");
                tx.execute(rewrite(id, &text)).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
    });
    let mut rounds = HashSet::new();
    while rounds.len() < 100 {
        let queries = [1_i64, 2].map(|id| query("SELECT text FROM notes WHERE id = ?1").bind(id));
        let answers = notes.read_fresh().snapshot(queries.to_vec()).await.unwrap();
        let mut seen: Vec<String> = answers
            .iter()
            .map(|rows| rows.first().unwrap().get("text").unwrap())
            .collect();
        seen.sort();
        let [here, there] = <[String; 2]>::try_from(seen).unwrap();
        let round = here.strip_prefix("here ").unwrap().to_owned();
        assert_eq!(there, format!("there {round}"));
        rounds.insert(round);
    }
    moving.abort();
}

#[tokio::test]
async fn a_failed_snapshot_leaves_its_reader_usable() {
    let notes = Notes::with(|options| {
        options.readers = 1;
        options.connections = 2;
    })
    .await;
    for _ in 0..3 {
        let bad = vec![
            query("SELECT 1 AS one"),
            query("SELECT nothing FROM nowhere"),
        ];
        assert!(notes.read_fresh().snapshot(bad).await.is_err());
    }
    assert_eq!(
        notes.read_fresh().snapshot(Vec::new()).await.unwrap().len(),
        0
    );
    notes.write(1).await.unwrap();
    assert_eq!(notes.ids().await, [1]);
}

#[tokio::test]
async fn counters_count() {
    let notes = Notes::new().await;
    let before = notes.counters();
    notes.write(1).await.unwrap();
    notes.ids().await;
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
    let round_trips = match notes.engine() {
        // Execute, commit, rows, snapshot.
        Engine::Sqlite => 4,
        // Each statement is one, and so is beginning: three of the change, one, four.
        Engine::Postgres | Engine::MariaDb | Engine::MySql => 8,
    };
    assert_eq!(after.round_trips - before.round_trips, round_trips);
    assert_eq!(after.transactions - before.transactions, 1);
    assert_eq!(after.group_commits - before.group_commits, 1);
}

#[tokio::test]
async fn brief_reads_see_every_commit() {
    let notes = Notes::new().await;
    notes.write(1).await.unwrap();
    let brief = || query("SELECT id FROM notes ORDER BY id").brief();
    let mut conn = notes.read_fresh();
    assert_eq!(conn.rows(brief()).await.unwrap().len(), 1);
    notes.write(2).await.unwrap();
    assert_eq!(conn.rows(brief()).await.unwrap().len(), 2);
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
    (*notes).clone().close().await;
    for _ in 0..2 {
        let written = notes.write(2).await;
        assert!(matches!(written, Err(Error::Unavailable(_))), "{written:?}");
        let read = notes.read_fresh().rows(query("SELECT 1 AS one")).await;
        assert!(matches!(read, Err(Error::Unavailable(_))), "{read:?}");
        (*notes).clone().close().await;
    }
}
