//! Keeping the leases of all held jobs alive.

use std::sync::Arc;

use tokio::time::{Instant, MissedTickBehavior};

use super::Shared;

/// Renews in one call, aborts what was lost, and gives back what others have lost. Ends when the
/// worker has stopped and holds nothing.
pub(super) async fn keep<C>(shared: Arc<Shared<C>>) {
    let mut ticks = tokio::time::interval(shared.lease.renew_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !shared.stop.is_cancelled() || shared.held.count() > 0 {
        ticks.tick().await;
        let held = shared.held.to_renew(Instant::now());
        let store = shared.queue.store();
        match store.renew(&held, shared.lease.length).await {
            Ok(lost) => shared.held.lose(&lost),
            Err(error) => tracing::warn!(%error, held = held.len(), "leases were not renewed"),
        }
        if let Err(error) = store.sweep().await {
            tracing::warn!(%error, "the queue was not swept");
        }
    }
}
