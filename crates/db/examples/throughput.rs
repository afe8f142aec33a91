//! Prints how many durable transactions per second many writers of SQLite get, and how many share
//! an fsync.
//!
//! `cargo run --release -p duly-db --example throughput [FOLDER]`

#![expect(
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

use std::error::Error;
use std::time::{Duration, Instant};

use duly_db::{Db, Options, query};

const SECONDS: u64 = 3;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = match std::env::args_os().nth(1) {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir_in(".")?,
    };
    let db = Db::open(Options::file(folder.path().join("throughput.db"))).await?;
    let mut tx = db.begin();
    tx.execute(query(
        "CREATE TABLE notes (writer INTEGER NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL, \
         PRIMARY KEY (writer, number)) STRICT, WITHOUT ROWID",
    ))
    .await?;
    tx.commit().await?;
    for writers in [1, 8, 64] {
        measure(&db, writers).await?;
    }
    db.close().await;
    Ok(())
}

async fn measure(db: &Db, writers: i64) -> Result<(), Box<dyn Error>> {
    let (before, started) = (db.counters(), Instant::now());
    let tasks: Vec<_> = (0..writers)
        .map(|writer| tokio::spawn(write(db.clone(), writers * 1_000 + writer, started)))
        .collect();
    for task in tasks {
        task.await??;
    }
    let (after, seconds) = (db.counters(), started.elapsed().as_secs());
    let commits = after.transactions - before.transactions;
    let groups = (after.group_commits - before.group_commits).max(1);
    println!(
        "{writers:2} writers: {:6} transactions/s, {:3} per fsync, {:5} fsyncs/s",
        commits / seconds,
        commits / groups,
        groups / seconds
    );
    Ok(())
}

async fn write(db: Db, writer: i64, started: Instant) -> Result<(), duly_db::Error> {
    let mut number = 0_i64;
    while started.elapsed() < Duration::from_secs(SECONDS) {
        let mut tx = db.begin();
        let note = query("INSERT INTO notes (writer, number, text) VALUES (?1, ?2, ?3)");
        tx.execute(note.bind(writer).bind(number).bind("Water the plants"))
            .await?;
        tx.commit().await?;
        number += 1;
    }
    Ok(())
}
