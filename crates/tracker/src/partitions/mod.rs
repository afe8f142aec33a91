//! Tables that only grow: their months are made before they begin, and what is old goes.
//!
//! Where the engine has partitions a row that no month was made for lies in the partition of the
//! rest: that is slow and never ends by itself, so the operator is told.

use std::time::Duration;

use duly_db::Db;
use duly_db::partitions::{PartitionedTable, drop_older, make_ahead, rows_in_default, yearly};
use jiff::Timestamp;

use crate::{Result, Settings, Tracker, activity, notifications, tasks};

/// How many months are made before they begin. A node that was off for a quarter of a year still
/// finds its month.
const MONTHS_AHEAD: u16 = 3;

/// Every table that is made of months.
const MONTHLY: [PartitionedTable; 2] = [activity::BY_MONTH, notifications::BY_MONTH];

/// Rows that lie in the partition of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misplaced {
    /// In this table.
    pub table: &'static str,
    /// So many, or more when it is [`duly_db::partitions::MOST_COUNTED`].
    pub rows: u64,
}

/// Makes the months to come of every table, and the years of the tasks where those are partitioned.
/// Any number of nodes may do it at once.
///
/// # Errors
/// The first failure, after all tables have been tried.
pub async fn prepare(db: &Db, now: Timestamp) -> Result<()> {
    let mut outcome = Ok(());
    let monthly = MONTHLY.iter().map(|table| (table, MONTHS_AHEAD));
    let yearly = [(&tasks::BY_YEAR.table, yearly::YEARS_AHEAD)];
    for (table, ahead) in monthly.chain(yearly) {
        let made = make_ahead(db, table, now, ahead).await;
        outcome = outcome.and(told(table, made, "partitions could not be made"));
    }
    Ok(outcome?)
}

/// Makes what will be needed, drops what is older than the operator keeps it, and warns of rows
/// that no partition was made for.
///
/// # Errors
/// The first failure, after all tables have been tried.
pub async fn look_after(tracker: &Tracker) -> Result<()> {
    let now = tracker.clock.now();
    let prepared = prepare(&tracker.db, now).await;
    let mut outcome = Ok(());
    for (table, keep) in ages(&tracker.settings) {
        // Before the beginning of time there was nothing.
        let Ok(before) = now.checked_sub(keep) else {
            continue;
        };
        let dropped = drop_older(&tracker.db, &table, before).await;
        outcome = outcome.and(told(&table, dropped, "what is old could not be dropped"));
    }
    for Misplaced { table, rows } in misplaced(&tracker.db).await? {
        tracing::warn!(table, rows, "rows lie in the partition of the rest");
    }
    prepared?;
    Ok(outcome?)
}

/// How long each table's rows are kept.
fn ages(settings: &Settings) -> [(PartitionedTable, Duration); 2] {
    [
        (activity::BY_MONTH, settings.activity_keep),
        (notifications::BY_MONTH, settings.notifications_keep),
    ]
}

fn told<T: std::fmt::Debug>(
    table: &PartitionedTable,
    done: duly_db::Result<T>,
    otherwise: &str,
) -> duly_db::Result<()> {
    match done {
        Ok(done) => tracing::debug!(table = table.name, ?done, "looked after partitions"),
        Err(error) => {
            tracing::warn!(table = table.name, %error, "{otherwise}");
            return Err(error);
        }
    }
    Ok(())
}

/// The tables with rows that no partition was made for.
///
/// # Errors
/// When the database fails.
pub async fn misplaced(db: &Db) -> Result<Vec<Misplaced>> {
    let mut found = Vec::new();
    for table in MONTHLY.iter().chain([&tasks::BY_YEAR.table]) {
        let rows = rows_in_default(db, table).await?;
        if rows > 0 {
            found.push(Misplaced {
                table: table.name,
                rows,
            });
        }
    }
    Ok(found)
}
