//! Seeing from outside how a worker is doing.

use std::sync::Arc;

use tokio::sync::SetOnce;

use super::Shared;
use super::slot::Slots;

/// How a worker is doing. Clones tell the same.
#[derive(Debug, Clone)]
pub struct WorkerWatch {
    has_looked: Arc<SetOnce<()>>,
    taken: Slots,
    slots: usize,
}

impl WorkerWatch {
    pub(super) fn of<C>(shared: &Shared<C>) -> Self {
        WorkerWatch {
            has_looked: shared.has_looked.clone(),
            taken: shared.slots.clone(),
            slots: shared.options.slots.max(1),
        }
    }

    /// Comes back as soon as the worker takes jobs: the store has answered it what there is to do.
    pub async fn takes_jobs(&self) {
        self.has_looked.wait().await;
    }

    /// How many jobs it runs, and of how many at most.
    #[must_use]
    pub fn busy(&self) -> (usize, usize) {
        (self.taken.count(), self.slots)
    }
}
