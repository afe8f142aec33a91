//! What is to be said to one person now.

use duly_db::Conn;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::store::{self, DueTask, Recipient};
use super::times::{self, Position};
use crate::Result;
use crate::id::UserId;
use crate::notifications::Kind;
use crate::notifications::ledger::{NO_TASK, Promise};
use crate::tasks::write_hour_and_minute;

/// A task that was due longer ago than this is not announced as due now.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// How far back to look for due times that were missed.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(31 * 24);

/// A task that is still open so long after its time is told of a second time.
pub(super) const ESCALATED_AFTER: SignedDuration = SignedDuration::from_hours(1);

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
    let daily = daily(&recipient, schedule.last_day, now);
    let mut findings = Vec::new();
    if recipient.is_mailed() {
        let (first, last) = days(&recipient, slot, now);
        let tasks = store::due_between(conn, user, first, last).await?;
        let asks_for_overdue = daily.is_some() && recipient.overdue_mail;
        let today = times::local_day(now, &recipient.zone);
        let has_overdue =
            asks_for_overdue && !store::overdue(conn, user, today, 1).await?.is_empty();
        let seen = Seen {
            tasks: &tasks,
            has_overdue,
            is_daily: daily.is_some(),
        };
        findings = findings_of(&recipient, &seen, slot, now);
    }
    Ok(Some(Look {
        recipient,
        findings,
        daily,
    }))
}

/// The day whose daily run is due, if one is.
pub(super) fn daily(recipient: &Recipient, last_day: Date, now: Timestamp) -> Option<Date> {
    let run = times::daily_due(&Position {
        now,
        zone: recipient.zone.clone(),
        minute: recipient.minute,
        last_day,
        earliest_timed: None,
    });
    run.map(|run| run.day)
}

/// What is known of somebody's open tasks.
pub(super) struct Seen<'a> {
    /// Those that are due in [`days`], in the order of when.
    pub(super) tasks: &'a [DueTask],
    /// Whether there is something to say in the overdue mail.
    pub(super) has_overdue: bool,
    /// Whether it is the daily run.
    pub(super) is_daily: bool,
}

/// What is to be said to somebody who is mailed.
pub(super) fn findings_of(
    recipient: &Recipient,
    seen: &Seen<'_>,
    slot: Timestamp,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = timed(recipient, seen.tasks, slot, now);
    if seen.is_daily {
        let all_day = all_day(recipient, seen, &findings, now);
        findings.extend(all_day);
    }
    findings.extend(weekly(recipient, slot, now));
    findings
}

/// From when on due times that have passed are looked for.
fn oldest(slot: Timestamp, now: Timestamp) -> Timestamp {
    slot.max(now.checked_sub(FORGOTTEN).unwrap_or(Timestamp::MIN))
        .min(late(now))
}

fn late(now: Timestamp) -> Timestamp {
    now.checked_sub(LATE).unwrap_or(Timestamp::MIN)
}

/// The first and the last day of the tasks that matter.
pub(super) fn days(recipient: &Recipient, slot: Timestamp, now: Timestamp) -> (Date, Date) {
    let zone = &recipient.zone;
    // A day more on either side: where clocks are put back, a later time can have come before an
    // earlier one.
    let first = times::local_day(oldest(slot, now), zone).saturating_sub(1.day());
    let last = times::local_day(now, zone).saturating_add(1.day());
    (first, last)
}

/// What the daily run says: tasks due today or tomorrow, and that something is overdue. A task
/// whose time of day has come was announced then, unless that was just missed.
fn all_day(
    recipient: &Recipient,
    seen: &Seen<'_>,
    timed: &[Finding],
    now: Timestamp,
) -> Vec<Finding> {
    let was_missed = |task: &DueTask| {
        timed
            .iter()
            .any(|finding| matches!(finding, Finding::Missed(promise) if promise.task == task.id))
    };
    let is_ahead = |task: &DueTask| task.instant(&recipient.zone).is_none_or(|due| due > now);
    let today = times::local_day(now, &recipient.zone);
    let due = seen.tasks.iter().filter(|task| task.date >= today);
    let mut findings: Vec<Finding> = due
        .filter(|task| !task.is_snoozed(today) && (is_ahead(task) || was_missed(task)))
        .map(|task| {
            Finding::Keep(Promise {
                kind: Kind::Due,
                task: task.id,
                slot: task.date.to_string(),
            })
        })
        .collect();
    if recipient.overdue_mail && seen.has_overdue {
        let slot = today.to_string();
        findings.push(Finding::Keep(Promise {
            kind: Kind::Overdue,
            task: NO_TASK,
            slot,
        }));
    }
    findings
}

/// Tasks whose time of day has come since the last look, and those for which it is too late; and those that are
/// still open a while after theirs.
fn timed(
    recipient: &Recipient,
    tasks: &[DueTask],
    slot: Timestamp,
    now: Timestamp,
) -> Vec<Finding> {
    let zone = &recipient.zone;
    let (oldest, late) = (oldest(slot, now), late(now));
    let today = times::local_day(now, zone);
    let mut findings = Vec::new();
    let mut escalated = Vec::new();
    for task in tasks {
        let (Some(due), Some(slot)) = (task.instant(zone), timed_slot(task)) else {
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
        let again = escalation(recipient, task, due);
        if again.is_some_and(|again| late < again && again <= now) {
            escalated.push(Finding::Keep(promise(Kind::Escalated)));
        }
    }
    findings.extend(escalated);
    findings
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
    let late = late(now);
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
