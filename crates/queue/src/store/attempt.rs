//! What is known of attempts, for people.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::work::WorkerId;
use crate::JobLog;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The job was done.
    Done,
    /// It failed and was followed by another.
    Retried,
    /// It failed and was the last.
    Failed,
    /// Its worker died or was stuck.
    Expired,
    /// Its worker had to stop; it did not count.
    Released,
    /// An operator ended the job meanwhile.
    Cancelled,
}

impl AttemptOutcome {
    const ALL: [AttemptOutcome; 6] = [
        AttemptOutcome::Done,
        AttemptOutcome::Retried,
        AttemptOutcome::Failed,
        AttemptOutcome::Expired,
        AttemptOutcome::Released,
        AttemptOutcome::Cancelled,
    ];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            AttemptOutcome::Done => "done",
            AttemptOutcome::Retried => "retried",
            AttemptOutcome::Failed => "failed",
            AttemptOutcome::Expired => "expired",
            AttemptOutcome::Released => "released",
            AttemptOutcome::Cancelled => "cancelled",
        }
    }

    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
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
    /// Who made it.
    pub worker: Option<WorkerId>,
    /// What it logged; nothing while it runs.
    pub log: JobLog,
}
