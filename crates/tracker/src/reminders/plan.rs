//! Looking at one user's tasks and writing down what is to be said about them.

use duly_db::random::new_id;
use duly_db::versions::{self, Kind as VersionKind};
use duly_db::{Conn, Tx};
use duly_queue::{Attempt, Job, JobError, QueueName};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::store::{self, DueTask, Recipient, Schedule};
use super::times::{self, Position};
use super::{schedule, send};
use crate::id::{NotificationId, UserId};
use crate::mail::message_id;
use crate::notifications::ledger::{self, Entry, NO_TASK, Promise};
use crate::notifications::{Kind, State};
use crate::tasks::write_hour_and_minute;
use crate::{Result, Tracker};

/// How many promises one transaction writes.
const BATCH: usize = 100;

/// A task that was due longer ago than this is not announced as due now.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// How far back to look for due times that were missed.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Why a due time that passed while nobody looked was not announced.
const MISSED: &str = "missed while Duly was not running";

/// Looks at one user's tasks, promises what is due and pushes the jobs that keep the promises.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanReminders {
    /// Whose tasks.
    pub user: UserId,
    /// The run it is: what `next_run` was.
    pub slot: Timestamp,
}

impl Job for PlanReminders {
    const NAME: &'static str = "plan_reminders";
    const QUEUE: QueueName = QueueName::REMINDERS;
    type Context = Tracker;

    fn unique(&self) -> Option<String> {
        Some(format!("{}/{}", self.user, self.slot))
    }

    fn tags(&self) -> Vec<String> {
        vec![self.user.tag()]
    }

    async fn run(&self, tracker: &Tracker, _attempt: Attempt) -> std::result::Result<(), JobError> {
        plan(tracker, self.user, self.slot)
            .await
            .map_err(JobError::retry)
    }
}

/// A promise to keep, or one that could not be kept.
enum Finding {
    Keep(Promise),
    Missed(Promise),
}

async fn plan(tracker: &Tracker, user: UserId, slot: Timestamp) -> Result<()> {
    let now = tracker.clock.now();
    let Some((findings, daily)) = look(&mut tracker.db.read_fresh(), user, slot, now).await? else {
        return Ok(());
    };
    let mut rest = findings.as_slice();
    while let Some((batch, after)) = rest.split_at_checked(BATCH) {
        let mut tx = tracker.db.begin();
        let news = write(tracker, &mut tx, user, batch, now).await?;
        commit(tracker, tx, user, news).await?;
        rest = after;
    }
    let mut tx = tracker.db.begin();
    // First the lock, then the settings and tasks that the next run depends on.
    let Some(schedule) = store::lock_schedule(&mut tx, tracker.db.engine(), user).await? else {
        return Ok(());
    };
    let Some(recipient) = store::recipient(&mut tx, user).await? else {
        return Ok(());
    };
    let news = write(tracker, &mut tx, user, rest, now).await?;
    let last_day = daily.unwrap_or(schedule.last_day);
    let next_run = schedule::next_run(&mut tx, &recipient, last_day, now).await?;
    store::update_schedule(
        &mut tx,
        &Schedule {
            user,
            next_run,
            last_day,
        },
    )
    .await?;
    commit(tracker, tx, user, news).await
}

async fn commit(tracker: &Tracker, mut tx: Tx, user: UserId, news: bool) -> Result<()> {
    if news {
        versions::raise(&mut tx, user.0, VersionKind::Data);
    }
    tx.commit().await?;
    tracker.queue.notify();
    Ok(())
}

/// What is to be said to a user now, and the day whose daily run this is, if it is one.
async fn look(
    conn: &mut Conn,
    user: UserId,
    slot: Timestamp,
    now: Timestamp,
) -> Result<Option<(Vec<Finding>, Option<Date>)>> {
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
    let mut findings = Vec::new();
    if recipient.reminders {
        findings = timed(conn, &recipient, slot, now).await?;
        if daily.is_some() {
            let all_day = all_day(conn, &recipient, &findings, now).await?;
            findings.extend(all_day);
        }
    }
    Ok(Some((findings, daily.map(|run| run.day))))
}

/// What the daily run says: tasks due today or tomorrow, and that something is overdue. A task
/// whose time of day has come was announced then, unless that was just missed.
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
    let mut findings: Vec<Finding> = due
        .iter()
        .filter(|task| !task.is_snoozed(today) && (is_ahead(task) || was_missed(task)))
        .map(|task| {
            Finding::Keep(Promise {
                kind: Kind::Due,
                task: task.id,
                slot: task.date.to_string(),
            })
        })
        .collect();
    if recipient.overdue_mail && !store::overdue(conn, user, today, 1).await?.is_empty() {
        let slot = today.to_string();
        findings.push(Finding::Keep(Promise {
            kind: Kind::Overdue,
            task: NO_TASK,
            slot,
        }));
    }
    Ok(findings)
}

/// Tasks whose time of day has come since the last look, and those for which it is too late.
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
    for task in tasks {
        let (Some(due), Some(slot)) = (task.instant(zone), timed_slot(&task)) else {
            continue;
        };
        // Whoever writes down a task that was due this morning needs no mail about it.
        if due > now || due < oldest || task.created_at > due || task.is_snoozed(today) {
            continue;
        }
        let promise = Promise {
            kind: Kind::DueTime,
            task: task.id,
            slot,
        };
        findings.push(if due > late {
            Finding::Keep(promise)
        } else {
            Finding::Missed(promise)
        });
    }
    Ok(findings)
}

/// The slot of a task with a time of day: `2026-11-24T18:00`.
pub(super) fn timed_slot(task: &DueTask) -> Option<String> {
    task.time
        .map(|time| format!("{}T{}", task.date, write_hour_and_minute(time)))
}

/// Writes findings into the ledger and pushes their jobs; answers whether any was news.
async fn write(
    tracker: &Tracker,
    tx: &mut Tx,
    user: UserId,
    findings: &[Finding],
    now: Timestamp,
) -> Result<bool> {
    let engine = tracker.db.engine();
    let mut news = false;
    for finding in findings {
        match finding {
            Finding::Keep(promise) => {
                let entry = entry(tracker, user, promise, now);
                if let Some(id) = ledger::plan(tx, engine, &entry, now).await? {
                    send::enqueue(tracker, tx, promise.kind, user, id).await?;
                    let entry = Entry { id, ..entry };
                    ledger::change_state(tx, &entry, State::Queued, None, now).await?;
                    news = true;
                }
            }
            Finding::Missed(promise) => {
                let entry = entry(tracker, user, promise, now);
                news |= ledger::record_missed(tx, engine, &entry, MISSED, now).await?;
            }
        }
    }
    Ok(news)
}

fn entry(tracker: &Tracker, user: UserId, promise: &Promise, now: Timestamp) -> Entry {
    Entry {
        user,
        id: NotificationId(new_id(&*tracker.random, now)),
        promise: promise.clone(),
        state: State::Planned,
        message_id: message_id_of(user, promise, &tracker.settings.public_url),
        attempts: 0,
    }
}

/// The same promise has the same `Message-ID`, whoever writes it down and whenever.
fn message_id_of(user: UserId, promise: &Promise, public_url: &str) -> String {
    let key = format!(
        "{user}/{}/{}/{}",
        promise.task,
        promise.kind.name(),
        promise.slot
    );
    let name: String = Sha256::digest(key)
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    message_id(&format!("{}-{name}", promise.kind.name()), public_url)
}
