//! What is known of batches.

use std::fmt::{Display, Formatter};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The id of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchId(pub Uuid);

impl BatchId {
    /// The tag of its jobs.
    #[must_use]
    pub fn tag(self) -> String {
        format!("batch:{self}")
    }
}

impl Display for BatchId {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What state a batch is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Some of its jobs have not ended, or more may come.
    Running,
    /// All have ended.
    Finished,
    /// An operator has ended it.
    Cancelled,
}

/// How far a batch has come, to within a second or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRecord {
    /// The batch.
    pub id: BatchId,
    /// What it is called.
    pub name: String,
    /// Who wanted it.
    pub by: Option<String>,
    /// Its state.
    pub state: BatchState,
    /// How many jobs it has, steps that are to come included.
    pub total: u64,
    /// How many are done.
    pub done: u64,
    /// How many have failed for good and were not tried again.
    pub failed: u64,
    /// How many an operator has ended.
    pub cancelled: u64,
    /// The kind of the job that is pushed when all others have ended.
    pub completion: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl BatchRecord {
    /// How many have not ended.
    #[must_use]
    pub fn pending(&self) -> u64 {
        let ended = self.done + self.failed + self.cancelled;
        self.total.saturating_sub(ended)
    }
}
