//! How many answers are made at the same time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::{Cache, Limits, Overloaded, Record};

/// Of the loads there may be, one in so many is what nobody waits for yet …
const IN_BACKGROUND: usize = 4;

/// … while no more than one in so many is under way.
const BUSY: usize = 2;

#[derive(Debug)]
pub(crate) struct Loads {
    all: Semaphore,
    in_background: Arc<Semaphore>,
    limits: Limits,
}

impl Loads {
    pub(crate) fn new(limits: Limits) -> Self {
        Loads {
            all: Semaphore::new(limits.loads.max(1)),
            in_background: Arc::new(Semaphore::new((limits.loads / IN_BACKGROUND).max(1))),
            limits,
        }
    }

    /// A load may begin, after a while.
    pub(crate) async fn begin(&self) -> Result<SemaphorePermit<'_>, Overloaded> {
        let waiting = tokio::time::timeout(self.limits.wait, self.all.acquire());
        match waiting.await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Overloaded),
        }
    }

    /// One that nobody waits for may begin now.
    fn begin_in_background(&self) -> Option<OwnedSemaphorePermit> {
        let under_way = self.limits.loads.max(1) - self.all.available_permits();
        let is_busy = under_way * BUSY > self.limits.loads;
        let permit = self.in_background.clone().try_acquire_owned().ok();
        permit.filter(|_| !is_busy)
    }
}

impl<R: Record> Cache<R> {
    /// Does in the background what somebody is about to ask for, by [`Cache::visit`] and
    /// [`Cache::answer`], so that they find it. Nobody waits for it, and it takes nothing from those
    /// who ask: when many answers are being made, or many in the background, nothing is done, and it
    /// is loaded when they ask. Answers whether it is done.
    ///
    /// For after a log-in. After a start nothing is worth it: the answers that other nodes or the
    /// process before have kept in Redis are found there, and who asks for another has it loaded,
    /// once, in a turn that is bounded. To load for all who were there lately would be a storm just
    /// when a node has nothing in memory, for people of whom most do not come back at once.
    pub fn warm(&self, work: impl Future<Output = ()> + Send + 'static) -> bool {
        let Some(permit) = self.0.loads.begin_in_background() else {
            return false;
        };
        tokio::spawn(async move {
            work.await;
            drop(permit);
        });
        true
    }
}
