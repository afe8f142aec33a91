//! Whether the figures of the statistics were found to be right.

use duly_db::Db;
use duly_tracker::statistics::{LastRecount, last_recount};
use jiff::{SignedDuration, Timestamp};

use super::report::{Finding, Report, fail, fine, warn};
use crate::start;

/// Somebody recounts every night.
const OVERDUE: SignedDuration = SignedDuration::from_hours(2 * 24);

pub(super) async fn look(report: &mut Report, db: &Db) {
    report.add(
        "statistics",
        match last_recount(&mut db.read_fresh()).await {
            Ok(Some(last)) => told(&last, start::now()),
            Ok(None) => fine("not recounted yet; the worker does it at 03:15 UTC"),
            Err(error) => fail(error.to_string(), "see the other lines about the database"),
        },
    );
}

fn told(last: &LastRecount, now: Timestamp) -> Finding {
    let LastRecount {
        started_at,
        ended_at,
        users,
        filled,
        differences,
    } = last;
    let when = started_at.strftime("%Y-%m-%d %H:%M UTC");
    let state = match ended_at {
        Some(_) => "recounted",
        None => "being recounted since",
    };
    let new = match filled {
        0 => String::new(),
        filled => format!(", {filled} of them for the first time"),
    };
    let text = format!("{state} {when}: {users} users{new}, {differences} wrong figures put right");
    let is_overdue = now.duration_since(*started_at) > OVERDUE;
    match (*differences, is_overdue) {
        (0, false) => fine(text),
        (0, true) => warn(
            format!("{text}; no worker has recounted since"),
            "look whether a worker and a scheduler run",
        ),
        _ => warn(text, "see the log of that time for whose they were"),
    }
}
