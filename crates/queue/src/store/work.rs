//! What is pushed, taken and settled.

use std::borrow::Cow;
use std::fmt::{Display, Formatter};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{JobId, JobLog, Priority, QueueName, Rate};

/// A job to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewJob {
    /// Made by the queue.
    pub id: JobId,
    /// Where it waits.
    pub queue: QueueName,
    /// Its kind.
    pub name: Cow<'static, str>,
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
    /// Its place among the jobs of its queue.
    pub priority: Priority,
    /// Whose it is.
    pub lane: Option<String>,
    /// How long after it is due it may be tried again at most.
    pub retry_for: Option<Duration>,
    /// The span it is pushed in, as a `traceparent` (W3C Trace Context, 3.2), when its trace is recorded.
    #[serde(default)]
    pub trace_parent: Option<String>,
}

/// What has become of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It waits or runs.
    Open,
    /// It is done, or has been forgotten.
    Done,
    /// It has failed for good, and may be tried again.
    Failed,
    /// An operator has ended it.
    Cancelled,
}

/// What a worker is ready to run.
#[derive(Debug, Clone, Copy)]
pub struct Want<'a> {
    /// The kinds it knows; others are left alone.
    pub kinds: &'a [Kind],
    /// Which queues to look into, in this order, and how many jobs to take from each at most.
    pub shares: &'a [(QueueName, u32)],
    /// How many jobs in all.
    pub limit: u32,
    /// How long they are held before they must be renewed.
    pub lease: Duration,
    /// Who asks.
    pub worker: WorkerId,
}

impl<'a> Want<'a> {
    /// The shares of the queues that are open, with those of one queue together where that leaves the order as it
    /// is: next to each other, or as long as there is enough for all.
    pub(crate) fn together(
        &self,
        is_open: impl Fn(&QueueName) -> bool,
    ) -> Vec<(&'a QueueName, u32)> {
        let mut shares: Vec<(&'a QueueName, u32)> = Vec::new();
        let mut sum: u32 = 0;
        for (queue, share) in self.shares.iter().filter(|(queue, _)| is_open(queue)) {
            sum = sum.saturating_add(*share);
            let last = shares.len().wrapping_sub(1);
            let mut earlier = shares.iter_mut().enumerate();
            let same = earlier
                .find(|(at, (other, _))| *other == queue && (*at == last || sum <= self.limit));
            match same {
                Some((_, (_, share_of))) => *share_of = share_of.saturating_add(*share),
                None => shares.push((queue, *share)),
            }
        }
        shares
    }
}

/// A kind of job as a store knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// How many may start within a while.
    pub rate: Option<Rate>,
}

impl Kind {
    /// The name of a kind, which is most often one of these.
    pub(crate) fn name_among(kinds: &[Kind], name: String) -> Cow<'static, str> {
        match kinds.iter().find(|kind| kind.name == name) {
            Some(kind) => Cow::Borrowed(kind.name),
            None => Cow::Owned(name),
        }
    }
}

/// The id of a worker: another one after each start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(pub Uuid);

impl Display for WorkerId {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
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
    pub name: Cow<'static, str>,
    /// Its data as JSON.
    pub payload: String,
    /// Which attempt this is; the first is 1.
    pub attempt: u32,
    /// How many it has.
    pub tries: u32,
    /// Its place among the jobs of its queue.
    pub priority: Priority,
    /// How long it was due and nobody took it.
    pub waited: Duration,
    /// The span that pushed it, as in [`NewJob::trace_parent`].
    pub trace_parent: Option<String>,
}

impl Reserved {
    /// What is to be said of the attempt when it has ended, after so much time.
    #[must_use]
    pub fn settled(&self, outcome: Outcome, ran: Duration) -> Settlement {
        Settlement {
            held: self.held,
            queue: self.queue.clone(),
            name: self.name.clone(),
            priority: self.priority,
            waited: self.waited,
            ran,
            outcome,
            log: JobLog::default(),
        }
    }
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
    /// Its kind.
    pub name: Cow<'static, str>,
    /// Its place among the jobs of its queue.
    pub priority: Priority,
    /// How long it was due and nobody took it.
    pub waited: Duration,
    /// How long it ran.
    pub ran: Duration,
    /// How it ended.
    pub outcome: Outcome,
    /// What it logged.
    pub log: JobLog,
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
    /// What becomes of it.
    pub passing: Passing,
    /// How many slots before it passed without a firing.
    pub missed: u64,
    /// The lease whose holder may claim.
    pub leader: &'a str,
    /// The term the claimant leads in.
    pub term: Term,
}

/// What becomes of the slot of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// It fires.
    Fired,
    /// It passes: the schedule is new or paused, or it is too late.
    Passed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_queue_come_together_while_there_is_enough_for_all() {
        let (urgent, default) = (QueueName::URGENT, QueueName::DEFAULT);
        let shares = [
            (default.clone(), 1),
            (QueueName::REMINDERS, 1),
            (urgent.clone(), 1),
            (default.clone(), 1),
            (urgent.clone(), 8),
            (default.clone(), 8),
        ];
        let want = Want {
            kinds: &[],
            shares: &shares,
            limit: 8,
            lease: Duration::from_secs(15),
            worker: WorkerId(Uuid::nil()),
        };
        let together = want.together(|queue| *queue != QueueName::REMINDERS);
        assert_eq!(together, [(&default, 2), (&urgent, 9), (&default, 8)]);
    }
}
