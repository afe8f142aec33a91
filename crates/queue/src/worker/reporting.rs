//! Saying what a worker is at, and hearing which slots are for what.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};

use super::Shared;
use crate::balance::{Mode, Part, parts};
use crate::store::{WorkerId, WorkerRecord};

/// How often it says so.
const EVERY: Duration = Duration::from_secs(2);

/// Reports until the worker has stopped and holds nothing. Errors do no harm: the next report comes soon.
pub(super) async fn report<C>(shared: Arc<Shared<C>>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !shared.stop.is_cancelled() || shared.held.count() > 0 {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shared.stopped_idle() => break,
        }
        once(&shared).await;
    }
    let operations = shared.queue.operations();
    if let Err(error) = operations.leave(shared.id).await {
        tracing::debug!(%error, "a worker could not say that it has ended");
    }
}

/// Says what the worker is at, and hears its part of the plan.
pub(super) async fn once<C>(shared: &Shared<C>) {
    if let Err(error) = report_once(shared).await {
        tracing::debug!(%error, "a worker could not report what it is at");
    }
    match plan(shared).await {
        Ok(part) => *shared.part.lock().unwrap_or_else(PoisonError::into_inner) = part,
        // It goes on by the last one.
        Err(error) => tracing::debug!(%error, "a worker could not read its plan"),
    }
}

async fn report_once<C>(shared: &Shared<C>) -> crate::Result<()> {
    let now = shared.queue.store().now().await?;
    let record = WorkerRecord {
        id: shared.id,
        host: shared.options.about.host.clone(),
        process: std::process::id(),
        version: shared.options.about.version.to_owned(),
        queues: shared.options.queues.clone(),
        slots: u32::try_from(shared.options.slots.max(1)).unwrap_or(u32::MAX),
        running: shared.held.running(Instant::now()),
        memory: (shared.options.about.memory)(),
        started_at: now,
        heard_at: now,
    };
    shared.queue.operations().report(&record).await
}

/// Which part of the last plan is this worker's. A plan that was not kept anew is still in force.
async fn plan<C>(shared: &Shared<C>) -> crate::Result<Option<Part>> {
    let operations = shared.queue.operations();
    let Some(last) = operations.decisions(Timestamp::UNIX_EPOCH, 1).await?.pop() else {
        return Ok(None);
    };
    if last.decision.mode == Mode::Off {
        return Ok(None);
    }
    let workers = operations.workers().await?;
    let nodes: BTreeMap<WorkerId, u32> = workers
        .into_iter()
        .map(|worker| (worker.id, worker.slots))
        .collect();
    Ok(parts(&last.decision.plan(), &nodes).remove(&shared.id))
}

impl<C> Shared<C> {
    /// Ends when the worker is told to stop and holds nothing.
    async fn stopped_idle(&self) {
        self.stop.cancelled().await;
        self.running.wait().await;
    }
}
