//! What is known of jobs, for people.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::work::WorkerId;
use crate::histogram::Histogram;
use crate::{JobId, Priority, QueueName};

/// What state a job is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Due, and waiting for a worker.
    Ready,
    /// Due later.
    Scheduled,
    /// Being run, or held by a worker that died a moment ago.
    Running,
    /// Failed for good.
    Failed,
    /// Done.
    Done,
    /// Ended by an operator.
    Cancelled,
}

/// Which jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of one queue.
    pub queue: Option<QueueName>,
    /// Those of one kind.
    pub kind: Option<String>,
    /// Those with this tag.
    pub tag: Option<String>,
    /// Those of one owner.
    pub lane: Option<String>,
    /// Those with this in their data or their error, letter by letter.
    pub text: Option<String>,
    /// Failed ones that look alike, see [`FailureGroup`]; none in another state.
    pub fingerprint: Option<String>,
    /// Those pushed at this time or later.
    pub since: Option<Timestamp>,
    /// Those pushed before this time.
    pub until: Option<Timestamp>,
}

/// A part of the jobs in one state.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// The state.
    pub state: State,
    /// Which of them.
    pub filter: &'a Filter,
    /// How many at most.
    pub limit: u32,
    /// What comes after this place.
    pub after: Option<Cursor>,
}

/// A place in a list of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The time by which the list is in order.
    pub at: Timestamp,
    /// The job.
    pub id: JobId,
}

/// How much of a job's data stands in a list, in characters.
pub(crate) const EXCERPT: u32 = 400;

/// What is known of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// The job.
    pub id: JobId,
    /// Where it waits or waited.
    pub queue: QueueName,
    /// Its kind.
    pub kind: String,
    /// Its state.
    pub state: State,
    /// Its data as JSON; in lists the first 400 characters of it.
    pub payload: String,
    /// Words to recognise it by.
    pub tags: Vec<String>,
    /// Its place among the jobs of its queue.
    pub priority: Priority,
    /// Whose it is.
    pub lane: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    /// How many it has.
    pub tries: u32,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// When it is due, while it waits or runs.
    pub run_at: Option<Timestamp>,
    /// When its last attempt began.
    pub started_at: Option<Timestamp>,
    /// When it failed, was done or cancelled.
    pub ended_at: Option<Timestamp>,
    /// Who has or had it last.
    pub worker: Option<WorkerId>,
    /// Why it failed.
    pub error: Option<String>,
    /// The same for failures that look alike.
    pub fingerprint: Option<String>,
}

impl JobRecord {
    /// Where a list of jobs in its state goes on after it.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        let at = match self.state {
            State::Ready | State::Scheduled => self.run_at,
            State::Running => self.started_at,
            State::Failed | State::Done | State::Cancelled => self.ended_at,
        };
        Cursor {
            at: at.unwrap_or(self.pushed_at),
            id: self.id,
        }
    }
}

/// How many jobs of a queue are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Due, and waiting for a worker.
    pub ready: u64,
    /// Due later.
    pub scheduled: u64,
    /// Being run, or held by a worker that died a moment ago.
    pub running: u64,
    /// Failed for good.
    pub failed: u64,
}

/// What has become of attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Jobs done.
    pub done: u64,
    /// Jobs failed for good.
    pub failed: u64,
    /// Attempts that failed and were followed by another.
    pub retried: u64,
    /// Attempts whose lease was over.
    pub expired: u64,
    /// Attempts given back by a worker that had to stop.
    pub released: u64,
    /// Jobs ended by an operator.
    pub cancelled: u64,
}

impl Totals {
    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Totals) -> Totals {
        Totals {
            done: self.done + other.done,
            failed: self.failed + other.failed,
            retried: self.retried + other.retried,
            expired: self.expired + other.expired,
            released: self.released + other.released,
            cancelled: self.cancelled + other.cancelled,
        }
    }
}

/// What became of the wish to retry a failed job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// It waits again.
    Queued,
    /// A job with the same unique key waits or runs; the failed one stays as it is.
    Duplicate(JobId),
    /// There is no such failed job.
    Unknown,
}

/// Failed jobs of a kind whose errors are the same but for numbers, ids and what stands in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureGroup {
    /// What they have in common.
    pub fingerprint: String,
    /// Their kind.
    pub kind: String,
    /// Where they waited.
    pub queue: QueueName,
    /// How many there are.
    pub jobs: u64,
    /// When the first of them failed.
    pub first_at: Timestamp,
    /// When the last of them failed.
    pub last_at: Timestamp,
    /// The error of one of them.
    pub error: String,
}

/// What nobody takes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Paused {
    /// A queue.
    Queue(QueueName),
    /// The jobs of a kind, in whichever queue.
    Kind(String),
}

/// A pause, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What is paused.
    pub what: Paused,
    /// Since when.
    pub since: Timestamp,
    /// Until when; [`None`] until somebody resumes it.
    pub until: Option<Timestamp>,
    /// Who wanted it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What is known of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRecord {
    /// The slot that was claimed last, whether it was fired or passed.
    pub last_slot: Timestamp,
    /// When it was fired last, and for which slot.
    pub fired: Option<(Timestamp, Timestamp)>,
    /// How many slots passed without a firing, because no scheduler ran or it was too late.
    pub missed: u64,
    /// When and why it could not be fired last, until it is.
    pub failure: Option<(Timestamp, String)>,
    /// While it is paused its slots pass.
    pub pause: Option<SchedulePause>,
}

/// That a schedule is paused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulePause {
    /// Since when.
    pub since: Timestamp,
    /// Until when; [`None`] until somebody resumes it.
    pub until: Option<Timestamp>,
    /// Who wanted it.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl SchedulePause {
    /// Whether it is not over.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// What is counted of a kind of job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Jobs done.
    Done,
    /// Jobs failed for good.
    Failed,
    /// Attempts that failed and were followed by another.
    Retried,
    /// Attempts whose lease was over.
    Expired,
    /// Attempts given back by a worker that had to stop.
    Released,
    /// Jobs ended by an operator.
    Cancelled,
    /// How long jobs were due before they were taken.
    Wait,
    /// How long attempts ran.
    Run,
}

/// What became of jobs of one kind within a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// When it began.
    pub start: Timestamp,
    /// Where they waited.
    pub queue: QueueName,
    /// Their kind.
    pub kind: String,
    /// What became of them.
    pub totals: Totals,
    /// How long they were due before they were taken.
    pub wait: Histogram,
    /// How long their attempts ran.
    pub run: Histogram,
}

/// A worker, and what it is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRecord {
    /// The worker.
    pub id: WorkerId,
    /// The machine it runs on.
    pub host: String,
    /// The number of its process there.
    pub process: u32,
    /// The release of its program.
    pub version: String,
    /// The queues it serves, most important first.
    pub queues: Vec<QueueName>,
    /// How many jobs it runs at once.
    pub slots: u32,
    /// What it runs.
    pub running: Vec<RunningJob>,
    /// How much memory its process has, in bytes.
    pub memory: u64,
    /// When it started.
    pub started_at: Timestamp,
    /// When it was last heard of.
    pub heard_at: Timestamp,
}

/// What a slot of a worker is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningJob {
    /// The job.
    pub id: JobId,
    /// Its kind.
    pub kind: Cow<'static, str>,
    /// Where it waited.
    pub queue: QueueName,
    /// Which attempt it is.
    pub attempt: u32,
    /// For how long it has run, in milliseconds.
    pub for_ms: u64,
}

/// A tag that operators keep an eye on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedTag {
    /// The tag.
    pub tag: String,
    /// Since when.
    pub since: Timestamp,
    /// Who wanted it.
    pub by: String,
    /// How many jobs with it are in which state.
    pub counts: TagCounts,
}

/// How many jobs with a tag are in which state. Of those that have ended, as far as they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TagCounts {
    /// Due, and waiting for a worker.
    pub ready: u64,
    /// Due later.
    pub scheduled: u64,
    /// Being run, or held by a worker that died a moment ago.
    pub running: u64,
    /// Failed for good.
    pub failed: u64,
    /// Done.
    pub done: u64,
    /// Ended by an operator.
    pub cancelled: u64,
}

/// Something an operator did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What: `retry`, `cancel`, `forget`, `pause`, `resume`, `fire`, `scale`, `watch` or `unwatch`.
    pub action: String,
    /// With what: the id of a job, the name of a queue, kind or schedule, or a tag.
    pub target: String,
    /// More of it, for people.
    pub detail: String,
}
