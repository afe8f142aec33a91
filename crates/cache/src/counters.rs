//! What the cache has done, for whoever operates it and for tests.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use utoipa::ToSchema;

/// What has been done since the process was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[schema(as = CacheCounters)]
pub struct Counters {
    /// Answers from the memory of the process.
    pub hits: u64,
    /// Answers from the store that nodes share.
    pub hits_in_store: u64,
    /// Answers that were made from the database.
    pub loads: u64,
    /// Look-ups in the database of who asks.
    pub callers_loaded: u64,
    /// Times a request waited because another node was loading.
    pub waits: u64,
    /// Times the store did not answer.
    pub lost: u64,
    /// Answers from memory that were made anew, to compare them.
    pub checks: u64,
    /// Those of them that were wrong. There must be none.
    pub stale: u64,
    /// About how many bytes the answers in memory take.
    pub memory_bytes: u64,
    /// How many answers are in memory, about.
    pub memory_entries: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) hits: Count,
    pub(crate) hits_in_store: Count,
    pub(crate) loads: Count,
    pub(crate) callers_loaded: Count,
    pub(crate) waits: Count,
    pub(crate) lost: Count,
    pub(crate) checks: Count,
    pub(crate) stale: Count,
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// Answers how many there are now.
    pub(crate) fn add(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Meter {
    pub(crate) fn read(&self, (memory_bytes, memory_entries): (u64, u64)) -> Counters {
        Counters {
            hits: self.hits.get(),
            hits_in_store: self.hits_in_store.get(),
            loads: self.loads.get(),
            callers_loaded: self.callers_loaded.get(),
            waits: self.waits.get(),
            lost: self.lost.get(),
            checks: self.checks.get(),
            stale: self.stale.get(),
            memory_bytes,
            memory_entries,
        }
    }
}
