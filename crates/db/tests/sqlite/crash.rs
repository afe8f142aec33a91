//! A process that writes is killed at a moment of its own choosing, again and again.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use duly_db::random::{Random, SystemRandom};
use duly_db::{Db, Options, query};

use crate::fixture::insert;

/// Names the database for the process that is going to be killed.
const FILE: &str = "DULY_DB_CRASH_FILE";
const ROUNDS: i64 = 10;
const ROUND: i64 = 1_000_000;

/// Writes until it is killed and says of each row that it was acknowledged; does nothing when
/// it is run as an ordinary test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_until_killed() {
    let Some(path) = std::env::var_os(FILE) else {
        return;
    };
    let db = Db::open(Options::file(path)).await.unwrap();
    let newest = query("SELECT COALESCE(MAX(id), 0) AS newest FROM notes");
    let row = db.read_fresh().optional_row(newest).await.unwrap().unwrap();
    let first = (row.get::<i64>("newest").unwrap() / ROUND + 1) * ROUND;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let db = db.clone();
            tokio::spawn(async move {
                for number in 0.. {
                    let id = first + number * 8 + writer;
                    let mut tx = db.begin();
                    tx.execute(insert(id)).await.unwrap();
                    tx.commit().await.unwrap();
                    std::io::stdout()
                        .write_all(format!("\nkept {id}\n").as_bytes())
                        .unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

fn start_writing(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::writes_until_killed", "--nocapture"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills the writer when it has said so many lines, and collects what it had acknowledged.
fn kill_after(mut writer: Child, rows: usize) -> BTreeSet<i64> {
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut acknowledged = BTreeSet::new();
    for line in lines {
        if let Some(id) = line.unwrap().strip_prefix("kept ") {
            acknowledged.insert(id.parse().unwrap());
        }
        if acknowledged.len() == rows {
            writer.kill().unwrap();
        }
    }
    writer.wait().unwrap();
    acknowledged
}

#[tokio::test]
async fn kill_nine_loses_no_acknowledged_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crash.db");
    let db = Db::open(Options::file(&path)).await.unwrap();
    let mut tx = db.begin();
    let table = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT";
    tx.execute(query(table)).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        let mut byte = [0];
        SystemRandom.fill(&mut byte);
        // Up to three checkpoints' worth of rows, so that kills fall into checkpoints as well.
        let rows = 1 + usize::from(byte[0]) * 4;
        let writer = start_writing(&path);
        let kept = tokio::task::spawn_blocking(move || kill_after(writer, rows))
            .await
            .unwrap();
        assert!(
            kept.len() >= rows,
            "round {round}: the writer ended by itself"
        );
        acknowledged.extend(kept);
        let db = Db::open(Options::file(&path)).await.unwrap();
        let rows = db
            .read_fresh()
            .rows(query("SELECT id FROM notes"))
            .await
            .unwrap();
        let found: BTreeSet<i64> = rows.iter().map(|row| row.get("id").unwrap()).collect();
        let lost: Vec<_> = acknowledged.difference(&found).collect();
        assert!(
            lost.is_empty(),
            "round {round}: {lost:?} were acknowledged and are lost"
        );
        assert_eq!(db.problems().await.unwrap(), Vec::<String>::new());
        if round % 2 == 0 {
            db.close().await;
        }
    }
}
