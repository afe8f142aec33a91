//! The pool of connections to a server. Of SQLite there is only one, in this process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use duly_db::clock::SystemClock;
use duly_db::diagnosis::diagnose_server;
use duly_db::{Clock as _, Db, Durability, Engine, Error, Location, Options, Query, query};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

use crate::fixture::{Notes, insert, write};

/// Counts warnings about slow connections.
#[derive(Clone, Default)]
struct Warnings(Arc<AtomicUsize>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Visit for Warnings {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        if format!("{value:?}").contains("waited long for a database connection") {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test]
async fn a_server_tells_of_its_connections_and_its_clock() {
    let notes = Notes::new().await;
    let before = SystemClock.now();
    let told = diagnose_server(&notes).await.unwrap();
    let Some(told) = told else {
        assert_eq!(notes.engine(), Engine::Sqlite);
        return;
    };
    let after = SystemClock.now();
    assert!(told.connections >= 10, "{told:?}");
    assert!((1..=told.connections).contains(&told.open), "{told:?}");
    // Both have the same clock here.
    assert!(
        (before..=after).contains(&told.now),
        "{before} {told:?} {after}"
    );
}

#[tokio::test]
async fn waiting_for_a_connection_is_warned_of_and_ends() {
    let Some(notes) = Notes::on_server(|options| {
        options.connections = 2;
        options.wait_timeout = Duration::from_millis(400);
        options.idle_timeout = Duration::from_secs(30);
    })
    .await
    else {
        return;
    };
    let warnings = Warnings::default();
    // While there is one listener only, whoever warns first on another thread settles for all threads that
    // nobody listens; with a second one everybody is asked.
    let _second = Dispatch::new(Warnings::default());
    let _listening = tracing::subscriber::set_default(warnings.clone());
    let mut holding = [notes.begin(), notes.begin()];
    for (id, tx) in (1..).zip(&mut holding) {
        tx.execute(insert(id)).await.unwrap();
    }
    let started = Instant::now();
    let read = notes.read_fresh().rows(query("SELECT 1 AS one")).await;
    assert!(matches!(read, Err(Error::Busy)), "{read:?}");
    let waited = started.elapsed();
    assert!((350..3_000).contains(&waited.as_millis()), "{waited:?}");
    assert_eq!(warnings.0.load(Ordering::Relaxed), 1);
    for tx in holding {
        tx.commit().await.unwrap();
    }
    assert_eq!(notes.ids().await, [1, 2]);
    assert_eq!(warnings.0.load(Ordering::Relaxed), 1);
}

/// Somebody else on the same server, who sees and ends what is connected to the database.
struct Outsider {
    elsewhere: Notes,
    database: String,
}

impl Outsider {
    async fn of(notes: &Notes) -> Self {
        let (_, database) = notes.url().rsplit_once('/').unwrap();
        Outsider {
            elsewhere: Notes::new().await,
            database: database.to_owned(),
        }
    }

    /// The connections to the database, those included that only look whether it is well.
    async fn connections(&self) -> BTreeSet<i64> {
        let list = query(match self.elsewhere.engine() {
            Engine::MariaDb | Engine::MySql => {
                "SELECT CAST(id AS SIGNED) AS id FROM information_schema.processlist \
                 WHERE db = ?1"
            }
            _ => "SELECT CAST(pid AS bigint) AS id FROM pg_stat_activity WHERE datname = ?1",
        });
        let list = list.bind(self.database.as_str());
        let rows = self.elsewhere.read_fresh().rows(list).await.unwrap();
        rows.iter().map(|row| row.get("id").unwrap()).collect()
    }

    /// Kills all connections and waits until they are gone; answers how many there were.
    async fn kill_all(&self) -> usize {
        let all = self.connections().await;
        for id in &all {
            let kill = match self.elsewhere.engine() {
                Engine::MariaDb | Engine::MySql => format!("KILL {id}"),
                _ => format!("SELECT pg_terminate_backend({id}) AS killed"),
            };
            // One may have gone by itself.
            let _ = self.elsewhere.read_fresh().rows(query(kill)).await;
        }
        while !self.connections().await.is_disjoint(&all) {
            tokio::task::yield_now().await;
        }
        all.len()
    }
}

/// Opens all connections the pool may have.
async fn fill(notes: &Notes, connections: usize) {
    let mut open = Vec::new();
    for _ in 0..connections {
        let mut tx = notes.begin();
        tx.rows(query("SELECT 1 AS one")).await.unwrap();
        open.push(tx);
    }
    for tx in open {
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn connections_killed_from_outside_are_replaced_unnoticed() {
    let Some(notes) = Notes::on_server(|options| {
        options.connections = 3;
        options.idle_timeout = Duration::from_secs(30);
    })
    .await
    else {
        return;
    };
    let killer = Outsider::of(&notes).await;
    fill(&notes, 3).await;
    assert!(killer.kill_all().await >= 3);
    assert_eq!(notes.ids().await, [0_i64; 0], "a read");
    fill(&notes, 3).await;
    assert!(killer.kill_all().await >= 3);
    notes.write(1).await.unwrap();
    fill(&notes, 3).await;
    assert!(killer.kill_all().await >= 3);
    let snapshot = vec![query("SELECT 1 AS one"), query("SELECT id FROM notes")];
    notes.read_fresh().snapshot(snapshot).await.unwrap();
    // Several at once, each on a connection that is dead.
    fill(&notes, 3).await;
    killer.kill_all().await;
    let (one, two, three) = tokio::join!(notes.write(2), notes.ids(), notes.write(3));
    one.unwrap();
    three.unwrap();
    assert!(two.contains(&1));
    fill(&notes, 3).await;
    assert_eq!(notes.ids().await, [1, 2, 3]);
}

/// What it has done is lost with its connection, so it has to know.
#[tokio::test]
async fn a_transaction_whose_connection_is_killed_is_told() {
    let Some(notes) = Notes::on_server(|options| {
        options.idle_timeout = Duration::from_secs(30);
    })
    .await
    else {
        return;
    };
    let killer = Outsider::of(&notes).await;
    for commits in [true, false] {
        let mut tx = notes.begin();
        tx.execute(insert(1)).await.unwrap();
        killer.kill_all().await;
        let told = match commits {
            true => tx.commit().await,
            false => tx.execute(insert(2)).await.map(|_| ()),
        };
        assert!(matches!(told, Err(Error::Unavailable(_))), "{told:?}");
    }
    notes.write(3).await.unwrap();
    assert_eq!(notes.ids().await, [3]);
}

#[tokio::test]
async fn closing_lets_go_of_the_server() {
    let Some(notes) = Notes::on_server(|_| {}).await else {
        return;
    };
    let other = Outsider::of(&notes).await;
    fill(&notes, 3).await;
    (*notes).clone().close().await;
    let started = Instant::now();
    while !other.connections().await.is_empty() {
        assert!(started.elapsed() < Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
}

/// A statement that takes a while.
fn slow(engine: Engine) -> Query {
    query(match engine {
        Engine::Sqlite | Engine::Postgres => "SELECT COUNT(*) AS total FROM pg_sleep(0.3)",
        Engine::MariaDb | Engine::MySql => "SELECT SLEEP(0.3) AS total",
    })
}

/// By what the server tells the connection from others.
async fn connection_id(db: &Db) -> i64 {
    let asked = query(match db.engine() {
        Engine::Sqlite | Engine::Postgres => "SELECT CAST(pg_backend_pid() AS bigint) AS id",
        Engine::MariaDb | Engine::MySql => "SELECT CAST(CONNECTION_ID() AS SIGNED) AS id",
    });
    let row = db.read_fresh().optional_row(asked).await.unwrap();
    row.unwrap().get("id").unwrap()
}

/// As the threads of connections do when a node is told to stop.
#[tokio::test]
async fn connections_outlive_the_runtimes_on_which_they_are_used() {
    let Some(notes) = Notes::on_server(|_| {}).await else {
        return;
    };
    // It has no connection yet.
    let mut options = Options::at(Location::parse(notes.url(), &[]).unwrap());
    options.connections = 1;
    options.durability = Durability::None;
    let fresh = Db::open(options).await.unwrap();
    let mut used = BTreeSet::new();
    for id in 1..=3 {
        let db = fresh.clone();
        let elsewhere = move || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_all().build().unwrap();
            runtime.block_on(async {
                write(&db, id).await.unwrap();
                let used = connection_id(&db).await;
                // Its runtime ends in the middle of this.
                let mut conn = db.read_fresh();
                let left = conn.rows(slow(db.engine()));
                let left = tokio::time::timeout(Duration::from_millis(50), left).await;
                assert!(left.is_err(), "it takes longer");
                used
            })
        };
        used.insert(tokio::task::spawn_blocking(elsewhere).await.unwrap());
        used.insert(connection_id(&fresh).await);
        let expected: Vec<i64> = (1..=id).collect();
        assert_eq!(notes.ids().await, expected);
    }
    assert_eq!(used.len(), 1, "one was given up: {used:?}");
}
