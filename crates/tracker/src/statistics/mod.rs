//! Personal figures: what is open, what was done when.
//!
//! They are counted where tasks change ([`counts`]), in the same transaction, and counted anew every night
//! ([`recount`]). Only what is overdue is asked for: it changes without any write.

pub(crate) mod counts;
mod kept;
mod live;
mod recount;

use duly_db::{Conn, Query, query};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::UserId;
use crate::tasks::Status;
use crate::{Error, Result};

pub(crate) use counts::{Changes, start};
pub use recount::{LastRecount, RecountStatistics, last_recount};

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

impl ByStatus {
    /// The number of one status.
    fn of(&mut self, status: Status) -> &mut i64 {
        match status {
            Status::Pending => &mut self.pending,
            Status::InProgress => &mut self.in_progress,
            Status::Completed => &mut self.completed,
        }
    }
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
    let mut per_day: Vec<Day> = first_day
        .series(jiff::Span::new().days(1))
        .take_while(|date| *date <= now.date())
        .map(|date| Day {
            date,
            completed: 0,
            created: 0,
        })
        .collect();
    let queries = vec![kept::of_one(owner, since), overdue_count(owner, now)];
    let answers = conn.snapshot(queries).await?;
    let [kept, overdue] = answers.as_slice() else {
        return Err(Error::Internal("two questions have two answers".into()));
    };
    let by_status = match kept::read(kept)?.remove(&owner) {
        Some(kept) if kept.is_counted => {
            for (number, quarter) in kept.quarters {
                tally(&mut per_day, zone, kept::start_of(number)?, |day| {
                    day.created += quarter.created;
                    day.completed += quarter.completed;
                });
            }
            kept.by_status
        }
        _ => live::count(conn, owner, zone, since, &mut per_day).await?,
    };
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

fn overdue_count(owner: UserId, now: DateTime) -> Query {
    query(
        "SELECT COUNT(*) AS tasks FROM tasks WHERE user_id = ?1 AND is_open = TRUE \
         AND due_date <= ?2 AND (due_date < ?2 OR due_minute < ?3)",
    )
    .bind(owner)
    .bind(now.date())
    .bind(i64::from(now.hour()) * 60 + i64::from(now.minute()))
}

/// Counts something on the day that an instant lies on, if it is one of those shown.
fn tally(days: &mut [Day], zone: &TimeZone, at: Timestamp, count: impl FnOnce(&mut Day)) {
    let date = zone.to_datetime(at).date();
    if let Ok(index) = days.binary_search_by_key(&date, |day| day.date)
        && let Some(day) = days.get_mut(index)
    {
        count(day);
    }
}
