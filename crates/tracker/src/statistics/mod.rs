//! Personal figures: what is open, what was done when.

use duly_db::{Conn, Query, Row, query};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::UserId;
use crate::tasks::Status;
use crate::{Error, Result};

/// How many days are shown one by one.
const DAYS: i32 = 30;

/// The figures of one person, judged in their time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Statistics {
    /// Tasks that are not completed.
    pub open: i64,
    /// Completed since midnight.
    pub completed_today: i64,
    /// Completed today and on the six days before.
    pub completed_7_days: i64,
    /// Completed today and on the 29 days before.
    pub completed_30_days: i64,
    /// Open, and the day or the time due has passed.
    pub overdue: i64,
    /// How many tasks have each status.
    pub by_status: ByStatus,
    /// The last 30 days, oldest first.
    pub per_day: Vec<Day>,
}

/// How many tasks have each status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ByStatus {
    /// Not begun.
    pub pending: i64,
    /// Begun.
    pub in_progress: i64,
    /// Done.
    pub completed: i64,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Day {
    /// Which.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// How many tasks were completed on it.
    pub completed: i64,
    /// How many were written down on it.
    pub created: i64,
}

/// The owner's figures. Tasks in the trash do not count.
///
/// # Errors
/// When the database fails.
pub async fn statistics(
    conn: &mut Conn,
    owner: UserId,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Statistics> {
    let now = zone.to_datetime(now);
    let first_day = now.date().saturating_sub(jiff::Span::new().days(DAYS - 1));
    let since = start_of(first_day, zone)?;
    let queries = vec![
        status_counts(owner),
        overdue_count(owner, now),
        instants(owner, "completed_at", since),
        instants(owner, "created_at", since),
    ];
    let answers = conn.snapshot(queries).await?;
    let [statuses, overdue, completed, created] = answers.as_slice() else {
        return Err(Error::Internal("four questions have four answers".into()));
    };
    let by_status = read_statuses(statuses)?;
    let mut per_day: Vec<Day> = first_day
        .series(jiff::Span::new().days(1))
        .take_while(|date| *date <= now.date())
        .map(|date| Day {
            date,
            completed: 0,
            created: 0,
        })
        .collect();
    tally(&mut per_day, completed, zone, |day| &mut day.completed)?;
    tally(&mut per_day, created, zone, |day| &mut day.created)?;
    let completed_in = |days: usize| {
        per_day
            .iter()
            .rev()
            .take(days)
            .map(|day| day.completed)
            .sum()
    };
    Ok(Statistics {
        open: by_status.pending + by_status.in_progress,
        completed_today: completed_in(1),
        completed_7_days: completed_in(7),
        completed_30_days: completed_in(30),
        overdue: overdue.first().map_or(Ok(0), |row| row.get("tasks"))?,
        by_status,
        per_day,
    })
}

fn start_of(day: Date, zone: &TimeZone) -> Result<Timestamp> {
    day.to_zoned(zone.clone())
        .map(|midnight| midnight.timestamp())
        .map_err(|error| Error::Internal(error.to_string()))
}

fn status_counts(owner: UserId) -> Query {
    query(
        "SELECT status, COUNT(*) AS tasks FROM tasks \
         WHERE user_id = ?1 AND deleted_at IS NULL GROUP BY status",
    )
    .bind(owner)
}

fn overdue_count(owner: UserId, now: DateTime) -> Query {
    query(
        "SELECT COUNT(*) AS tasks FROM tasks WHERE user_id = ?1 AND is_open = TRUE \
         AND due_date <= ?2 AND (due_date < ?2 OR due_minute < ?3)",
    )
    .bind(owner)
    .bind(now.date())
    .bind(i64::from(now.hour()) * 60 + i64::from(now.minute()))
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
        let tasks = row.get("tasks")?;
        match row.get("status")? {
            Status::Pending => by_status.pending = tasks,
            Status::InProgress => by_status.in_progress = tasks,
            Status::Completed => by_status.completed = tasks,
        }
    }
    Ok(by_status)
}

fn tally(
    days: &mut [Day],
    rows: &[Row],
    zone: &TimeZone,
    count: impl Fn(&mut Day) -> &mut i64,
) -> Result<()> {
    for row in rows {
        let date = zone.to_datetime(row.get("instant")?).date();
        if let Ok(index) = days.binary_search_by_key(&date, |day| day.date)
            && let Some(day) = days.get_mut(index)
        {
            *count(day) += 1;
        }
    }
    Ok(())
}
