//! The slots of a worker, and which queues have them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedSemaphorePermit;

use crate::QueueName;

/// How many slots each queue has: from the reservation of a job until its result is stored.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots(Arc<Mutex<BTreeMap<QueueName, u32>>>);

impl Slots {
    fn taken(&self) -> MutexGuard<'_, BTreeMap<QueueName, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many each queue has now.
    pub(super) fn by_queue(&self) -> BTreeMap<QueueName, u32> {
        self.taken().clone()
    }

    /// How many there are in all queues.
    pub(super) fn count(&self) -> usize {
        let taken: u32 = self.taken().values().sum();
        usize::try_from(taken).unwrap_or(usize::MAX)
    }

    /// Gives a slot to a job of this queue.
    pub(super) fn give(&self, permit: OwnedSemaphorePermit, queue: &QueueName) -> Slot {
        *self.taken().entry(queue.clone()).or_default() += 1;
        Slot {
            slots: self.clone(),
            queue: queue.clone(),
            _permit: permit,
        }
    }
}

/// A slot that a job has. Free again when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    queue: QueueName,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(taken) = self.slots.taken().get_mut(&self.queue) {
            *taken = taken.saturating_sub(1);
        }
    }
}
