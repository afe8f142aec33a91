//! The figures as the tasks themselves give them, for whoever has not been counted yet.

use duly_db::{Conn, Query, Row, query};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{ByStatus, Day, tally};
use crate::id::UserId;
use crate::tasks::Status;
use crate::{Error, Result};

/// Counts the tasks of each status, and fills in the days from an instant on.
pub(super) async fn count(
    conn: &mut Conn,
    owner: UserId,
    zone: &TimeZone,
    since: Timestamp,
    per_day: &mut [Day],
) -> Result<ByStatus> {
    let queries = vec![
        statuses(owner),
        instants(owner, "completed_at", since),
        instants(owner, "created_at", since),
    ];
    let answers = conn.snapshot(queries).await?;
    let [statuses, completed, created] = answers.as_slice() else {
        return Err(Error::Internal("three questions have three answers".into()));
    };
    for row in completed {
        tally(per_day, zone, row.get("instant")?, |day| day.completed += 1);
    }
    for row in created {
        tally(per_day, zone, row.get("instant")?, |day| day.created += 1);
    }
    read_statuses(statuses)
}

fn statuses(owner: UserId) -> Query {
    query(
        "SELECT status, COUNT(*) AS tasks FROM tasks \
         WHERE user_id = ?1 AND deleted_at IS NULL GROUP BY status",
    )
    .bind(owner)
}

/// The days are counted here and not in SQL: engines differ in how they know time zones.
fn instants(owner: UserId, column: &'static str, since: Timestamp) -> Query {
    query(format!(
        "SELECT {column} AS instant FROM tasks \
         WHERE user_id = ?1 AND {column} >= ?2 AND deleted_at IS NULL"
    ))
    .bind(owner)
    .bind(since)
}

fn read_statuses(rows: &[Row]) -> Result<ByStatus> {
    let mut by_status = ByStatus::default();
    for row in rows {
        *by_status.of(row.get::<Status>("status")?) = row.get("tasks")?;
    }
    Ok(by_status)
}
