//! What a decision is made from.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::QueueName;

/// What was seen of one queue, in the whole cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Observed {
    /// Jobs that could run now: ready and due, not those that run.
    pub backlog: u64,
    /// How long the oldest of them has been due.
    pub oldest_wait: Duration,
    /// Jobs that became due since the last observation, first attempts and later ones.
    pub arrived: u64,
    /// Attempts that ended since the last observation, however they ended.
    pub finished: u64,
    /// How long those ran, all together.
    pub run_time: Duration,
    /// Jobs that run now. Kept for whoever reads the decision: a job that runs is never cancelled
    /// for the balance, and floating slots make this say more than what the queue needs.
    pub busy: u32,
    /// Whether an operator has paused it.
    pub paused: bool,
}

/// What was seen of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Observation {
    /// The time since the last observation; zero for the first.
    pub elapsed: Duration,
    /// The slots of all nodes that live.
    pub total_slots: u32,
    /// The queues that are served.
    pub queues: BTreeMap<QueueName, Observed>,
}
