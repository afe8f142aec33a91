//! Taking jobs whenever a slot is free and something is due.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Instant, timeout};

use super::execution::{self, OVERTIME};
use super::patience::Patience;
use super::settling::Ended;
use super::slot::Slot;
use super::turns::Turns;
use super::{Shared, reporting, settling, sharing};
use crate::pause::Pause;
use crate::store::{Outcome, Reserved, Want};
use crate::{QueueName, Result};

/// How long to wait when something is due and cannot be taken: others take it just now, or it would come more
/// often than its rate allows.
const HELD_BACK: Duration = Duration::from_millis(50);

/// What the last look at the queues has found.
enum Found {
    /// As many jobs as there were slots, and there may be more.
    Enough,
    /// There will be nothing to do for so long.
    Nothing(Duration),
}

pub(super) async fn take<C: Clone + Send + Sync + 'static>(
    shared: Arc<Shared<C>>,
    results: mpsc::Sender<Ended>,
) {
    let slots = Arc::new(Semaphore::new(shared.options.slots.max(1)));
    let mut turns = Turns::new(shared.options.queues.clone());
    let mut wakes = shared.queue.wakes();
    let (mut pause, mut patience) = (Pause::new(), Patience::default());
    let mut found = Found::Nothing(Duration::ZERO);
    reporting::once(&shared).await;
    while let Some(free) = free_slots(&shared, &slots, (&found, &patience)).await {
        wakes.mark_unchanged();
        let began = Instant::now();
        found = match take_once(&shared, &mut turns, free, &found, &results).await {
            Ok(found) => {
                // Every further time it is set already.
                let _ = shared.has_looked.set(());
                pause = Pause::new();
                patience.took(began.elapsed());
                found
            }
            Err(error) => {
                tracing::warn!(%error, "jobs could not be taken; trying again");
                idle(&shared, &mut wakes, pause.next()).await;
                continue;
            }
        };
        if let Found::Nothing(wait) = found {
            idle(&shared, &mut wakes, wait.min(shared.options.poll)).await;
        }
    }
}

/// Waits until at least one slot is free; [`None`] when the worker has to stop. When all slots were filled the time
/// before, the first one waits for others.
async fn free_slots<C>(
    shared: &Shared<C>,
    slots: &Arc<Semaphore>,
    (found, patience): (&Found, &Patience),
) -> Option<Vec<OwnedSemaphorePermit>> {
    let first = tokio::select! {
        biased;
        () = shared.stop.cancelled() => return None,
        permit = slots.clone().acquire_owned() => permit.ok()?,
    };
    if let Found::Enough = found {
        let half = u32::try_from(shared.options.slots / 2).unwrap_or(u32::MAX);
        // Those that have come free are taken below.
        let _ = timeout(patience.wait(), slots.acquire_many(half)).await;
    }
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
    before: &Found,
    results: &mpsc::Sender<Ended>,
) -> Result<Found> {
    let store = shared.queue.store();
    let kinds = shared.registry.kinds();
    if let Found::Nothing(_) = before {
        match store.next_due(&shared.options.queues, &kinds).await? {
            None => return Ok(Found::Nothing(Duration::MAX)),
            Some(wait) if !wait.is_zero() => return Ok(Found::Nothing(wait)),
            Some(_) => {}
        }
    }
    let limit = u32::try_from(free.len()).unwrap_or(u32::MAX);
    let shares = shared.shares(turns, limit);
    let want = Want {
        kinds: &kinds,
        shares: &shares,
        limit,
        lease: shared.lease.length,
        worker: shared.id,
    };
    let jobs = store.reserve(&want).await?;
    let found = match (jobs.is_empty(), before) {
        (true, Found::Enough) => Found::Nothing(Duration::ZERO),
        (true, Found::Nothing(_)) => Found::Nothing(HELD_BACK),
        (false, _) if jobs.len() < free.len() => Found::Nothing(Duration::ZERO),
        (false, _) => Found::Enough,
    };
    // All slots are given before the first job runs: its result waits for those of all others.
    let jobs: Vec<(Reserved, Option<Slot>)> = jobs
        .into_iter()
        .map(|job| {
            let permit = free.pop();
            let slot = permit.map(|permit| shared.slots.give(permit, &job.queue));
            (job, slot)
        })
        .collect();
    for (job, slot) in jobs {
        match slot {
            Some(slot) if !shared.stop.is_cancelled() => {
                let run = run(shared.clone(), job, slot, results.clone());
                shared.running.spawn(run);
            }
            slot => {
                let settlement = job.settled(Outcome::Release, Duration::ZERO);
                settling::hand_in(results, Ended { settlement, slot }).await;
            }
        }
    }
    Ok(found)
}

impl<C> Shared<C> {
    /// Which queues to look into, in this order, and how many jobs to take from each.
    fn shares(&self, turns: &mut Turns, free: u32) -> Vec<(QueueName, u32)> {
        let part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        match &*part {
            Some(part) => {
                let served = &self.options.queues;
                sharing::shares(part, served, &self.slots.by_queue(), free)
            }
            None => turns.shares(free),
        }
    }
}

async fn run<C: Clone + Send + Sync + 'static>(
    shared: Arc<Shared<C>>,
    job: Reserved,
    slot: Slot,
    results: mpsc::Sender<Ended>,
) {
    let (registry, context) = (&shared.registry, shared.context.clone());
    let job = Arc::new(job);
    let settlement = match registry.handler(&job.name) {
        Some(handler) => {
            let random = shared.queue.random();
            let (task, running) =
                execution::start(registry, handler, &job, context, random.clone());
            let renew_until = Instant::now() + handler.timeout + OVERTIME;
            shared.held.insert(&job, task.abort_handle(), renew_until);
            let finished = running.ended(handler, &job, task.await, &**random);
            if finished.is_aborted && shared.held.is_lost(job.held) {
                let name = &*job.name;
                tracing::warn!(job.id = %job.held.id, job.name = name, "job was taken over; aborted");
                shared.held.forget(job.held);
                return;
            }
            finished.settlement
        }
        None => job.settled(Outcome::Release, Duration::ZERO),
    };
    let slot = Some(slot);
    settling::hand_in(&results, Ended { settlement, slot }).await;
}
