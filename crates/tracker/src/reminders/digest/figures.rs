//! The figures of somebody's week.

use duly_db::{Conn, FromRow, Query, Row, query};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::super::store::{self, DueTask};
use crate::id::UserId;
use crate::{Error, Result};

/// How many completed tasks are named.
const NAMED: u32 = 10;

/// What a person has to know of their week.
pub(super) struct Week {
    /// How many tasks were completed within seven days.
    pub(super) completed: u32,
    /// The titles of some of them, the newest first.
    pub(super) titles: Vec<String>,
    /// How many were completed within 28 days.
    pub(super) completed_28_days: u32,
    /// How many are open.
    pub(super) open: u32,
    /// How many of them were due before today.
    pub(super) overdue: u32,
    /// Open tasks due today and in the six days after, in their order.
    pub(super) due: Vec<DueTask>,
}

impl Week {
    /// Whether there is nothing to tell of it.
    pub(super) fn is_empty(&self) -> bool {
        self.completed == 0 && self.overdue == 0 && self.due.is_empty()
    }
}

pub(super) async fn week(
    conn: &mut Conn,
    user: UserId,
    today: Date,
    now: Timestamp,
) -> Result<Week> {
    let days_ago = |days: i64| {
        let ago = SignedDuration::from_hours(days * 24);
        now.checked_sub(ago).unwrap_or(Timestamp::MIN)
    };
    let titles = query(
        "SELECT title FROM tasks WHERE user_id = ?1 AND completed_at >= ?2 \
         AND deleted_at IS NULL ORDER BY completed_at DESC, id LIMIT ?3",
    );
    let open = query("SELECT COUNT(*) AS tasks FROM tasks WHERE user_id = ?1 AND is_open = ?2");
    let overdue = query(
        "SELECT COUNT(*) AS tasks FROM tasks WHERE user_id = ?1 AND is_open = ?2 AND due_date < ?3",
    );
    let queries = vec![
        completed(user, days_ago(7)),
        completed(user, days_ago(28)),
        titles.bind(user).bind(days_ago(7)).bind(NAMED),
        open.bind(user).bind(true),
        overdue.bind(user).bind(true).bind(today),
    ];
    let answers = conn.snapshot(queries).await?;
    let [week, month, titles, open, overdue] = answers.as_slice() else {
        return Err(Error::Internal("five questions have five answers".into()));
    };
    let due = store::due_between(conn, user, today, today.saturating_add(6.days())).await?;
    Ok(Week {
        completed: count(week)?,
        completed_28_days: count(month)?,
        titles: titles
            .iter()
            .map(|row| row.get("title"))
            .collect::<duly_db::Result<_>>()?,
        open: count(open)?,
        overdue: count(overdue)?,
        due,
    })
}

fn completed(user: UserId, since: Timestamp) -> Query {
    let statement = query(
        "SELECT COUNT(*) AS tasks FROM tasks WHERE user_id = ?1 AND completed_at >= ?2 \
         AND deleted_at IS NULL",
    );
    statement.bind(user).bind(since)
}

struct Count(u32);

impl FromRow for Count {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        row.get("tasks").map(Count)
    }
}

fn count(rows: &[Row]) -> Result<u32> {
    Ok(rows.first().map_or(Ok(Count(0)), Count::from_row)?.0)
}
