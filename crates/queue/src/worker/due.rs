//! Running what is due right now, one job after the other.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::task::AbortOnDropHandle;

use super::{Lease, execution};
use crate::store::{Outcome, Reserved, Settled, Settlement, Want, WorkerId};
use crate::{JobId, Queue, QueueName, Registry, Result};

/// What [`Queue::run_due`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Jobs that are done.
    pub done: usize,
    /// Attempts that failed and will be followed by another.
    pub retried: usize,
    /// Jobs that failed for good.
    pub failed: usize,
    /// Why attempts failed, in the order in which they did.
    pub errors: Vec<(JobId, String)>,
}

impl Queue {
    /// Runs everything that is due, most important queue first, one job after the other, at most
    /// `limit` attempts. Jobs pushed meanwhile are run too.
    ///
    /// # Errors
    /// What the store says. The job it concerned comes back when its lease is over.
    pub async fn run_due<C: Clone + Send + Sync + 'static>(
        &self,
        registry: &Registry<C>,
        context: &C,
        limit: usize,
    ) -> Result<RunReport> {
        let lease = Lease::default();
        let kinds = registry.kinds();
        let shares: Vec<(QueueName, u32)> = registry
            .queues()
            .into_iter()
            .map(|queue| (queue, 1))
            .collect();
        let want = Want {
            kinds: &kinds,
            shares: &shares,
            limit: 1,
            lease: lease.length,
            worker: WorkerId(self.new_id()),
        };
        let mut report = RunReport::default();
        for _ in 0..limit {
            let Some(job) = self.store().reserve(&want).await?.pop() else {
                break;
            };
            let job = Arc::new(job);
            let settlement = self.run_held(registry, context, &job, lease).await?;
            if let Outcome::Retry { error, .. } | Outcome::Fail { error } = &settlement.outcome {
                report.errors.push((job.held.id, error.clone()));
            }
            for settled in self.store().settle(&[settlement]).await? {
                match settled {
                    Settled::Done => report.done += 1,
                    Settled::Retried => report.retried += 1,
                    Settled::Failed => report.failed += 1,
                    Settled::Released | Settled::Late => {}
                }
            }
        }
        Ok(report)
    }

    /// Runs one job while its lease is kept.
    async fn run_held<C: Clone + Send + Sync + 'static>(
        &self,
        registry: &Registry<C>,
        context: &C,
        job: &Arc<Reserved>,
        lease: Lease,
    ) -> Result<Settlement> {
        let Some(handler) = registry.handler(&job.name) else {
            return Ok(job.settled(Outcome::Release, Duration::ZERO));
        };
        let random = self.random();
        let (task, running) =
            execution::start(registry, handler, job, context.clone(), random.clone());
        let mut task = AbortOnDropHandle::new(task);
        let mut ticks = tokio::time::interval(lease.renew_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        let ended = loop {
            tokio::select! {
                ended = &mut task => break ended,
                _ = ticks.tick() => {
                    if !self.store().renew(&[job.held], lease.length).await?.is_empty() {
                        task.abort();
                    }
                }
            }
        };
        Ok(running.ended(handler, job, ended, &**random).settlement)
    }
}
