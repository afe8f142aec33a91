//! The back end of a single process: floors in memory.

use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use duly_db::{SharedClock, Version};
use jiff::Timestamp;
use quick_cache::sync::Cache;

use crate::limits::Count;
use crate::shelf::Shelf;
use crate::status::StoreStatus;
use crate::store::{Credential, Fence, Found, Known, Lost, Raise, Record, Store, Turn};
use crate::view::LONGEST_KEPT;
use crate::{Entry, OwnerKey, View};

/// So many owners are known at a time; about 100 MB when each has one session.
const OWNERS: usize = 200_000;

/// Floors and records; the answers are in the tier that every process has.
///
/// Whatever another process writes, such as `duly import` beside `duly serve`, is learned from the
/// table of versions ([`crate::relay`]).
pub struct Memory<R> {
    shelves: Cache<OwnerKey, Arc<Mutex<Records<R>>>>,
    fences: AtomicU64,
    clock: SharedClock,
}

type Records<R> = Shelf<[u8; 32], (Timestamp, Arc<R>)>;

impl<R: Record> Memory<R> {
    /// Knows nobody.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Memory {
            shelves: Cache::new(OWNERS),
            fences: AtomicU64::new(0),
            clock,
        }
    }
}

impl<R> fmt::Debug for Memory<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Memory")
    }
}

fn locked<T>(shelf: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics in there.
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl<R: Record> Store<R> for Memory<R> {
    async fn look(
        &self,
        credential: &Credential,
        _: Option<View>,
        _: &[Count<'_>],
    ) -> Result<Found<R>, Lost> {
        let Some(shelf) = self.shelves.get(&credential.owner) else {
            return Ok(Found::nothing());
        };
        let shelf = locked(&shelf);
        let record = shelf
            .record(credential.hash)
            .filter(|(read, _)| self.clock.now().duration_since(*read) <= LONGEST_KEPT);
        Ok(Found {
            floor: shelf.floor(),
            record: record.map(|(_, record)| record.clone()),
            entry: None,
            counted: None,
        })
    }

    async fn fence(&self, credential: &Credential) -> Result<Option<Fence>, Lost> {
        let empty = || Ok::<_, Infallible>(Arc::default());
        let Ok(shelf) = self.shelves.get_or_insert_with(&credential.owner, empty);
        let fence = Fence(self.fences.fetch_add(1, Ordering::Relaxed));
        locked(&shelf).fence(credential.hash, fence);
        Ok(Some(fence))
    }

    async fn introduce(
        &self,
        credential: &Credential,
        fence: Fence,
        known: &Known<R>,
    ) -> Result<bool, Lost> {
        // One that was dropped and made anew has no fence of ours.
        let Some(shelf) = self.shelves.get(&credential.owner) else {
            return Ok(false);
        };
        let record = (self.clock.now(), known.record.clone());
        let kept = locked(&shelf).introduce(credential.hash, fence, record, known.versions);
        Ok(kept)
    }

    async fn turn(&self, _: OwnerKey, _: View, _: Version) -> Result<Turn, Lost> {
        Ok(Turn::Ours)
    }

    async fn fill(&self, owner: OwnerKey, _: View, entry: &Entry) -> Result<bool, Lost> {
        let shelf = self.shelves.get(&owner);
        Ok(shelf.is_some_and(|shelf| locked(&shelf).fill(entry.version)))
    }

    async fn raise(&self, raises: &[(OwnerKey, Raise)]) -> Result<(), Lost> {
        for (owner, raise) in raises {
            if let Some(shelf) = self.shelves.get(owner) {
                locked(&shelf).raise(*raise);
            }
        }
        Ok(())
    }

    fn status(&self) -> StoreStatus {
        StoreStatus::Memory
    }
}
