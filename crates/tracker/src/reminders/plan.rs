//! Writing down what is to be said to one person.

use std::collections::BTreeSet;

use duly_db::Tx;
use duly_db::random::new_id;
use duly_db::versions::{self, Kind as VersionKind};
use duly_queue::{Attempt, Job, JobError, QueueName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::look::{Finding, look};
use super::store::{self, Schedule};
use super::{budget, quiet, schedule, send, times};
use crate::id::{NotificationId, TaskId, UserId};
use crate::mail::message_id;
use crate::notifications::ledger::{self, Entry, NO_TASK, Promise};
use crate::notifications::{Kind, State};
use crate::{Result, Tracker};

/// How many promises one transaction writes.
const BATCH: usize = 100;

/// A job that is about more tasks is found by so many of them.
const MOST_TAGGED: usize = 20;

/// Why a due time that passed while nobody looked was not announced.
const MISSED: &str = "missed while Duly was not running";

/// Why something is not told on its own.
const FOLDED: &str = "told in another mail: the mails of the day are used up";

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

async fn plan(tracker: &Tracker, user: UserId, slot: Timestamp) -> Result<()> {
    let now = tracker.clock.now();
    let mut conn = tracker.db.read_fresh();
    let Some(look) = look(&mut conn, user, slot, now).await? else {
        return Ok(());
    };
    let left = budget::left(&mut conn, &look.recipient, now).await?;
    let today = times::local_day(now, &look.recipient.zone).to_string();
    let findings = budget::within(look.findings, left, &today);
    let folded = folded(&findings);
    let send_at = quiet::over(&look.recipient, now);
    let mut rest = findings.as_slice();
    while let Some((batch, after)) = rest.split_at_checked(BATCH) {
        let mut tx = tracker.db.begin();
        let news = write(tracker, &mut tx, user, (batch, &folded), now, send_at).await?;
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
    let news = write(tracker, &mut tx, user, (rest, &folded), now, send_at).await?;
    let last_day = look.daily.unwrap_or(schedule.last_day);
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

/// The tasks that are told in one mail instead of several, some of them when they are many.
fn folded(findings: &[Finding]) -> Vec<TaskId> {
    let folded = findings.iter().filter_map(|finding| match finding {
        Finding::Folded(promise) => Some(promise.task),
        Finding::Keep(_) | Finding::Missed(_) => None,
    });
    let tasks: BTreeSet<TaskId> = folded.filter(|task| *task != NO_TASK).collect();
    tasks.into_iter().take(MOST_TAGGED).collect()
}

/// The tasks that a promise is about, as far as that is settled before it is kept.
pub(super) fn tasks_of(promise: &Promise, folded: &[TaskId]) -> Vec<TaskId> {
    match promise.kind {
        Kind::Overdue | Kind::Digest => Vec::new(),
        Kind::Collected => folded.to_vec(),
        Kind::Due | Kind::DueTime | Kind::Escalated => vec![promise.task],
    }
}

async fn commit(tracker: &Tracker, mut tx: Tx, user: UserId, news: bool) -> Result<()> {
    if news {
        versions::raise(&mut tx, user.0, VersionKind::Data);
    }
    tx.commit().await?;
    tracker.queue.notify();
    Ok(())
}

/// Writes findings into the ledger and pushes their jobs, to run at once or at the given time; answers whether
/// any was news.
async fn write(
    tracker: &Tracker,
    tx: &mut Tx,
    user: UserId,
    (findings, folded): (&[Finding], &[TaskId]),
    now: Timestamp,
    send_at: Option<Timestamp>,
) -> Result<bool> {
    let engine = tracker.db.engine();
    let mut news = false;
    for finding in findings {
        match finding {
            Finding::Keep(promise) => {
                let entry = entry(tracker, user, promise, now);
                if let Some(id) = ledger::plan(tx, engine, &entry, now).await? {
                    let about = tasks_of(promise, folded);
                    send::enqueue(tracker, tx, promise.kind, (user, id), about, send_at).await?;
                    let entry = Entry { id, ..entry };
                    ledger::change_state(tx, &entry, State::Queued, None, now).await?;
                    news = true;
                }
            }
            Finding::Missed(promise) => {
                let entry = entry(tracker, user, promise, now);
                news |= ledger::record_cancelled(tx, engine, &entry, MISSED, now).await?;
            }
            Finding::Folded(promise) => {
                let entry = entry(tracker, user, promise, now);
                news |= ledger::record_cancelled(tx, engine, &entry, FOLDED, now).await?;
            }
        }
    }
    Ok(news)
}

pub(super) fn entry(tracker: &Tracker, user: UserId, promise: &Promise, now: Timestamp) -> Entry {
    Entry {
        user,
        id: NotificationId(new_id(&*tracker.random, now)),
        promise: promise.clone(),
        state: State::Planned,
        message_id: message_id_of(tracker, user, promise),
        attempts: 0,
    }
}

/// The same promise has the same `Message-ID`, whoever writes it down and whenever. It is signed: whoever knows it is
/// believed what they report of the mail, so nobody may work it out from ids and days.
fn message_id_of(tracker: &Tracker, user: UserId, promise: &Promise) -> String {
    let key = format!(
        "message id {user}/{}/{}/{}",
        promise.task,
        promise.kind.name(),
        promise.slot
    );
    let signature = tracker.signing_key.sign(key.as_bytes());
    let name: String = signature
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let public_url = &tracker.settings.public_url;
    message_id(&format!("{}-{name}", promise.kind.name()), public_url)
}
