//! What operators see and do.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use duly_db::Tx;
use jiff::Timestamp;

use super::attempt::AttemptRecord;
use super::records::{
    Action, Counts, FailureGroup, Filter, JobRecord, Listing, Measured, Pause, Paused, Retried,
    SchedulePause, Totals, WatchedTag, WorkerRecord,
};
use super::work::{Fate, Term, WorkerId};
use crate::balance::{Decision, Memory, QueueSettings};
use crate::{JobId, QueueName, Result};

/// What operators see of jobs, and what they do with them. Each change is written down with who made it, in
/// the same transaction.
#[async_trait]
pub trait Operations: Debug + Send + Sync {
    /// How many jobs are in which state. Queues without jobs are not listed.
    async fn counts(&self) -> Result<BTreeMap<QueueName, Counts>>;

    /// How long the job that is due and waits longest waits, by queue. Queues without such a job are
    /// not listed.
    async fn oldest(&self) -> Result<BTreeMap<QueueName, Timestamp>>;

    /// What has become of attempts since the given instant (to the minute; two days are kept so).
    async fn totals(&self, since: Timestamp) -> Result<BTreeMap<QueueName, Totals>>;

    /// Jobs in one state: those that wait or run in the order of their times, those that ended with the
    /// newest first.
    async fn list(&self, listing: &Listing<'_>) -> Result<Vec<JobRecord>>;

    /// One job, whatever its state.
    async fn job(&self, id: JobId) -> Result<Option<JobRecord>>;

    /// What has become of jobs. Of one that was pushed by another transaction that has not committed it may be
    /// said that it is done.
    async fn fates(&self, ids: &[JobId]) -> Result<BTreeMap<JobId, Fate>>;

    /// The attempts at a job, oldest first, the newest [`crate::ATTEMPTS_KEPT`] of them. Those at jobs that are
    /// done or were cancelled go with them.
    async fn attempts(&self, id: JobId) -> Result<Vec<AttemptRecord>>;

    /// Lets failed jobs wait again, with all their tries; see [`Retrying`]. What became of each is
    /// answered in their order.
    async fn retry(&self, by: By<'_>, ids: &[JobId], retrying: &Retrying) -> Result<Vec<Retried>>;

    /// Ends jobs that wait or run: none of them starts any more. A running one is aborted at its worker's
    /// next heartbeat, and what it says in the end changes nothing. The answer names those it found.
    async fn cancel(&self, by: By<'_>, ids: &[JobId]) -> Result<Vec<JobId>>;

    /// Deletes failed jobs with all that is known of them. The answer names those it found.
    async fn forget(&self, by: By<'_>, ids: &[JobId]) -> Result<Vec<JobId>>;

    /// Takes from a queue, or jobs of a kind, no more. What runs goes on.
    async fn pause(&self, by: By<'_>, pause: &Pause) -> Result<()>;

    /// Takes from it again. The answer is `false` when it was not paused.
    async fn resume(&self, by: By<'_>, paused: &Paused) -> Result<bool>;

    /// What is paused, and by whom.
    async fn pauses(&self) -> Result<Vec<Pause>>;

    /// What is paused, and what was at this time or later: of each the last pause, until when it was.
    async fn pauses_since(&self, since: Timestamp) -> Result<Vec<Pause>>;

    /// Pauses what nobody has paused, as the leader of this name has decided in its term. The answer is `false`
    /// when somebody has, or when somebody else leads by now.
    async fn pause_once(&self, by: By<'_>, leader: (&str, Term), pause: &Pause) -> Result<bool>;

    /// Why jobs of a kind failed that wait or have failed for good: of attempts that ended at this time or later, at
    /// most so many.
    async fn errors_of(&self, kind: &str, since: Timestamp, limit: u32) -> Result<Vec<String>>;

    /// Lets the slots of a schedule pass from now on. `slot` is its newest, for when nothing is known of it yet.
    async fn pause_schedule(
        &self,
        by: By<'_>,
        schedule: &str,
        slot: Timestamp,
        pause: &SchedulePause,
    ) -> Result<()>;

    /// Fires it again at its slots. The answer is `false` when it was not paused.
    async fn resume_schedule(&self, by: By<'_>, schedule: &str) -> Result<bool>;

    /// Says within the caller's transaction that a schedule is fired between its slots, because somebody wants
    /// it. `slot` is its newest, for when nothing is known of it yet.
    async fn fired_by(
        &self,
        tx: &mut Tx,
        by: By<'_>,
        schedule: &str,
        slot: Timestamp,
    ) -> Result<()>;

    /// Failures that look alike, the newest first: see [`FailureGroup`].
    async fn failure_groups(&self, filter: &Filter, limit: u32) -> Result<Vec<FailureGroup>>;

    /// How many attempts ended how since the given instant, and how long jobs waited and ran. `grain` is how
    /// long the time is that is counted together: a minute, an hour or a day, in seconds. Minutes are kept
    /// for two days, hours for two weeks, days for ninety.
    async fn measures(&self, grain: u32, since: Timestamp) -> Result<Vec<Measured>>;

    /// Counts minutes together into hours, and these into days, and drops what is too old. It may be done as
    /// often as one likes.
    async fn roll_up(&self) -> Result<()>;

    /// Says that a worker lives, and what it is at. Its times are the store's.
    async fn report(&self, worker: &WorkerRecord) -> Result<()>;

    /// Says that a worker has ended.
    async fn leave(&self, worker: WorkerId) -> Result<()>;

    /// The workers that were heard of within the last minute.
    async fn workers(&self) -> Result<Vec<WorkerRecord>>;

    /// Until when the lead of this name lasts or lasted; [`None`] when nobody ever led.
    async fn led_until(&self, name: &str) -> Result<Option<Timestamp>>;

    /// Keeps how slots are given to queues, as the leader of this name has decided in its term. The answer is
    /// `false`, and nothing is kept, when somebody else leads by now.
    async fn decided(
        &self,
        leader: (&str, Term),
        decision: &Decision,
        memory: &Memory,
    ) -> Result<bool>;

    /// What was decided since then, the newest first. A day is kept.
    async fn decisions(&self, since: Timestamp, limit: u32) -> Result<Vec<Decided>>;

    /// What was decided after then, the oldest first. A day is kept.
    async fn decisions_after(&self, after: Timestamp, limit: u32) -> Result<Vec<Decided>>;

    /// What operators have said queues may have, instead of what is configured.
    async fn queue_settings(&self) -> Result<BTreeMap<QueueName, QueueSettings>>;

    /// Says what a queue may have from now on; [`None`] for what is configured.
    async fn set_queue(
        &self,
        by: By<'_>,
        queue: &QueueName,
        settings: Option<&QueueSettings>,
    ) -> Result<()>;

    /// The tags operators keep an eye on, in the order of the alphabet, with how many jobs have them.
    async fn watched_tags(&self) -> Result<Vec<WatchedTag>>;

    /// Keeps an eye on a tag. The answer is `false` when somebody does already.
    ///
    /// # Errors
    /// [`crate::Error::TooManyTags`] when there are [`crate::TAGS_WATCHED`], else what the store says.
    async fn watch_tag(&self, by: By<'_>, tag: &str) -> Result<bool>;

    /// Does so no longer. The answer is `false` when nobody did.
    async fn unwatch_tag(&self, by: By<'_>, tag: &str) -> Result<bool>;

    /// What operators did, the newest first.
    async fn actions(&self, limit: u32, before: Option<Timestamp>) -> Result<Vec<Action>>;
}

/// Who wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By<'a>(pub &'a str);

/// How failed jobs are tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retrying {
    /// So many each second; [`None`] for all at once.
    pub per_second: Option<u32>,
    /// With other data than they failed with, as JSON. Their worker says whether it can read it.
    pub payload: Option<String>,
}

/// How slots were given to queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// When.
    pub at: Timestamp,
    /// How, and from what.
    pub decision: Decision,
    /// What the next decision has to know.
    pub memory: Memory,
}
