//! Prints how much CPU a read costs this process: one row by its key, and a list of 15 rows, on
//! the engine that `DULY_TEST_DATABASE_URL` names.
//!
//! `cargo run --release -p duly-db --all-features --example read_cost`

#![expect(
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

use std::error::Error;
use std::time::{Duration, Instant};

use duly_db::migrate::{Migration, MigrationSet};
use duly_db::testing::TestDatabase;
use duly_db::{Db, FromRow, Row, query};

const OWNERS: i64 = 1_000;
const ROWS_PER_OWNER: i64 = 15;
const READS: i64 = 100_000;

const ITEMS: MigrationSet = MigrationSet {
    owner: "items",
    migrations: &[Migration {
        name: "0001_items",
        sqlite: "CREATE TABLE items (owner INTEGER NOT NULL, number INTEGER NOT NULL, \
                 title TEXT NOT NULL, description TEXT NOT NULL, status TEXT NOT NULL, \
                 due_date TEXT NOT NULL, due_time TEXT, priority INTEGER NOT NULL, \
                 created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, \
                 version INTEGER NOT NULL, PRIMARY KEY (owner, number)) STRICT, WITHOUT ROWID;\n",
        postgres: "CREATE TABLE items (owner bigint NOT NULL, number bigint NOT NULL, \
                   title text NOT NULL, description text NOT NULL, status text NOT NULL, \
                   due_date date NOT NULL, due_time text, priority bigint NOT NULL, \
                   created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, \
                   version bigint NOT NULL, PRIMARY KEY (owner, number));\n",
        mysql: "CREATE TABLE items (owner BIGINT NOT NULL, number BIGINT NOT NULL, \
                title VARCHAR(500) NOT NULL, description TEXT NOT NULL, \
                status VARCHAR(20) NOT NULL, due_date DATE NOT NULL, due_time VARCHAR(5), \
                priority BIGINT NOT NULL, created_at DATETIME(6) NOT NULL, \
                updated_at DATETIME(6) NOT NULL, version BIGINT NOT NULL, \
                PRIMARY KEY (owner, number)) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;\n",
    }],
};

/// Ten columns, like a task in a list.
struct Item {
    title: String,
    number: i64,
}

impl FromRow for Item {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        let _: String = row.get("description")?;
        let _: String = row.get("status")?;
        let _: jiff::civil::Date = row.get("due_date")?;
        let _: Option<String> = row.get("due_time")?;
        let _: i64 = row.get("priority")?;
        let _: jiff::Timestamp = row.get("created_at")?;
        let _: jiff::Timestamp = row.get("updated_at")?;
        let _: i64 = row.get("version")?;
        Ok(Item {
            title: row.get("title")?,
            number: row.get("number")?,
        })
    }
}

const COLUMNS: &str = "owner, number, title, description, status, due_date, due_time, priority, \
                       created_at, updated_at, version";

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let db = TestDatabase::new(&[ITEMS]).await;
    fill(&db).await?;
    for in_flight in [1, 8, 64] {
        let one = cost(&db, in_flight, one_row).await?;
        let list = cost(&db, in_flight, list_of_rows).await?;
        println!("{in_flight:2} in flight: one row {one}, 15 rows {list}");
    }
    Ok(())
}

async fn fill(db: &Db) -> Result<(), duly_db::Error> {
    let mut tx = db.begin();
    for owner in 0..OWNERS {
        for number in 0..ROWS_PER_OWNER {
            let row = query(format!(
                "INSERT INTO items ({COLUMNS}) \
                 VALUES (?1, ?2, 'Water the plants', 'all of them', 'pending', '2026-11-24', NULL, 2, ?3, ?3, 1)"
            ));
            tx.execute(
                row.bind(owner)
                    .bind(number)
                    .bind(jiff::Timestamp::UNIX_EPOCH),
            )
            .await?;
        }
    }
    tx.commit().await
}

async fn one_row(db: Db, number: i64) -> Result<usize, duly_db::Error> {
    let statement = query(format!(
        "SELECT {COLUMNS} FROM items WHERE owner = ?1 AND number = ?2"
    ));
    let owner = number * 7 % OWNERS;
    let item: Option<Item> = db
        .read_fresh()
        .optional(statement.bind(owner).bind(number % ROWS_PER_OWNER))
        .await?;
    Ok(item.map_or(0, |item| item.title.len()))
}

async fn list_of_rows(db: Db, number: i64) -> Result<usize, duly_db::Error> {
    let statement = query(format!(
        "SELECT {COLUMNS} FROM items WHERE owner = ?1 ORDER BY number LIMIT 15"
    ));
    let items: Vec<Item> = db
        .read_fresh()
        .all(statement.bind(number * 7 % OWNERS))
        .await?;
    Ok(items.iter().filter(|item| item.number >= 0).count())
}

/// Runs `READS` reads and says what each cost.
async fn cost<F>(
    db: &Db,
    in_flight: i64,
    read: impl Fn(Db, i64) -> F + Copy + Send + 'static,
) -> Result<String, Box<dyn Error>>
where
    F: Future<Output = Result<usize, duly_db::Error>> + Send,
{
    let (before, started) = (cpu_time()?, Instant::now());
    let clients: Vec<_> = (0..in_flight)
        .map(|client| {
            let db = db.clone();
            tokio::spawn(async move {
                for number in 0..READS / in_flight {
                    read(db.clone(), number + client).await?;
                }
                Ok::<_, duly_db::Error>(())
            })
        })
        .collect();
    for client in clients {
        client.await??;
    }
    let cpu = (cpu_time()? - before).as_secs_f64() * 1e6 / 1e5;
    let per_second = 1e5 / started.elapsed().as_secs_f64();
    Ok(format!("{cpu:5.1} µs CPU ({per_second:6.0}/s)"))
}

/// User and system time of this process, in steps of 10 ms (`man 5 proc`).
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse().unwrap_or(0_u64))
        .sum();
    Ok(Duration::from_millis(ticks * 10))
}
