//! Whether what is served is right, looked at by the product itself, now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use duly_db::Version;

use crate::answer::Loaded;
use crate::store::{Credential, Record};
use crate::{Cache, Entry, OwnerKey, View, Visit};

/// By now whoever wrote has raised the floor, or the relay has.
const GRACE: Duration = Duration::from_secs(3);

/// How many answers are to be compared by whoever makes the next ones.
#[derive(Debug, Default)]
pub(crate) struct Due(AtomicU64);

impl Due {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether there is one.
    pub(crate) fn take(&self) -> bool {
        let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
        let taken = self.0.fetch_update(set, get, |due| due.checked_sub(1));
        taken.is_ok()
    }
}

impl<R: Record> Cache<R> {
    /// Makes an answer anew that was about to be served, and compares. What is wrong is counted,
    /// logged, and not served.
    pub(crate) async fn checked<E>(
        &self,
        visit: &Visit<R>,
        view: View,
        entry: Arc<Entry>,
        load: impl Future<Output = Result<Loaded, E>>,
    ) -> Result<Arc<Entry>, E> {
        self.0.meter.checks.add();
        let Ok(loaded) = load.await else {
            return Ok(entry);
        };
        let now = self.0.clock.now();
        match loaded.version {
            Some(version) if version == entry.version && entry.is_fresh(now) => {
                if loaded.body == entry.body {
                    return Ok(entry);
                }
                self.is_stale(visit.owner, view, "it is not what the database says");
                let right = Entry::new(version, now, loaded.tag, loaded.body);
                Ok(self.keep(visit.owner, view, right.until(loaded.until)))
            }
            Some(version) if version > entry.version => {
                // It may have been written just now.
                tokio::spawn(self.clone().expect_floor(visit.owner, view, version));
                Ok(entry)
            }
            _ => Ok(entry),
        }
    }

    /// After a while the floor is not below what was committed by now.
    async fn expect_floor(self, owner: OwnerKey, view: View, committed: Version) {
        tokio::time::sleep(GRACE).await;
        let nobody = Credential {
            owner,
            hash: [0; 32],
        };
        let found = self.0.store.look(&nobody, None, &[]).await;
        let floor = found.ok().and_then(|found| found.floor);
        if floor.is_some_and(|floor| floor < committed) {
            self.is_stale(owner, view, "its floor was not raised");
        }
    }

    fn is_stale(&self, owner: OwnerKey, view: View, reason: &str) {
        self.0.meter.stale.add();
        tracing::error!(%owner, %view, reason, "a kept answer is stale: this is a fault of Duly's");
    }
}
