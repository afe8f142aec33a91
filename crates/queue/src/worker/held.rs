//! The jobs a worker holds at the moment.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::store::Held;

/// The jobs a worker holds: from their reservation until their result is stored.
#[derive(Debug, Default)]
pub(super) struct HeldJobs(Mutex<HashMap<Held, Entry>>);

#[derive(Debug)]
struct Entry {
    abort: AbortHandle,
    renew_until: Instant,
    lost: bool,
}

impl HeldJobs {
    fn entries(&self) -> MutexGuard<'_, HashMap<Held, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a job runs. Its lease is not renewed after `renew_until`.
    pub(super) fn insert(&self, held: Held, abort: AbortHandle, renew_until: Instant) {
        self.entries().insert(
            held,
            Entry {
                abort,
                renew_until,
                lost: false,
            },
        );
    }

    /// Those whose lease is to be renewed.
    pub(super) fn to_renew(&self, now: Instant) -> Vec<Held> {
        let entries = self.entries();
        let wanted = entries
            .iter()
            .filter(|(_, entry)| entry.renew_until > now && !entry.lost);
        wanted.map(|(held, _)| *held).collect()
    }

    /// Aborts attempts that are no longer ours.
    pub(super) fn lose(&self, lost: &[Held]) {
        let mut entries = self.entries();
        for held in lost {
            if let Some(entry) = entries.get_mut(held) {
                entry.lost = true;
                entry.abort.abort();
            }
        }
    }

    pub(super) fn is_lost(&self, held: Held) -> bool {
        self.entries().get(&held).is_some_and(|entry| entry.lost)
    }

    /// Aborts everything that still runs, and says how many that were.
    pub(super) fn abort_running(&self) -> usize {
        let entries = self.entries();
        let running = entries.values().filter(|entry| !entry.abort.is_finished());
        running.inspect(|entry| entry.abort.abort()).count()
    }

    pub(super) fn forget(&self, held: Held) {
        self.entries().remove(&held);
    }

    pub(super) fn count(&self) -> usize {
        self.entries().len()
    }
}
