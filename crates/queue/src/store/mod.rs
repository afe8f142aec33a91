//! What a place that keeps jobs must be able to do.
//!
//! Everything above these traits (worker, scheduler, what operators see) is written once. A driver is
//! right when it passes the conformance suite in `tests/conformance`.
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
//!       done  <---- Done --------------------------------------------------------------+
//!       failed <--- Fail | Retry without tries left | lease over without tries left ---+
//!       failed ---- retry -------> ready (attempt 0)
//!       scheduled, ready, running ---- cancel ----> cancelled
//! ```
//!
//! Times are the store's own: a worker hands in durations, never instants.

mod attempt;
mod operations;
mod records;
mod work;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use duly_db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Pushed, QueueName, Result};

pub use attempt::{AttemptOutcome, AttemptRecord};
pub use operations::{By, Decided, Operations, Retrying};
pub(crate) use records::EXCERPT;
pub use records::{
    Action, Counts, Cursor, FailureGroup, Filter, JobRecord, Listing, Measured, Pause, Paused,
    Retried, RunningJob, SchedulePause, ScheduleRecord, State, TagCounts, Totals, WatchedTag, What,
    WorkerRecord,
};
pub use work::{
    Claim, Fate, Fence, Held, Kind, NewJob, Outcome, Passing, Reserved, Settled, Settlement, Swept,
    Term, Want, WorkerId,
};

/// A place that keeps jobs.
#[async_trait]
pub trait JobStore: Debug + Send + Sync + 'static {
    /// The time by which jobs are due and leases end.
    async fn now(&self) -> Result<Timestamp>;

    /// Stores a job within the caller's transaction: it exists when that commits, and only then.
    async fn push(&self, tx: &mut Tx, job: NewJob) -> Result<Pushed>;

    /// Stores many jobs as [`JobStore::push`] does each. The answers come in the same order.
    async fn push_all(&self, tx: &mut Tx, jobs: Vec<NewJob>) -> Result<Vec<Pushed>> {
        let mut pushed = Vec::with_capacity(jobs.len());
        for job in jobs {
            pushed.push(self.push(tx, job).await?);
        }
        Ok(pushed)
    }

    /// Hears that a transaction that pushed jobs has been committed. It does not wait for anything.
    fn pushed(&self) {}

    /// Takes due jobs, each for one attempt under a lease. The attempt and the fence are raised
    /// and stored before this answers. Jobs whose lease is over are given back first. What is paused
    /// is left alone, and so is what would come more often than its rate allows.
    async fn reserve(&self, want: &Want<'_>) -> Result<Vec<Reserved>>;

    /// How long until [`JobStore::reserve`] may find something to do; zero when it may now.
    async fn next_due(&self, queues: &[QueueName], kinds: &[Kind]) -> Result<Option<Duration>>;

    /// Extends the leases of running attempts, and names those that are no longer held.
    async fn renew(&self, held: &[Held], lease: Duration) -> Result<Vec<Held>>;

    /// Stores how attempts ended. An attempt that is no longer held (its lease was over and the
    /// job was given back, or this is said a second time) changes nothing.
    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>>;

    /// Gives back or fails jobs whose lease is over, and drops what is too old to be kept.
    async fn sweep(&self) -> Result<Swept>;

    /// Becomes or stays the one leader of that name for `lease`; [`None`] while another leads.
    async fn lead(&self, name: &str, holder: Uuid, lease: Duration) -> Result<Option<Term>>;

    /// Gives the lead up early.
    async fn resign(&self, name: &str, holder: Uuid) -> Result<()>;

    /// What is known of each schedule, by its name.
    async fn schedules(&self) -> Result<BTreeMap<String, ScheduleRecord>>;

    /// Claims a slot within the caller's transaction. The answer is `false` when it or a later one has been
    /// claimed, or when the term is no longer the leader's.
    async fn claim(&self, tx: &mut Tx, claim: &Claim<'_>) -> Result<bool>;

    /// Says that a slot that was to be fired could not be.
    async fn not_fired(&self, schedule: &str, error: &str) -> Result<()>;

    /// What operators see and do.
    fn operations(&self) -> &dyn Operations;
}
