//! The SQL of planning for many people at once.

use std::collections::{HashMap, HashSet};

use duly_db::{Conn, FromRow, Query, Result, Row, Tx, dialect, placeholders, query};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::id::UserId;
use crate::notifications::ledger::Promise;
use crate::notifications::{Kind, State};
use crate::reminders::budget;
use crate::reminders::store::{DueAt, DueTask, NO_MINUTE, RECIPIENT, Recipient, Schedule, TASK};
use crate::tasks::DueTime;

/// Lists of people are filled up to one of these lengths, so that there are few statements. The last is a crowd.
const LENGTHS: [usize; 4] = [4, 16, 64, 128];

/// How long a list of so many people is in a statement.
fn length(users: &[UserId]) -> usize {
    let fitting = LENGTHS.into_iter().find(|&length| length >= users.len());
    fitting.unwrap_or(users.len())
}

/// A statement with the people from the given parameter on; those before it are bound already.
fn about(first: usize, users: &[UserId], text: impl FnOnce(&str) -> String) -> Query {
    query(text(&placeholders(first, length(users))))
}

fn bind(statement: Query, users: &[UserId]) -> Query {
    let filled = users.iter().chain(users.iter().cycle()).take(length(users));
    statement.bind_all(filled.copied())
}

/// The schedules of these people, locked for the transaction in the order of their ids.
pub(super) async fn lock_schedules(tx: &mut Tx, users: &[UserId]) -> Result<Vec<Schedule>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let lock = dialect::for_update(tx.engine());
    let statement = about(1, users, |list| {
        format!(
            "SELECT user_id, next_run, last_day FROM reminder_schedules \
             WHERE user_id IN ({list}) ORDER BY user_id{lock}"
        )
    });
    tx.all(bind(statement, users)).await
}

pub(super) async fn recipients(
    conn: &mut Conn,
    users: &[UserId],
) -> Result<HashMap<UserId, Recipient>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = about(1, users, |list| {
        format!("SELECT {RECIPIENT} FROM users WHERE id IN ({list})")
    });
    let found: Vec<Recipient> = conn.all(bind(statement, users)).await?;
    let found = found.into_iter().map(|one| (one.user, one));
    Ok(found.collect())
}

/// Open tasks of these people due from one day to another; nothing when they have more than `most`.
pub(super) async fn due(
    conn: &mut Conn,
    users: &[UserId],
    (first, last): (Date, Date),
    most: u32,
) -> Result<Option<HashMap<UserId, Vec<DueTask>>>> {
    let statement = about(5, users, |list| {
        format!(
            "SELECT user_id, {TASK} FROM tasks WHERE user_id IN ({list}) AND is_open = ?1 \
             AND due_date >= ?2 AND due_date <= ?3 \
             ORDER BY user_id, due_date, due_minute, id LIMIT ?4"
        )
    });
    let statement = statement
        .bind(true)
        .bind(first)
        .bind(last)
        .bind(most.saturating_add(1));
    let rows = conn.rows(bind(statement, users)).await?;
    if u32::try_from(rows.len()).is_ok_and(|count| count > most) {
        return Ok(None);
    }
    let mut tasks: HashMap<UserId, Vec<DueTask>> = HashMap::new();
    for row in &rows {
        let own = tasks.entry(row.get("user_id")?).or_default();
        own.push(DueTask::from_row(row)?);
    }
    Ok(Some(tasks))
}

/// Those of these people who have something to be said in the overdue mail of a day.
pub(super) async fn overdue(conn: &mut Conn, users: &[UserId], today: Date) -> Result<Vec<UserId>> {
    let statement = about(4, users, |list| {
        format!(
            "SELECT id FROM users WHERE id IN ({list}) AND EXISTS (SELECT 1 FROM tasks \
             WHERE tasks.user_id = users.id AND is_open = ?1 AND due_date < ?2 AND muted = ?3 \
             AND (snoozed_until IS NULL OR snoozed_until <= ?2))"
        )
    });
    let statement = statement.bind(true).bind(today).bind(false);
    let rows = conn.rows(bind(statement, users)).await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// When open tasks of these people are due that have a time of day, from two days before `last` until four after
/// it, and the highest priority of them.
pub(super) async fn times(
    conn: &mut Conn,
    users: &[UserId],
    last: Option<Date>,
) -> Result<HashMap<UserId, Vec<DueAt>>> {
    let Some(last) = last.filter(|_| !users.is_empty()) else {
        return Ok(HashMap::new());
    };
    let statement = about(5, users, |list| {
        format!(
            "SELECT user_id, due_date, due_minute, MAX(priority) AS priority FROM tasks \
             WHERE user_id IN ({list}) AND is_open = ?1 AND due_date >= ?2 AND due_date <= ?3 \
             AND due_minute < ?4 GROUP BY user_id, due_date, due_minute"
        )
    });
    let statement = statement
        .bind(true)
        .bind(last.saturating_sub(3.days()))
        .bind(last.saturating_add(4.days()))
        .bind(NO_MINUTE);
    let mut found: HashMap<UserId, Vec<DueAt>> = HashMap::new();
    for row in &conn.rows(bind(statement, users)).await? {
        if let Some(time) = DueTime::from_minute(row.get("due_minute")?) {
            found.entry(row.get("user_id")?).or_default().push(DueAt {
                date: row.get("due_date")?,
                time: time.0,
                priority: row.get("priority")?,
            });
        }
    }
    Ok(found)
}

/// What people have been promised lately.
#[derive(Default)]
pub(super) struct Told {
    promises: HashSet<(UserId, Promise)>,
    cancelled: HashSet<(UserId, Promise)>,
}

impl Told {
    /// What has been promised since then.
    pub(super) async fn read(conn: &mut Conn, users: &[UserId], since: Timestamp) -> Result<Self> {
        let mut told = Told::default();
        if users.is_empty() {
            return Ok(told);
        }
        // Ids rise with the time at which they were made. What is promised now is about no day before, either: so
        // only one or two months are looked into.
        let day = jiff::tz::TimeZone::UTC.to_datetime(since).date();
        let statement = about(3, users, |list| {
            format!(
                "SELECT user_id, kind, task_id, slot, state FROM notifications \
                 WHERE user_id IN ({list}) AND id >= ?1 AND slot >= ?2"
            )
        });
        let statement = statement
            .bind(budget::first_id(since))
            .bind(day.to_string());
        for row in &conn.rows(bind(statement, users)).await? {
            let (user, promise, state) = promise(row)?;
            if state == State::Cancelled {
                told.cancelled.insert((user, promise.clone()));
            }
            told.promises.insert((user, promise));
        }
        Ok(told)
    }

    pub(super) fn knows(&self, user: UserId, promise: &Promise) -> bool {
        self.promises.contains(&(user, promise.clone()))
    }

    /// Whether it was promised and taken back.
    pub(super) fn is_cancelled(&self, user: UserId, promise: &Promise) -> bool {
        self.cancelled.contains(&(user, promise.clone()))
    }
}

fn promise(row: &Row) -> Result<(UserId, Promise, State)> {
    let kind: Kind = row.get("kind")?;
    let promise = Promise {
        kind,
        task: row.get("task_id")?,
        slot: row.get("slot")?,
    };
    Ok((row.get("user_id")?, promise, row.get("state")?))
}

/// Sets the next run of people for whom it is the same.
pub(super) async fn update_schedules(
    tx: &mut Tx,
    users: &[UserId],
    (next_run, last_day): (Timestamp, Date),
) -> Result<()> {
    let statement = about(3, users, |list| {
        format!(
            "UPDATE reminder_schedules SET next_run = ?1, last_day = ?2 WHERE user_id IN ({list})"
        )
    });
    let statement = statement.bind(next_run).bind(last_day);
    tx.execute(bind(statement, users)).await.map(|_| ())
}
