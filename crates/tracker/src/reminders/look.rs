//! What is to be said to one person now.

use duly_db::Conn;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::store::{self, DueTask, Recipient};
use super::times::{self, Position};
use crate::Result;
use crate::id::{TaskId, UserId};
use crate::notifications::Kind;
use crate::notifications::ledger::{NO_TASK, Promise};
use crate::tasks::write_hour_and_minute;

/// A task that was due longer ago than this is not announced as due now.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// How far back to look for due times that were missed.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(31 * 24);

/// A task that is still open so long after its time is told of a second time.
pub(super) const ESCALATED_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// A job that is about more tasks is found by so many of them.
pub(super) const MOST_TAGGED: u32 = 20;

/// Something to say, or to note.
#[derive(Debug, Clone)]
pub(super) enum Finding {
    /// A promise to keep.
    Keep(Promise),
    /// One for which it is too late.
    Missed(Promise),
    /// One that is told in another mail.
    Folded(Promise),
}

impl Finding {
    pub(super) fn promise(&self) -> &Promise {
        match self {
            Finding::Keep(promise) | Finding::Missed(promise) | Finding::Folded(promise) => promise,
        }
    }

    pub(super) fn folded(self) -> Self {
        match self {
            Finding::Keep(promise) => Finding::Folded(promise),
            other => other,
        }
    }
}

/// What there is to say, and the day whose daily run this is, if it is one.
pub(super) struct Look {
    pub(super) recipient: Recipient,
    pub(super) findings: Vec<Finding>,
    /// Some of the tasks that are overdue, when that is to be told.
    pub(super) overdue: Vec<TaskId>,
    pub(super) daily: Option<Date>,
}

/// What is to be said to a user now; [`None`] when the account is gone.
pub(super) async fn look(
    conn: &mut Conn,
    user: UserId,
    slot: Timestamp,
    now: Timestamp,
) -> Result<Option<Look>> {
    let Some(recipient) = store::recipient(conn, user).await? else {
        return Ok(None);
    };
    let Some(schedule) = store::schedule(conn, user).await? else {
        return Ok(None);
    };
    let daily = times::daily_due(&Position {
        now,
        zone: recipient.zone.clone(),
        minute: recipient.minute,
        last_day: schedule.last_day,
        earliest_timed: None,
    });
    let (mut findings, mut overdue) = (Vec::new(), Vec::new());
    if recipient.is_mailed() {
        findings = timed(conn, &recipient, slot, now).await?;
        if daily.is_some() {
            let all_day = all_day(conn, &recipient, &findings, now).await?;
            findings.extend(all_day);
            overdue = overdue_tasks(conn, &recipient, now).await?;
            findings.extend((!overdue.is_empty()).then(|| overdue_mail(&recipient, now)));
        }
        findings.extend(weekly(&recipient, slot, now));
    }
    let daily = daily.map(|run| run.day);
    Ok(Some(Look {
        recipient,
        findings,
        overdue,
        daily,
    }))
}

/// Some of the tasks that are overdue, unless nobody wants to know.
async fn overdue_tasks(
    conn: &mut Conn,
    recipient: &Recipient,
    now: Timestamp,
) -> Result<Vec<TaskId>> {
    if !recipient.overdue_mail {
        return Ok(Vec::new());
    }
    let today = times::local_day(now, &recipient.zone);
    let tasks = store::overdue(conn, recipient.user, today, MOST_TAGGED).await?;
    Ok(tasks.iter().map(|task| task.id).collect())
}

/// That something is overdue: one mail a day about all of it.
fn overdue_mail(recipient: &Recipient, now: Timestamp) -> Finding {
    Finding::Keep(Promise {
        kind: Kind::Overdue,
        task: NO_TASK,
        slot: times::local_day(now, &recipient.zone).to_string(),
    })
}

/// What the daily run says of tasks due today or tomorrow. A task whose time of day has come was announced then, unless
/// that was just missed.
async fn all_day(
    conn: &mut Conn,
    recipient: &Recipient,
    timed: &[Finding],
    now: Timestamp,
) -> Result<Vec<Finding>> {
    let user = recipient.user;
    let was_missed = |task: &DueTask| {
        timed
            .iter()
            .any(|finding| matches!(finding, Finding::Missed(promise) if promise.task == task.id))
    };
    let is_ahead = |task: &DueTask| task.instant(&recipient.zone).is_none_or(|due| due > now);
    let today = times::local_day(now, &recipient.zone);
    let due = store::due_between(conn, user, today, today.saturating_add(1.day())).await?;
    let findings = due
        .iter()
        .filter(|task| !task.is_snoozed(today) && (is_ahead(task) || was_missed(task)))
        .map(|task| {
            Finding::Keep(Promise {
                kind: Kind::Due,
                task: task.id,
                slot: task.date.to_string(),
            })
        });
    Ok(findings.collect())
}

/// Tasks whose time of day has come since the last look, and those for which it is too late; and those that are
/// still open a while after theirs.
async fn timed(
    conn: &mut Conn,
    recipient: &Recipient,
    slot: Timestamp,
    now: Timestamp,
) -> Result<Vec<Finding>> {
    let zone = &recipient.zone;
    let late = now.checked_sub(LATE).unwrap_or(Timestamp::MIN);
    let oldest = slot
        .max(now.checked_sub(FORGOTTEN).unwrap_or(Timestamp::MIN))
        .min(late);
    // A day more on either side: where clocks are put back, a later time can have come before an
    // earlier one.
    let first = times::local_day(oldest, zone).saturating_sub(1.day());
    let today = times::local_day(now, zone);
    let tasks =
        store::due_between(conn, recipient.user, first, today.saturating_add(1.day())).await?;
    let mut findings = Vec::new();
    let mut escalated = Vec::new();
    for task in tasks {
        let (Some(due), Some(slot)) = (task.instant(zone), timed_slot(&task)) else {
            continue;
        };
        // Whoever writes down a task that was due this morning needs no mail about it.
        if task.created_at > due || task.is_snoozed(today) {
            continue;
        }
        let promise = |kind| Promise {
            kind,
            task: task.id,
            slot: slot.clone(),
        };
        if oldest <= due && due <= now {
            findings.push(match due > late {
                true => Finding::Keep(promise(Kind::DueTime)),
                false => Finding::Missed(promise(Kind::DueTime)),
            });
        }
        let again = escalation(recipient, &task, due);
        if again.is_some_and(|again| late < again && again <= now) {
            escalated.push(Finding::Keep(promise(Kind::Escalated)));
        }
    }
    findings.extend(escalated);
    Ok(findings)
}

/// When a task that is due then is told of a second time, if it is.
fn escalation(recipient: &Recipient, task: &DueTask, due: Timestamp) -> Option<Timestamp> {
    let is_wanted = recipient.escalation.is_wanted(task.priority) && !task.muted;
    is_wanted
        .then(|| due.checked_add(ESCALATED_AFTER).ok())
        .flatten()
}

/// The slot of a task with a time of day: `2026-11-24T18:00`.
pub(super) fn timed_slot(task: &DueTask) -> Option<String> {
    task.time
        .map(|time| format!("{}T{}", task.date, write_hour_and_minute(time)))
}

/// The mail about the week, if its time has come since the last look.
fn weekly(recipient: &Recipient, slot: Timestamp, now: Timestamp) -> Option<Finding> {
    let digest = recipient.digest;
    let minute = i64::from(digest.hour) * 60;
    let run = times::latest_weekly(now, &recipient.zone, digest.day.civil(), minute)?;
    let late = now.checked_sub(LATE).unwrap_or(Timestamp::MIN);
    let joined = times::local_day(recipient.created_at, &recipient.zone);
    let is_due = digest.is_on && run.at >= slot.min(late) && run.day > joined;
    is_due.then(|| {
        Finding::Keep(Promise {
            kind: Kind::Digest,
            task: NO_TASK,
            // One a week (ISO 8601), also for those who move its day.
            slot: times::monday_of(run.day).to_string(),
        })
    })
}
