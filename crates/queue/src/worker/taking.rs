//! Taking jobs whenever a slot is free and something is due.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;

use super::execution::{self, OVERTIME};
use super::settling::Ended;
use super::turns::Turns;
use super::{Shared, settling};
use crate::Result;
use crate::pause::Pause;
use crate::store::{Outcome, Reserved, Settlement, Want};

pub(super) async fn take<C: Clone + Send + Sync + 'static>(
    shared: Arc<Shared<C>>,
    results: mpsc::Sender<Ended>,
) {
    let slots = Arc::new(Semaphore::new(shared.options.slots.max(1)));
    let mut turns = Turns::new(shared.options.queues.clone());
    let mut wakes = shared.queue.wakes();
    let mut pause = Pause::new();
    while let Some(free) = free_slots(&shared, &slots).await {
        wakes.mark_unchanged();
        let wait = match take_once(&shared, &mut turns, free, &results).await {
            Ok(wait) => {
                pause = Pause::new();
                wait.min(shared.options.poll)
            }
            Err(error) => {
                tracing::warn!(%error, "jobs could not be taken; trying again");
                pause.next()
            }
        };
        idle(&shared, &mut wakes, wait).await;
    }
}

/// Waits until at least one slot is free; [`None`] when the worker has to stop.
async fn free_slots<C>(
    shared: &Shared<C>,
    slots: &Arc<Semaphore>,
) -> Option<Vec<OwnedSemaphorePermit>> {
    let first = tokio::select! {
        biased;
        () = shared.stop.cancelled() => return None,
        permit = slots.clone().acquire_owned() => permit.ok()?,
    };
    let mut free = vec![first];
    while let Ok(permit) = slots.clone().try_acquire_owned() {
        free.push(permit);
    }
    Some(free)
}

async fn idle<C>(shared: &Shared<C>, wakes: &mut watch::Receiver<u64>, wait: Duration) {
    if wait.is_zero() {
        return;
    }
    tokio::select! {
        () = shared.stop.cancelled() => {}
        // The sender lives in `shared`, so this only ever says that there is something new.
        _ = wakes.changed() => {}
        () = tokio::time::sleep(wait) => {}
    }
}

/// Fills the free slots, and says how long there will be nothing more to do.
async fn take_once<C: Clone + Send + Sync + 'static>(
    shared: &Arc<Shared<C>>,
    turns: &mut Turns,
    mut free: Vec<OwnedSemaphorePermit>,
    results: &mpsc::Sender<Ended>,
) -> Result<Duration> {
    let store = shared.queue.store();
    let kinds = shared.registry.names();
    match store.next_due(&shared.options.queues, &kinds).await? {
        None => return Ok(Duration::MAX),
        Some(wait) if !wait.is_zero() => return Ok(wait),
        Some(_) => {}
    }
    let limit = u32::try_from(free.len()).unwrap_or(u32::MAX);
    let shares = turns.shares(limit);
    let want = Want {
        kinds: &kinds,
        shares: &shares,
        limit,
        lease: shared.lease.length,
    };
    for job in store.reserve(&want).await? {
        let settlement = |outcome| Settlement {
            held: job.held,
            queue: job.queue.clone(),
            outcome,
        };
        match free.pop() {
            Some(slot) if !shared.stop.is_cancelled() => {
                shared
                    .running
                    .spawn(run(shared.clone(), job, slot, results.clone()));
            }
            slot => {
                let settlement = settlement(Outcome::Release);
                settling::hand_in(results, Ended { settlement, slot }).await;
            }
        }
    }
    Ok(Duration::ZERO)
}

async fn run<C: Clone + Send + Sync + 'static>(
    shared: Arc<Shared<C>>,
    job: Reserved,
    slot: OwnedSemaphorePermit,
    results: mpsc::Sender<Ended>,
) {
    let outcome = match shared.registry.handler(&job.name) {
        Some(handler) => {
            let task = execution::start(
                handler,
                &job,
                shared.context.clone(),
                shared.queue.random().clone(),
            );
            let renew_until = Instant::now() + handler.timeout + OVERTIME;
            shared
                .held
                .insert(job.held, task.abort_handle(), renew_until);
            execution::outcome(handler, &job, task.await, &**shared.queue.random())
        }
        None => None,
    };
    if outcome.is_none() && shared.held.is_lost(job.held) {
        tracing::warn!(job.id = %job.held.id, job.name = job.name, "job was taken over; aborted");
        shared.held.forget(job.held);
        return;
    }
    let outcome = outcome.unwrap_or(Outcome::Release);
    let settlement = Settlement {
        held: job.held,
        queue: job.queue,
        outcome,
    };
    let slot = Some(slot);
    settling::hand_in(&results, Ended { settlement, slot }).await;
}
