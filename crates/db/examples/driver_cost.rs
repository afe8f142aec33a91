//! What a read through this crate costs beside the bare driver: a prepared statement in a loop on
//! one connection. Prints
//! one JSON object per kind of read, with microseconds of CPU for each round.
//!
//! `cargo run --release -p duly-db --all-features --example driver_cost`, with
//! `DULY_TEST_DATABASE_URL` for the engines that are servers.

#![expect(
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

use std::error::Error;
use std::time::{Duration, Instant};

use duly_db::migrate::{Migration, MigrationSet};
use duly_db::testing::TestDatabase;
use duly_db::{Db, Engine, Row, query};
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Connection, Executor, Row as _};

type Failure = Box<dyn Error + Send + Sync>;

const OWNERS: i64 = 200;
const ROWS: i64 = 50;
const ROUNDS: usize = 5;

const TABLE: MigrationSet = MigrationSet {
    owner: "bench",
    migrations: &[Migration {
        name: "0001_items",
        sqlite: "CREATE TABLE items (owner INTEGER NOT NULL, number INTEGER NOT NULL, \
                 title TEXT NOT NULL, description TEXT NOT NULL, priority INTEGER NOT NULL, \
                 version INTEGER NOT NULL, PRIMARY KEY (owner, number)) STRICT, WITHOUT ROWID;\n",
        postgres: "CREATE TABLE items (owner bigint NOT NULL, number bigint NOT NULL, \
                   title text NOT NULL, description text NOT NULL, priority bigint NOT NULL, \
                   version bigint NOT NULL, PRIMARY KEY (owner, number));\n",
        mysql: "CREATE TABLE items (owner BIGINT NOT NULL, number BIGINT NOT NULL, \
                title TEXT NOT NULL, description TEXT NOT NULL, priority BIGINT NOT NULL, \
                version BIGINT NOT NULL, PRIMARY KEY (owner, number)) \
                DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n",
    }],
};

/// A read: its text with our parameters, and how many rows it answers.
#[derive(Clone, Copy)]
struct Read {
    name: &'static str,
    text: &'static str,
    parameters: usize,
    times: u32,
}

const READS: [Read; 2] = [
    Read {
        name: "get",
        text: "SELECT title, description, number, priority, version FROM items \
               WHERE owner = ?1 AND number = ?2",
        parameters: 2,
        times: 20_000,
    },
    Read {
        name: "list of 15",
        text: "SELECT title, description, number, priority, version FROM items \
               WHERE owner = ?1 ORDER BY number LIMIT 15",
        parameters: 1,
        times: 8_000,
    },
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let database = TestDatabase::new(&[TABLE]).await;
    fill(&database).await?;
    for read in READS {
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        // Alternating, so that whatever else the machine does falls on both.
        for _ in 0..ROUNDS {
            bare.push(bare_driver(&database, read).await?);
            ours.push(this_crate(&database, read).await?);
        }
        println!(
            "{{\"name\":\"{} {}\",\"bare\":{bare:?},\"ours\":{ours:?}}}",
            database.engine().name(),
            read.name
        );
    }
    Ok(())
}

async fn fill(db: &Db) -> Result<(), Failure> {
    let mut tx = db.begin();
    for owner in 0..OWNERS {
        let rows: Vec<String> = (0..ROWS)
            .map(|number| format!("({owner}, {number}, 'Water the plants', 'all of them', 2, 1)"))
            .collect();
        let insert = "INSERT INTO items (owner, number, title, description, priority, version)";
        tx.execute(query(format!("{insert} VALUES {}", rows.join(", "))))
            .await?;
    }
    Ok(tx.commit().await?)
}

/// Which rows the read of this number is about.
fn values(number: u32, parameters: usize) -> Vec<i64> {
    let number = i64::from(number);
    let all = [number * 7 % OWNERS, number % ROWS];
    all.into_iter().take(parameters).collect()
}

/// Microseconds of CPU per read through this crate.
async fn this_crate(db: &Db, read: Read) -> Result<f64, Failure> {
    let clock = Clock::start()?;
    for number in 0..read.times {
        let statement = query(read.text)
            .brief()
            .bind_all(values(number, read.parameters));
        let rows = db.read_fresh().rows(statement).await?;
        rows.iter().try_for_each(use_up)?;
    }
    clock.per(read.times)
}

fn use_up(row: &Row) -> Result<(), Failure> {
    let _: (String, String) = (row.get("title")?, row.get("description")?);
    let _: (i64, i64, i64) = (
        row.get("number")?,
        row.get("priority")?,
        row.get("version")?,
    );
    Ok(())
}

/// Microseconds of CPU per read with nothing but the driver.
async fn bare_driver(database: &TestDatabase, read: Read) -> Result<f64, Failure> {
    match database.engine() {
        Engine::Sqlite => bare_sqlite(database.url(), read),
        Engine::Postgres => bare_postgres(database.url(), read).await,
        Engine::MariaDb | Engine::MySql => bare_mysql(database.url(), read).await,
    }
}

fn bare_sqlite(url: &str, read: Read) -> Result<f64, Failure> {
    let connection = rusqlite::Connection::open(url.trim_start_matches("sqlite:"))?;
    let mut statement = connection.prepare(read.text)?;
    let clock = Clock::start()?;
    for number in 0..read.times {
        let values = values(number, read.parameters);
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let _: (String, String) = (row.get(0)?, row.get(1)?);
            let _: (i64, i64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
        }
    }
    clock.per(read.times)
}

/// The same loop for both drivers, which share no type.
macro_rules! bare_server {
    ($name:ident, $connection:ty, $text:expr) => {
        async fn $name(url: &str, read: Read) -> Result<f64, Failure> {
            let mut connection = <$connection>::connect(url).await?;
            let text: fn(&str) -> String = $text;
            let text = text(read.text);
            let clock = Clock::start()?;
            for number in 0..read.times {
                let mut statement = sqlx::query(AssertSqlSafe(text.clone()));
                for value in values(number, read.parameters) {
                    statement = statement.bind(value);
                }
                let mut rows = connection.fetch(statement);
                while let Some(row) = rows.try_next().await? {
                    let _: (String, String) = (row.try_get(0)?, row.try_get(1)?);
                    let _: (i64, i64, i64) = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
                }
            }
            clock.per(read.times)
        }
    };
}

bare_server!(bare_postgres, sqlx::PgConnection, |text| text
    .replace('?', "$"));
bare_server!(bare_mysql, sqlx::MySqlConnection, |text| text
    .replace("?1", "?")
    .replace("?2", "?"));

/// The CPU time of this process, all threads.
struct Clock {
    cpu: Duration,
    started: Instant,
}

impl Clock {
    fn start() -> Result<Self, Failure> {
        Ok(Clock {
            cpu: cpu_time()?,
            started: Instant::now(),
        })
    }

    fn per(&self, times: u32) -> Result<f64, Failure> {
        let used = (cpu_time()? - self.cpu).min(self.started.elapsed() * 64);
        Ok(used.as_secs_f64() * 1e6 / f64::from(times))
    }
}

/// Nanoseconds each thread has run, as Linux counts them.
fn cpu_time() -> Result<Duration, Failure> {
    let mut total = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        let nanoseconds: u64 = text.split(' ').next().unwrap_or_default().parse()?;
        total += nanoseconds;
    }
    Ok(Duration::from_nanos(total))
}
