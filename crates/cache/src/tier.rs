//! Answers in the memory of this process. Nothing invalidates them: whoever serves one compares its
//! version with what the store has said in the same request.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::{Entry, OwnerKey, View};

/// The answers used last, up to so many bytes.
pub(crate) struct Tier(Cache<Place, Arc<Entry>, Bytes>);

type Place = (OwnerKey, View);

#[derive(Clone)]
struct Bytes;

impl Weighter<Place, Arc<Entry>> for Bytes {
    fn weight(&self, _: &Place, entry: &Arc<Entry>) -> u64 {
        u64::try_from(entry.size()).unwrap_or(u64::MAX)
    }
}

/// About as large as an answer is, to begin with room for so many.
const USUAL: u64 = 4096;
const MOST: usize = 16 * 1024;

impl Tier {
    pub(crate) fn new(bytes: u64) -> Self {
        let answers = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX);
        Tier(Cache::with_weighter(answers.min(MOST), bytes, Bytes))
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

    /// How many bytes the answers take, and how many there are.
    pub(crate) fn size(&self) -> (u64, u64) {
        (
            self.0.weight(),
            u64::try_from(self.0.len()).unwrap_or(u64::MAX),
        )
    }
}

impl fmt::Debug for Tier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Tier({:?})", self.size())
    }
}
