//! Files on disk, of any length.

mod arrival;
mod refusals;

use std::fs::File;
use std::io::{Seek as _, Write as _};

use duly_tracker::testing::{TestTracker, by};
use duly_tracker::transfer::{self, LARGEST_FILE, Options, Report, ReportRow, Step};
use duly_tracker::{Result, UserId};
use serde_json::{Value, json};

use crate::berlin;

const KEEP_GOING: Options = Options {
    format: None,
    dry_run: false,
    keep_going: true,
};

fn on_disk(content: impl AsRef<[u8]>) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content.as_ref()).unwrap();
    file.rewind().unwrap();
    file
}

/// Makes a file too large to be read into memory, with blanks that mean nothing.
fn large(content: &str) -> String {
    let blanks = " ".repeat(LARGEST_FILE / 2);
    format!("{blanks}{content}\n{blanks}")
}

/// Imports a file from disk; answers what was told of its rows, too.
async fn import_file(
    tracker: &TestTracker,
    owner: UserId,
    content: impl AsRef<[u8]>,
    options: Options,
) -> Result<(Report, Vec<ReportRow>)> {
    let mut rows = Vec::new();
    let tell = |step: Step<'_>| {
        if let Step::Row(row) = step {
            rows.push(row.clone());
        }
    };
    let file = on_disk(content);
    let report = transfer::import_file(tracker, &by(owner), &berlin(), file, options, tell).await?;
    assert_eq!(report.rows, []);
    assert_eq!(report.total, rows.len());
    Ok((report, rows))
}

/// A document of Duly with an entry per task.
fn document(tasks: impl IntoIterator<Item = Value>) -> String {
    let tasks: Vec<Value> = tasks.into_iter().collect();
    json!({"format": "duly", "version": 1, "tasks": tasks}).to_string()
}

fn task(number: u32) -> Value {
    let id = uuid::Uuid::from_u128(0x7000_8000_0000_0000_0000 + u128::from(number));
    json!({"id": id, "title": format!("Task {number:06}"), "created_at": "2026-01-01T00:00:00Z"})
}
