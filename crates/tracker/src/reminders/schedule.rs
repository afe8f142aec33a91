//! Keeping `reminder_schedules` true while tasks and settings change.

use duly_db::Tx;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::look::ESCALATED_AFTER;
use super::store::{self, DueAt, Recipient, Schedule};
use super::times::{self, Position};
use crate::id::UserId;
use crate::tasks::Task;
use crate::users::Account;
use crate::{Result, Tracker};

/// No schedule reaches further than this unless the calendar ends: a day has at most 25 hours,
/// and a zone can skip one.
const FARTHEST: SignedDuration = SignedDuration::from_hours(73);

/// Stands for "never": a schedule at the end of the calendar.
pub(super) fn never() -> Timestamp {
    // Whole microseconds, which is what the database keeps.
    Timestamp::from_microsecond(Timestamp::MAX.as_microsecond()).unwrap_or(Timestamp::MAX)
}

/// The farthest a schedule can lie ahead.
pub(super) fn farthest(now: Timestamp) -> Timestamp {
    now.checked_add(FARTHEST).unwrap_or_else(|_| never())
}

/// To be called by whatever writes a task, in its transaction. A task with a time of day may be
/// the next thing to remind of; all others are found by the daily run.
///
/// # Errors
/// Whatever the database says.
pub async fn task_changed(
    tracker: &Tracker,
    tx: &mut Tx,
    owner: UserId,
    task: &Task,
) -> Result<()> {
    let (Some(date), Some(time)) = (task.due_date, task.due_time) else {
        return Ok(());
    };
    let now = tracker.clock.now();
    // Whatever is further away than any zone can make it near is found by a daily run before.
    let near = times::local_day(now, &jiff::tz::TimeZone::UTC).saturating_add(5.days());
    if date > near || !task.status.is_open() || task.deleted_at.is_some() {
        return Ok(());
    }
    let Some(recipient) = store::recipient(tx, owner).await? else {
        return Ok(());
    };
    match times::instant(date, time, &recipient.zone) {
        Some(due) if due > now => Ok(store::run_no_later(tx, owner, due).await?),
        _ => Ok(()),
    }
}

/// To be called by whatever writes an account, in its transaction and after the account.
///
/// # Errors
/// Whatever the database says.
pub async fn account_changed(tracker: &Tracker, tx: &mut Tx, account: &Account) -> Result<()> {
    reschedule(tracker, tx, account.id).await
}

/// Looks at a user again at once: the zone, the hour or the wishes may be others now. A new user
/// is first looked at when the next daily run comes, not for the one that was today.
///
/// # Errors
/// Whatever the database says.
pub async fn reschedule(tracker: &Tracker, tx: &mut Tx, user: UserId) -> Result<()> {
    let now = tracker.clock.now();
    if store::lock_schedule(tx, tracker.db.engine(), user)
        .await?
        .is_some()
    {
        return Ok(store::run_no_later(tx, user, now).await?);
    }
    let Some(recipient) = store::recipient(tx, user).await? else {
        return Ok(());
    };
    let today = times::local_day(now, &recipient.zone);
    let last_day =
        times::latest_daily(now, &recipient.zone, recipient.minute).map_or(today, |run| run.day);
    let schedule = Schedule {
        user,
        next_run: now,
        last_day,
    };
    let next_run = next_run(tx, &recipient, last_day, now).await?;
    Ok(store::insert_schedule(
        tx,
        &Schedule {
            next_run,
            ..schedule
        },
    )
    .await?)
}

/// When a user has to be looked at next, given the last day whose daily run has happened.
pub(super) async fn next_run(
    tx: &mut Tx,
    recipient: &Recipient,
    last_day: jiff::civil::Date,
    now: Timestamp,
) -> Result<Timestamp> {
    let zone = &recipient.zone;
    let today = times::local_day(now, zone);
    let (first, last) = (
        today.saturating_sub(1.day()),
        today.saturating_add(4.days()),
    );
    let timed = store::times_between(tx, recipient.user, first, last).await?;
    Ok(next_run_of(recipient, timed, last_day, now))
}

/// The same for somebody of whom it is known when tasks are due from yesterday until in four days.
pub(super) fn next_run_of(
    recipient: &Recipient,
    timed: Vec<DueAt>,
    last_day: jiff::civil::Date,
    now: Timestamp,
) -> Timestamp {
    let zone = &recipient.zone;
    let digest = recipient.digest;
    let weekly = times::next_weekly(now, zone, digest.day.civil(), i64::from(digest.hour) * 60)
        .filter(|_| digest.is_on);
    let earliest_timed = timed
        .into_iter()
        .filter_map(|time| Some((times::instant(time.date, time.time, zone)?, time.priority)))
        .flat_map(|(due, priority)| {
            let again = recipient.escalation.is_wanted(priority);
            let again = again
                .then(|| due.checked_add(ESCALATED_AFTER).ok())
                .flatten();
            [Some(due), again]
        })
        .flatten()
        .filter(|at| *at > now)
        .chain(weekly.map(|run| run.at))
        .min();
    let position = Position {
        now,
        zone: zone.clone(),
        minute: recipient.minute,
        last_day,
        earliest_timed,
    };
    times::next_run(&position).min(never())
}
