//! Keeping a promise: looking again whether it is wanted, and handing the mail over.

use std::time::Duration;

use duly_db::Tx;
use duly_db::versions::{self, Kind as VersionKind};
use duly_queue::{Attempt, Backoff, Job, JobError, NewJobs, Pushed, QueueName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::letters;
use super::letters::Verdict;
use super::{quiet, store};
use crate::id::{NotificationId, TaskId, UserId};
use crate::mail::{Mail, SendError, sent, tries};
use crate::notifications::ledger::{self, Entry};
use crate::notifications::{Kind, State};
use crate::{Error, Result, Tracker};

/// After so many mails in a row that came back no more is sent.
const BOUNCES: u32 = 3;

/// How often to try to write down how an attempt ended, and the first and the longest wait in between: half a
/// minute in all, in which a database can be started again.
const RECORDINGS: u32 = 20;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Sends the reminder of one task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendReminder {
    /// Whom to remind.
    pub user: UserId,
    /// The promise to keep.
    pub notification: NotificationId,
    /// The tasks it is about, some of them when they are many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskId>,
}

/// Sends the mail about everything that is overdue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendOverdue {
    /// Whom to remind.
    pub user: UserId,
    /// The promise to keep.
    pub notification: NotificationId,
}

/// Tells a second time of a task that is still open.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendEscalation {
    /// Whom to remind.
    pub user: UserId,
    /// The promise to keep.
    pub notification: NotificationId,
    /// The tasks it is about, some of them when they are many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskId>,
}

/// Sends the mail about a week.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendDigest {
    /// Whom to tell.
    pub user: UserId,
    /// The promise to keep.
    pub notification: NotificationId,
}

macro_rules! sending_job {
    ($job:ident, $name:literal, $queue:ident, $tasks:expr) => {
        impl Job for $job {
            const NAME: &'static str = $name;
            const QUEUE: QueueName = QueueName::$queue;
            const TRIES: u32 = tries::TRIES;
            type Context = Tracker;

            fn backoff() -> Backoff {
                tries::BACKOFF
            }

            fn unique(&self) -> Option<String> {
                Some(self.notification.to_string())
            }

            fn tags(&self) -> Vec<String> {
                let tasks: fn(&$job) -> &[TaskId] = $tasks;
                let tasks = tasks(self).iter().map(|task| task.tag());
                std::iter::once(self.user.tag()).chain(tasks).collect()
            }

            /// Many tasks of one person may be due at once.
            fn lane(&self) -> Option<String> {
                Some(self.user.to_string())
            }

            async fn run(
                &self,
                tracker: &Tracker,
                attempt: Attempt,
            ) -> std::result::Result<(), JobError> {
                keep(tracker, self.user, self.notification, attempt).await
            }
        }
    };
}

sending_job!(SendReminder, "send_reminder", REMINDERS, |job| &job.tasks);
sending_job!(SendEscalation, "send_escalation", URGENT, |job| &job.tasks);
// Which tasks these are about shows when they are told.
sending_job!(SendOverdue, "send_overdue", REMINDERS, |_| &[]);
sending_job!(SendDigest, "send_digest", REMINDERS, |_| &[]);

/// Pushes the job that keeps a promise about these tasks, to run at once or at the given time.
pub(super) async fn enqueue(
    tracker: &Tracker,
    tx: &mut Tx,
    kind: Kind,
    (user, notification): (UserId, NotificationId),
    tasks: Vec<TaskId>,
    at: Option<Timestamp>,
) -> Result<Pushed> {
    macro_rules! push {
        ($job:ident) => {{
            let job = $job {
                user,
                notification,
                tasks,
            };
            push(tracker, tx, &job, at).await
        }};
    }
    match kind {
        Kind::Due | Kind::DueTime | Kind::Collected => push!(SendReminder),
        Kind::Overdue => push(tracker, tx, &SendOverdue { user, notification }, at).await,
        Kind::Escalated => push!(SendEscalation),
        Kind::Digest => push(tracker, tx, &SendDigest { user, notification }, at).await,
    }
}

/// Adds the job that keeps a promise to those that are pushed together.
pub(super) fn add(
    tracker: &Tracker,
    jobs: &mut NewJobs,
    kind: Kind,
    (user, notification): (UserId, NotificationId),
    tasks: Vec<TaskId>,
    at: Option<Timestamp>,
) -> Result<()> {
    let queue = &tracker.queue;
    macro_rules! add {
        ($job:ident) => {{
            let job = $job {
                user,
                notification,
                tasks,
            };
            queue.add(jobs, &job, at)?;
        }};
    }
    match kind {
        Kind::Due | Kind::DueTime | Kind::Collected => add!(SendReminder),
        Kind::Overdue => queue.add(jobs, &SendOverdue { user, notification }, at)?,
        Kind::Escalated => add!(SendEscalation),
        Kind::Digest => queue.add(jobs, &SendDigest { user, notification }, at)?,
    }
    Ok(())
}

async fn push<J: Job>(
    tracker: &Tracker,
    tx: &mut Tx,
    job: &J,
    at: Option<Timestamp>,
) -> Result<Pushed> {
    Ok(match at {
        Some(at) => tracker.queue.push_at(tx, job, at).await?,
        None => tracker.queue.push(tx, job).await?,
    })
}

/// What is to be done about a promise now.
enum Turn {
    /// Nothing any more.
    Nothing,
    /// It has to wait until then: it is quiet.
    Wait(Timestamp),
    /// Send the mail.
    Send(Box<Begun>),
}

/// A mail that is still wanted, and the attempt at sending it.
struct Begun {
    entry: Entry,
    attempt: u32,
    mail: Mail,
}

/// At least once, and as rarely more than once as SMTP allows: only when this process dies, or
/// the database fails, after the mail server has taken the mail and before that is written down.
async fn keep(
    tracker: &Tracker,
    user: UserId,
    id: NotificationId,
    attempt: Attempt,
) -> std::result::Result<(), JobError> {
    let begun = match begin(tracker, user, id).await.map_err(JobError::retry)? {
        Turn::Nothing => return Ok(()),
        Turn::Wait(until) => {
            let wait = until.duration_since(tracker.clock.now());
            let wait = Duration::try_from(wait).unwrap_or_default();
            return Err(JobError::retry_after("the person wants quiet", wait));
        }
        Turn::Send(begun) => begun,
    };
    let outcome = tracker.mailer.send(&begun.mail).await;
    let state = match &outcome {
        Ok(()) => State::Sent,
        Err(SendError::Permanent(_)) => State::Bounced,
        Err(SendError::Temporary(_)) if attempt.last => State::Failed,
        Err(SendError::Temporary(_)) => State::Queued,
    };
    let reason = outcome
        .as_ref()
        .err()
        .map(ToString::to_string)
        .unwrap_or_default();
    end(tracker, &begun, state, &reason)
        .await
        .map_err(JobError::retry)?;
    match outcome {
        Ok(()) => Ok(()),
        Err(error @ SendError::Permanent(_)) => Err(JobError::fail(error)),
        Err(error @ SendError::Temporary(_)) => Err(JobError::retry(error)),
    }
}

/// Begins an attempt, or cancels the promise when nobody wants it any more.
async fn begin(tracker: &Tracker, user: UserId, id: NotificationId) -> Result<Turn> {
    let now = tracker.clock.now();
    let mut tx = tracker.db.begin();
    let entry = match ledger::lock(&mut tx, tracker.db.engine(), user, id).await? {
        Some(entry) if !entry.state.is_final() => entry,
        _ => return Ok(Turn::Nothing),
    };
    let Some(recipient) = store::recipient(&mut tx, user).await? else {
        return Ok(Turn::Nothing);
    };
    let turn = match letters::compose(tracker, &mut tx, &recipient, &entry, now).await? {
        Verdict::Unwanted(reason) => {
            ledger::change_state(&mut tx, &entry, State::Cancelled, Some(&reason), now).await?;
            tracing::info!(reason, "not sent");
            Turn::Nothing
        }
        Verdict::Wanted(mail) => {
            if let Some(until) = quiet::over(&recipient, now) {
                return Ok(Turn::Wait(until));
            }
            let attempt = ledger::begin_attempt(&mut tx, &entry, now).await?;
            sent::note(&mut tx, &mail, user, Some(id), now);
            Turn::Send(Box::new(Begun {
                entry,
                attempt,
                mail: *mail,
            }))
        }
    };
    versions::raise(&mut tx, user.0, VersionKind::Data);
    tx.commit().await?;
    Ok(turn)
}

/// Writes down how an attempt ended. A database that has no time, or is away, is asked again, because a mail that
/// was sent and not written down would be sent twice.
async fn end(tracker: &Tracker, begun: &Begun, state: State, reason: &str) -> Result<()> {
    let mut wait = FIRST_WAIT;
    for _ in 1..RECORDINGS {
        match end_once(tracker, begun, state, reason).await {
            Err(why @ (Error::Unavailable(_) | Error::Conflict(_))) => {
                tracing::warn!(%why, "a sent mail waits for its record");
            }
            other => return other,
        }
        tokio::time::sleep(wait).await;
        wait = wait.saturating_mul(2).min(LONGEST_WAIT);
    }
    end_once(tracker, begun, state, reason).await
}

async fn end_once(tracker: &Tracker, begun: &Begun, state: State, reason: &str) -> Result<()> {
    let now = tracker.clock.now();
    let entry = &begun.entry;
    let mut tx = tracker.db.begin();
    match state {
        State::Sent => ledger::record_sent(&mut tx, entry, now).await?,
        _ => ledger::end_attempt(&mut tx, entry, begun.attempt, state, reason, now).await?,
    }
    if state == State::Bounced && comes_back(&mut tx, entry.user).await? {
        store::stop_mail(&mut tx, entry.user, reason, now).await?;
    }
    versions::raise(&mut tx, entry.user.0, VersionKind::Data);
    tx.commit().await?;
    Ok(())
}

/// Whether the newest mails to somebody all came back: one alone may be the mail's fault.
pub(crate) async fn comes_back(tx: &mut Tx, user: UserId) -> Result<bool> {
    let ends = ledger::newest_ends(tx, user, BOUNCES).await?;
    let bounced = ends.iter().filter(|end| **end == State::Bounced).count();
    Ok(u32::try_from(bounced).is_ok_and(|bounced| bounced == BOUNCES))
}
