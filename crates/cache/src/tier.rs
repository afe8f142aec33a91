//! Answers in the memory of this process. Nothing invalidates them: whoever serves one compares its
//! version with what the store has said in the same request.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use moka::sync::Cache;

use crate::view::LONGEST_KEPT;
use crate::{Entry, OwnerKey, View};

/// The answers used last, up to so many bytes.
#[derive(Clone)]
pub(crate) struct Tier(Cache<(OwnerKey, View), Arc<Entry>>);

impl Tier {
    pub(crate) fn new(bytes: u64) -> Self {
        Tier(
            Cache::builder()
                .weigher(|_, entry: &Arc<Entry>| u32::try_from(entry.size()).unwrap_or(u32::MAX))
                .max_capacity(bytes)
                .time_to_live(LONGEST_KEPT.unsigned_abs())
                .build(),
        )
    }

    pub(crate) fn get(&self, owner: OwnerKey, view: View, now: Timestamp) -> Option<Arc<Entry>> {
        let found = self.0.get(&(owner, view));
        found.filter(|entry| entry.is_fresh(now))
    }

    pub(crate) fn put(&self, owner: OwnerKey, view: View, entry: Arc<Entry>) {
        let here = self.0.get(&(owner, view));
        if here.is_none_or(|here| here.version <= entry.version) {
            self.0.insert((owner, view), entry);
        }
    }

    /// How many bytes the answers take, about, and how many there are.
    pub(crate) fn size(&self) -> (u64, u64) {
        // What was put there since it last tidied up is not counted yet.
        self.0.run_pending_tasks();
        (self.0.weighted_size(), self.0.entry_count())
    }
}

impl fmt::Debug for Tier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Tier({:?})", self.size())
    }
}
