//! The figures as they are kept: one row of totals for each user, and one for each quarter of an hour in which a task
//! was written down or completed.

use std::collections::BTreeMap;

use duly_db::{Query, Row, query};
use jiff::Timestamp;

use super::ByStatus;
use crate::id::UserId;
use crate::{Error, Result};

/// In seconds. The clocks of all time zones differ from UTC by quarters of an hour.
pub(super) const QUARTER: u32 = 900;

/// Stands for the quarter in the row of totals, after every real one.
pub(super) const TOTALS: i64 = i64::MAX;

/// The quarter that an instant lies in.
pub(super) fn quarter_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(i64::from(QUARTER))
}

/// When a quarter begins.
pub(super) fn start_of(quarter: i64) -> Result<Timestamp> {
    let seconds = quarter.saturating_mul(i64::from(QUARTER));
    Timestamp::from_second(seconds).map_err(|error| Error::Internal(error.to_string()))
}

/// What happened in a quarter of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Quarter {
    pub(super) created: i64,
    pub(super) completed: i64,
}

/// The figures of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// Whether they are complete.
    pub(super) is_counted: bool,
    pub(super) by_status: ByStatus,
    /// Those in which anything happened.
    pub(super) quarters: BTreeMap<i64, Quarter>,
}

const COLUMNS: &str = "user_id, quarter, counted, pending, in_progress, completed, created";

/// The figures of one user from the quarter on that an instant lies in.
pub(super) fn of_one(user: UserId, since: Timestamp) -> Query {
    query(format!(
        "SELECT {COLUMNS} FROM task_counts WHERE user_id = ?1 AND quarter >= ?2"
    ))
    .bind(user)
    .bind(quarter_of(since))
}

/// The same of all users from one to another, both included.
pub(super) fn of_range((first, last): (UserId, UserId), since: Timestamp) -> Query {
    query(format!(
        "SELECT {COLUMNS} FROM task_counts WHERE user_id >= ?1 AND user_id <= ?2 AND quarter >= ?3"
    ))
    .bind(first)
    .bind(last)
    .bind(quarter_of(since))
}

/// Reads the answer.
pub(super) fn read(rows: &[Row]) -> Result<BTreeMap<UserId, Kept>> {
    let mut found: BTreeMap<UserId, Kept> = BTreeMap::new();
    for row in rows {
        let kept = found.entry(row.get("user_id")?).or_default();
        let number: i64 = row.get("quarter")?;
        if number == TOTALS {
            kept.is_counted = row.get("counted")?;
            kept.by_status = ByStatus {
                pending: row.get("pending")?,
                in_progress: row.get("in_progress")?,
                completed: row.get("completed")?,
            };
            continue;
        }
        let quarter = Quarter {
            created: row.get("created")?,
            completed: row.get("completed")?,
        };
        if quarter != Quarter::default() {
            kept.quarters.insert(number, quarter);
        }
    }
    Ok(found)
}
