//! What a place that keeps jobs must be able to do.
//!
//! Everything above this trait (worker, scheduler, inspection) is written once. A driver is right
//! when it passes the conformance suite in `tests/conformance`.
//!
//! The states of a job:
//!
//! ```text
//!      push_at(later)            push
//!           v                     v
//!       scheduled --(due)-->    ready  --reserve: attempt + 1, fence + 1, lease-->  running
//!           ^                     ^                                                    |
//!           +-- Retry, tries left + lease over, tries left; Release (attempt - 1) -----+
//!                                                                                      |
//!       gone  <---- Done --------------------------------------------------------------+
//!       failed <--- Fail | Retry without tries left | lease over without tries left ---+
//!       failed ---- retry_failed ----> ready (attempt 0)
//! ```
//!
//! Times are the store's own: a worker hands in durations, never instants.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use duly_db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{JobId, Pushed, QueueName, Result};

/// A place that keeps jobs.
#[async_trait]
pub trait JobStore: Debug + Send + Sync + 'static {
    /// The time by which jobs are due and leases end.
    async fn now(&self) -> Result<Timestamp>;

    /// Stores a job within the caller's transaction: it exists when that commits, and only then.
    async fn push(&self, tx: &mut Tx, job: NewJob) -> Result<Pushed>;

    /// Takes due jobs, each for one attempt under a lease. The attempt and the fence are raised
    /// and stored before this answers. Jobs whose lease is over are given back first.
    async fn reserve(&self, want: &Want<'_>) -> Result<Vec<Reserved>>;

    /// How long until [`JobStore::reserve`] may find something to do; zero when it may now.
    async fn next_due(&self, queues: &[QueueName], kinds: &[&str]) -> Result<Option<Duration>>;

    /// Extends the leases of running attempts, and names those that are no longer held.
    async fn renew(&self, held: &[Held], lease: Duration) -> Result<Vec<Held>>;

    /// Stores how attempts ended. An attempt that is no longer held (its lease was over and the
    /// job was given back, or this is said a second time) changes nothing.
    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>>;

    /// Gives back or fails jobs whose lease is over, and drops what is too old to be kept.
    async fn sweep(&self) -> Result<Swept>;

    /// How many jobs are in which state.
    async fn counts(&self) -> Result<BTreeMap<QueueName, Counts>>;

    /// What has become of attempts since the given instant (to the minute; a week is kept).
    async fn totals(&self, since: Timestamp) -> Result<BTreeMap<QueueName, Totals>>;

    /// Failed jobs, newest first.
    async fn failed(&self, limit: u32, after: Option<FailedCursor>) -> Result<Vec<FailedJob>>;

    /// Lets a failed job wait again, with all its tries.
    async fn retry_failed(&self, id: JobId) -> Result<Retried>;

    /// The attempts at a waiting, running or failed job, oldest first.
    async fn attempts(&self, id: JobId) -> Result<Vec<AttemptRecord>>;

    /// Becomes or stays the one leader of that name for `lease`; [`None`] while another leads.
    async fn lead(&self, name: &str, holder: Uuid, lease: Duration) -> Result<Option<Term>>;

    /// Gives the lead up early.
    async fn resign(&self, name: &str, holder: Uuid) -> Result<()>;

    /// The slot each schedule was last claimed for.
    async fn slots(&self) -> Result<BTreeMap<String, Timestamp>>;

    /// Claims a firing within the caller's transaction. The answer is `false` when the slot or a
    /// later one has been claimed, or when the term is no longer the leader's.
    async fn claim(&self, tx: &mut Tx, claim: &Claim<'_>) -> Result<bool>;
}

/// A job to be stored.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Made by the queue.
    pub id: JobId,
    /// Where it waits.
    pub queue: QueueName,
    /// Its kind.
    pub name: &'static str,
    /// Its data as JSON.
    pub payload: String,
    /// How many attempts it has.
    pub tries: u32,
    /// While a job of its kind with this key waits or runs, it is a duplicate.
    pub unique: Option<String>,
    /// Words to recognise it by.
    pub tags: Vec<String>,
    /// Not before this; [`None`] for at once.
    pub run_at: Option<Timestamp>,
}

/// What a worker is ready to run.
#[derive(Debug, Clone, Copy)]
pub struct Want<'a> {
    /// The kinds it knows; others are left alone.
    pub kinds: &'a [&'static str],
    /// Which queues to look into, in this order, and how many jobs to take from each at most.
    pub shares: &'a [(QueueName, u32)],
    /// How many jobs in all.
    pub limit: u32,
    /// How long they are held before they must be renewed.
    pub lease: Duration,
}

/// The token of one reservation. It grows with each, and is never lowered: who holds an old one
/// can change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub i64);

/// A running attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Held {
    /// The job.
    pub id: JobId,
    /// The reservation.
    pub fence: Fence,
}

/// A job taken for one attempt.
#[derive(Debug, Clone)]
pub struct Reserved {
    /// The attempt's token.
    pub held: Held,
    /// Where it waited.
    pub queue: QueueName,
    /// Its kind.
    pub name: String,
    /// Its data as JSON.
    pub payload: String,
    /// Which attempt this is; the first is 1.
    pub attempt: u32,
    /// How many it has.
    pub tries: u32,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The work is done: the job goes.
    Done,
    /// It comes back after a while if it has tries left, else it fails.
    Retry {
        /// How long it waits.
        after: Duration,
        /// Why.
        error: String,
    },
    /// It fails.
    Fail {
        /// Why.
        error: String,
    },
    /// The worker had to stop: the job comes back at once and the attempt does not count.
    Release,
}

/// How one attempt ended.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The attempt.
    pub held: Held,
    /// Where the job waited.
    pub queue: QueueName,
    /// How it ended.
    pub outcome: Outcome,
}

/// What a settlement did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The job is gone.
    Done,
    /// The job waits for its next attempt.
    Retried,
    /// The job has failed for good.
    Failed,
    /// The job waits as if the attempt had not been made.
    Released,
    /// Nothing: the attempt was no longer held.
    Late,
}

/// What a sweep found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Jobs given back because their lease was over.
    pub given_back: u64,
    /// Jobs that failed because their lease was over and no try was left.
    pub failed: u64,
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
}

/// A job that failed for good. It is kept for [`crate::FAILED_KEPT_DAYS`] days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    /// The job.
    pub id: JobId,
    /// Where it waited.
    pub queue: QueueName,
    /// Its kind.
    pub name: String,
    /// Its data as JSON.
    pub payload: String,
    /// Words to recognise it by.
    pub tags: Vec<String>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Why the last one failed.
    pub error: String,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// When it failed.
    pub failed_at: Timestamp,
}

impl FailedJob {
    /// Where the list of failed jobs goes on after this one.
    #[must_use]
    pub fn cursor(&self) -> FailedCursor {
        FailedCursor {
            failed_at: self.failed_at,
            id: self.id,
        }
    }
}

/// A place in the list of failed jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedCursor {
    /// When the job failed.
    pub failed_at: Timestamp,
    /// The job.
    pub id: JobId,
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

/// How an attempt that did not finish its job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// It failed and was followed by another.
    Retried,
    /// It failed and was the last.
    Failed,
    /// Its worker died or was stuck.
    Expired,
    /// Its worker had to stop; it did not count.
    Released,
}

/// One attempt at a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// The first is 1; numbers start again when a failed job is retried.
    pub number: u32,
    /// When it was reserved.
    pub started_at: Timestamp,
    /// When it ended; [`None`] while it runs.
    pub ended_at: Option<Timestamp>,
    /// How it ended; [`None`] while it runs.
    pub outcome: Option<AttemptOutcome>,
    /// Why it failed.
    pub error: Option<String>,
}

/// The token of one leadership. It grows with each change of the leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term(pub i64);

/// A firing to be claimed.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The schedule.
    pub schedule: &'a str,
    /// The firing.
    pub slot: Timestamp,
    /// The lease whose holder may claim.
    pub leader: &'a str,
    /// The term the claimant leads in.
    pub term: Term,
}
