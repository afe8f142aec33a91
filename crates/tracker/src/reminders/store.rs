//! The SQL of reminders: whom to look at, and which of their tasks matter.

use duly_db::{Conn, Engine, FromRow, Result, Row, Tx, Value, dialect, placeholders, query};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::actions::MailKind;
use super::times;
use crate::id::{TaskId, UserId};
use crate::tasks::{DueTime, Priority};
use crate::users::{Digest, Escalation, MailStopped, MailsADay, QuietHours, TimeZoneName};

/// Stands for "no time of day" in `due_minute`, after every real one.
pub(super) const NO_MINUTE: i64 = 1440;

/// What has to be known of a user to remind them.
#[derive(Debug, Clone)]
pub(super) struct Recipient {
    pub(super) user: UserId,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) zone: TimeZone,
    pub(super) minute: i64,
    pub(super) reminders: bool,
    pub(super) overdue_mail: bool,
    pub(super) digest: Digest,
    pub(super) escalation: Escalation,
    pub(super) quiet_hours: Option<QuietHours>,
    pub(super) mails_a_day: Option<MailsADay>,
    /// Whether mails came back.
    pub(super) is_stopped: bool,
    pub(super) created_at: Timestamp,
}

impl Recipient {
    /// Whether anything is sent at all.
    pub(super) fn is_mailed(&self) -> bool {
        self.reminders && !self.is_stopped
    }
}

impl FromRow for Recipient {
    fn from_row(row: &Row) -> Result<Self> {
        let zone: TimeZoneName = row.get("time_zone")?;
        Ok(Recipient {
            user: row.get("id")?,
            name: row.get("name")?,
            email: row.get("email")?,
            zone: zone.zone(),
            minute: row.get("reminder_minute")?,
            reminders: row.get("reminders")?,
            overdue_mail: row.get("overdue_mail")?,
            digest: Digest::from_row(row)?,
            escalation: row.get("escalation")?,
            quiet_hours: QuietHours::from_row(row)?,
            mails_a_day: row.get("mails_a_day")?,
            is_stopped: MailStopped::from_row(row)?.is_some(),
            created_at: row.get("created_at")?,
        })
    }
}

pub(super) const RECIPIENT: &str = "id, name, email, time_zone, reminder_minute, reminders, \
     overdue_mail, digest, digest_day, digest_hour, escalation, quiet_from, quiet_to, \
     mails_a_day, mail_stopped_at, mail_stopped_reason, created_at";

pub(super) async fn recipient(conn: &mut Conn, user: UserId) -> Result<Option<Recipient>> {
    let text = format!("SELECT {RECIPIENT} FROM users WHERE id = ?1");
    conn.optional(query(text).bind(user)).await
}

/// When a user is looked at next.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub(super) user: UserId,
    pub(super) next_run: Timestamp,
    pub(super) last_day: Date,
}

impl FromRow for Schedule {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Schedule {
            user: row.get("user_id")?,
            next_run: row.get("next_run")?,
            last_day: row.get("last_day")?,
        })
    }
}

pub(super) async fn schedule(conn: &mut Conn, user: UserId) -> Result<Option<Schedule>> {
    let statement =
        query("SELECT user_id, next_run, last_day FROM reminder_schedules WHERE user_id = ?1");
    conn.optional(statement.bind(user)).await
}

/// A user's schedule, locked for the transaction: whoever writes a task with a time of day waits,
/// so that no due time falls between looking at the tasks and setting the next run.
pub(super) async fn lock_schedule(
    tx: &mut Tx,
    engine: Engine,
    user: UserId,
) -> Result<Option<Schedule>> {
    let text = format!(
        "SELECT user_id, next_run, last_day FROM reminder_schedules WHERE user_id = ?1{}",
        dialect::for_update(engine)
    );
    tx.optional(query(text).bind(user)).await
}

/// Whether a schedule is due.
pub(super) async fn is_any_due(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    // In order, or PostgreSQL reads all of them: without knowing the time it takes a third of them to be due.
    let statement = query(
        "SELECT 1 AS due FROM reminder_schedules WHERE next_run <= ?1 ORDER BY next_run LIMIT 1",
    );
    Ok(conn.optional_row(statement.bind(now)).await?.is_some())
}

/// Schedules that are due, longest ago first, locked for the transaction. What others hold is theirs.
pub(super) async fn due_schedules(
    tx: &mut Tx,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Schedule>> {
    let statement = format!(
        "SELECT user_id, next_run, last_day FROM reminder_schedules WHERE next_run <= ?1 \
         ORDER BY next_run, user_id LIMIT ?2{}",
        dialect::for_update_of_free_rows(tx.engine())
    );
    tx.all(query(statement).bind(now).bind(limit)).await
}

pub(super) async fn insert_schedule(tx: &mut Tx, schedule: &Schedule) -> Result<()> {
    let statement =
        query("INSERT INTO reminder_schedules (user_id, next_run, last_day) VALUES (?1, ?2, ?3)");
    let statement = statement
        .bind(schedule.user)
        .bind(schedule.next_run)
        .bind(schedule.last_day);
    tx.execute(statement).await.map(|_| ())
}

pub(super) async fn update_schedule(tx: &mut Tx, schedule: &Schedule) -> Result<()> {
    let statement =
        query("UPDATE reminder_schedules SET next_run = ?2, last_day = ?3 WHERE user_id = ?1");
    let statement = statement
        .bind(schedule.user)
        .bind(schedule.next_run)
        .bind(schedule.last_day);
    tx.execute(statement).await.map(|_| ())
}

/// Looks at a user no later than `at`.
pub(super) async fn run_no_later(tx: &mut Tx, user: UserId, at: Timestamp) -> Result<()> {
    let statement =
        query("UPDATE reminder_schedules SET next_run = ?2 WHERE user_id = ?1 AND next_run > ?2");
    tx.execute(statement.bind(user).bind(at)).await.map(|_| ())
}

/// Puts schedules off until then.
pub(super) async fn put_off(tx: &mut Tx, users: &[UserId], until: Timestamp) -> Result<()> {
    let statement = query(format!(
        "UPDATE reminder_schedules SET next_run = ?1 WHERE user_id IN ({})",
        placeholders(2, users.len())
    ));
    let statement = statement.bind(until).bind_all(users.iter().copied());
    tx.execute(statement).await.map(|_| ())
}

/// Brings back what a clock that was once wrong has put off beyond `latest`; answers how many.
pub(super) async fn bring_back(tx: &mut Tx, latest: Timestamp, now: Timestamp) -> Result<u64> {
    let statement =
        query("UPDATE reminder_schedules SET next_run = ?2 WHERE next_run > ?1 AND next_run < ?3");
    tx.execute(
        statement
            .bind(latest)
            .bind(now)
            .bind(super::schedule::never()),
    )
    .await
}

/// An open task with a due date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DueTask {
    pub(super) id: TaskId,
    pub(super) title: String,
    pub(super) date: Date,
    pub(super) time: Option<Time>,
    pub(super) snoozed_until: Option<Date>,
    pub(super) muted: bool,
    pub(super) priority: Priority,
    pub(super) created_at: Timestamp,
}

impl DueTask {
    /// When it is due, if it has a time of day.
    pub(super) fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        times::instant(self.date, self.time?, zone)
    }

    /// Whether nothing is to be said about it yet.
    pub(super) fn is_snoozed(&self, today: Date) -> bool {
        self.snoozed_until.is_some_and(|until| until > today)
    }
}

impl FromRow for DueTask {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(DueTask {
            id: row.get("id")?,
            title: row.get("title")?,
            date: row.get("due_date")?,
            time: DueTime::from_minute(row.get("due_minute")?).map(|time| time.0),
            snoozed_until: row.get("snoozed_until")?,
            muted: row.get("muted")?,
            priority: row.get("priority")?,
            created_at: row.get("created_at")?,
        })
    }
}

pub(super) const TASK: &str =
    "id, title, due_date, due_minute, snoozed_until, muted, priority, created_at";

/// Open tasks due from one day to another, both included.
pub(super) async fn due_between(
    conn: &mut Conn,
    user: UserId,
    first: Date,
    last: Date,
) -> Result<Vec<DueTask>> {
    let text = format!(
        "SELECT {TASK} FROM tasks WHERE user_id = ?1 AND is_open = ?2 \
         AND due_date >= ?3 AND due_date <= ?4 ORDER BY due_date, due_minute, id"
    );
    conn.all(query(text).bind(user).bind(true).bind(first).bind(last))
        .await
}

/// When tasks are due, and the highest priority of them.
pub(super) struct DueAt {
    pub(super) date: Date,
    pub(super) time: Time,
    pub(super) priority: Priority,
}

/// The dates and times of day, in order, at which open tasks are due from one day to another.
pub(super) async fn times_between(
    conn: &mut Conn,
    user: UserId,
    first: Date,
    last: Date,
) -> Result<Vec<DueAt>> {
    let statement = query(
        "SELECT due_date, due_minute, MAX(priority) AS priority FROM tasks \
         WHERE user_id = ?1 AND is_open = ?2 AND due_date >= ?3 AND due_date <= ?4 \
         AND due_minute < ?5 GROUP BY due_date, due_minute ORDER BY due_date, due_minute",
    );
    let statement = statement
        .bind(user)
        .bind(true)
        .bind(first)
        .bind(last)
        .bind(NO_MINUTE);
    let mut found = Vec::new();
    for row in conn.rows(statement).await? {
        if let Some(time) = DueTime::from_minute(row.get("due_minute")?) {
            found.push(DueAt {
                date: row.get("due_date")?,
                time: time.0,
                priority: row.get("priority")?,
            });
        }
    }
    Ok(found)
}

/// Which tasks the overdue mail is about: open, due before today, neither muted nor snoozed.
const OVERDUE: &str = "FROM tasks WHERE user_id = ?1 AND is_open = ?2 AND due_date < ?3 \
     AND muted = ?4 AND (snoozed_until IS NULL OR snoozed_until <= ?3)";

pub(super) async fn overdue(
    conn: &mut Conn,
    user: UserId,
    today: Date,
    limit: u32,
) -> Result<Vec<DueTask>> {
    let text = format!("SELECT {TASK} {OVERDUE} ORDER BY due_date, due_minute, id LIMIT ?5");
    let statement = query(text)
        .bind(user)
        .bind(true)
        .bind(today)
        .bind(false)
        .bind(limit);
    conn.all(statement).await
}

pub(super) async fn count_overdue(conn: &mut Conn, user: UserId, today: Date) -> Result<i64> {
    let text = format!("SELECT COUNT(*) AS overdue {OVERDUE}");
    let statement = query(text).bind(user).bind(true).bind(today).bind(false);
    match conn.optional_row(statement).await? {
        Some(row) => row.get("overdue"),
        None => Ok(0),
    }
}

/// A task as a reminder finds it at the last moment; `None` when it is gone or in the trash.
pub(super) async fn task(
    conn: &mut Conn,
    user: UserId,
    id: TaskId,
) -> Result<Option<(DueTask, bool)>> {
    let text = format!(
        "SELECT {TASK}, is_open FROM tasks WHERE user_id = ?1 AND id = ?2 AND deleted_at IS NULL"
    );
    let row = conn.optional_row(query(text).bind(user).bind(id)).await?;
    row.map(|row| Ok((DueTask::from_row(&row)?, row.get("is_open")?)))
        .transpose()
}

/// Ends one kind of mail for a user; answers whether that changed anything.
pub(super) async fn opt_out(
    tx: &mut Tx,
    user: UserId,
    mail: MailKind,
    now: Timestamp,
) -> Result<bool> {
    let (column, off) = match mail {
        MailKind::Reminders => ("reminders", false.into()),
        MailKind::Overdue => ("overdue_mail", false.into()),
        MailKind::Digest => ("digest", false.into()),
        MailKind::Escalations => ("escalation", Escalation::Off.into()),
    };
    let off: Value = off;
    let statement = query(format!(
        "UPDATE users SET {column} = ?2, updated_at = ?3 WHERE id = ?1 AND {column} <> ?2"
    ));
    Ok(tx.execute(statement.bind(user).bind(off).bind(now)).await? == 1)
}

/// Sends nothing more to somebody, because it came back.
pub(crate) async fn stop_mail(
    tx: &mut Tx,
    user: UserId,
    reason: &str,
    now: Timestamp,
) -> Result<bool> {
    let statement = query(
        "UPDATE users SET mail_stopped_at = ?2, mail_stopped_reason = ?3, updated_at = ?2 \
         WHERE id = ?1 AND mail_stopped_at IS NULL",
    );
    Ok(tx
        .execute(statement.bind(user).bind(now).bind(reason))
        .await?
        == 1)
}
