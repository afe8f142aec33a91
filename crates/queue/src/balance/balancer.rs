//! Deciding again and again, on whichever node leads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Decision, Memory, Observation, Observed, Settings, decide};
use crate::pause::Pause;
use crate::store::{Paused, Term};
use crate::{Queue, QueueName, Result, Totals};

/// The lease of the leader.
const LEADER: &str = "balancer";

/// How long a leader that has died keeps others from leading.
const LEASE: Duration = Duration::from_secs(15);

/// After so long, what is counted from the beginning is counted from now on.
const COUNTED: Duration = Duration::from_secs(600);

/// Decides how slots are given to queues, on whichever node leads. What operators have said of a queue goes
/// before the settings.
#[derive(Debug)]
pub struct Balancer {
    queue: Queue,
    settings: Arc<Settings>,
    queues: Vec<QueueName>,
    holder: Uuid,
    before: Option<Before>,
}

/// What the last decision has left.
#[derive(Debug)]
struct Before {
    at: Timestamp,
    memory: Memory,
    plan: Vec<super::Planned>,
    /// Since when ends are counted, and how many there were by then.
    since: Timestamp,
    ended: BTreeMap<QueueName, Ended>,
    live: BTreeMap<QueueName, u64>,
}

/// How many attempts at jobs of a queue ended since a certain time, and how long they ran.
#[derive(Debug, Clone, Copy, Default)]
struct Ended {
    attempts: u64,
    run_time: Duration,
}

impl Balancer {
    /// One that does not run yet: call [`Balancer::tick`], or [`Balancer::start`] it.
    #[must_use]
    pub fn new(queue: Queue, queues: Vec<QueueName>, settings: Settings) -> Self {
        let holder = queue.new_id();
        Balancer {
            queue,
            settings: Arc::new(settings),
            queues,
            holder,
            before: None,
        }
    }

    /// Decides, if this balancer leads.
    ///
    /// # Errors
    /// What the store says.
    pub async fn tick(&mut self) -> Result<Option<Decision>> {
        let store = self.queue.store();
        let Some(term) = store.lead(LEADER, self.holder, LEASE).await? else {
            self.before = None;
            return Ok(None);
        };
        let now = store.now().await?;
        let mut before = match self.before.take() {
            Some(before) => before,
            None => self.begin(now).await?,
        };
        let observation = self.observe(&mut before, now).await?;
        let mut settings = (*self.settings).clone();
        settings
            .queues
            .extend(self.queue.operations().queue_settings().await?);
        let (decision, memory) = decide(&settings, &before.memory, &observation);
        let is_kept = self.keep(&before, term, &decision, &memory).await?;
        before.memory = memory;
        before.plan = decision.plan();
        before.at = now;
        self.before = is_kept.then_some(before);
        Ok(is_kept.then_some(decision))
    }

    /// Goes on from what the last leader has left.
    async fn begin(&self, now: Timestamp) -> Result<Before> {
        let operations = self.queue.operations();
        let last = operations.decisions(Timestamp::UNIX_EPOCH, 1).await?.pop();
        let (memory, plan) =
            last.map_or_else(Default::default, |last| (last.memory, last.decision.plan()));
        Ok(Before {
            at: now,
            memory,
            plan,
            since: now,
            ended: self.ended(now).await?,
            live: BTreeMap::new(),
        })
    }

    /// When nothing was to be decided, and nothing else was decided, nothing is kept of it.
    async fn keep(
        &self,
        before: &Before,
        term: Term,
        decision: &Decision,
        memory: &Memory,
    ) -> Result<bool> {
        let is_idle = |observed: &Observed| {
            observed.backlog == 0 && observed.arrived == 0 && observed.finished == 0
        };
        let nothing_was_done = decision.queues.iter().all(|one| is_idle(&one.observed));
        if nothing_was_done && before.plan == decision.plan() {
            return Ok(true);
        }
        let operations = self.queue.operations();
        operations.decided((LEADER, term), decision, memory).await
    }

    async fn observe(&self, before: &mut Before, now: Timestamp) -> Result<Observation> {
        let operations = self.queue.operations();
        let counts = operations.counts().await?;
        let oldest = operations.oldest().await?;
        let pauses = operations.pauses().await?;
        let workers = operations.workers().await?;
        let ended = self.ended(before.since).await?;
        let mut queues = BTreeMap::new();
        for queue in &self.queues {
            let counts = counts.get(queue).copied().unwrap_or_default();
            let all = ended.get(queue).copied().unwrap_or_default();
            let seen = before.ended.get(queue).copied().unwrap_or_default();
            let finished = all.attempts.saturating_sub(seen.attempts);
            let live = counts.ready + counts.running;
            let lived = before.live.insert(queue.clone(), live).unwrap_or(live);
            let waited = oldest.get(queue).map(|since| now.duration_since(*since));
            let observed = Observed {
                backlog: counts.ready,
                oldest_wait: waited
                    .and_then(|waited| Duration::try_from(waited).ok())
                    .unwrap_or_default(),
                // What is there now and what has ended was there before or has come.
                arrived: (live + finished).saturating_sub(lived),
                finished,
                run_time: all.run_time.saturating_sub(seen.run_time),
                busy: u32::try_from(counts.running).unwrap_or(u32::MAX),
                paused: pauses
                    .iter()
                    .any(|pause| pause.what == Paused::Queue(queue.clone())),
            };
            queues.insert(queue.clone(), observed);
        }
        before.ended = ended;
        let elapsed = Duration::try_from(now.duration_since(before.at)).unwrap_or_default();
        let counted = Duration::try_from(now.duration_since(before.since)).unwrap_or_default();
        if counted > COUNTED {
            before.since = now;
            before.ended = self.ended(now).await?;
        }
        Ok(Observation {
            elapsed,
            total_slots: workers
                .iter()
                .fold(0, |sum, worker| worker.slots.saturating_add(sum)),
            queues,
        })
    }

    /// How many attempts have ended, counted from the minute of that time.
    async fn ended(&self, since: Timestamp) -> Result<BTreeMap<QueueName, Ended>> {
        let measured = self.queue.operations().measures(60, since).await?;
        let mut ended: BTreeMap<QueueName, Ended> = BTreeMap::new();
        for one in measured {
            let of_queue = ended.entry(one.queue).or_default();
            of_queue.attempts += attempts(&one.totals);
            of_queue.run_time = of_queue.run_time.saturating_add(one.run.total());
        }
        Ok(ended)
    }

    /// Ticks on the current Tokio runtime until it is stopped.
    pub fn start(self) -> BalancerHandle {
        let stop = CancellationToken::new();
        let ticking = tokio::spawn(self.run(stop.clone()));
        BalancerHandle { stop, ticking }
    }

    async fn run(mut self, stop: CancellationToken) {
        let mut pause = Pause::new();
        while !stop.is_cancelled() {
            let wait = match self.tick().await {
                Ok(_) => {
                    pause = Pause::new();
                    self.settings.cooldown
                }
                Err(error) => {
                    tracing::warn!(%error, "the balancer could not decide; trying again");
                    pause.next()
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        if let Err(error) = self.queue.store().resign(LEADER, self.holder).await {
            tracing::warn!(%error, "the balancer could not give up its lead; it will run out");
        }
    }
}

/// Attempts that ended, however they ended, but for those that were given back.
fn attempts(totals: &Totals) -> u64 {
    totals.done + totals.failed + totals.retried + totals.expired
}

/// A running balancer. Dropped, it stops.
#[derive(Debug)]
#[must_use = "a balancer whose handle is dropped stops"]
pub struct BalancerHandle {
    stop: CancellationToken,
    ticking: JoinHandle<()>,
}

impl BalancerHandle {
    /// Stops, and gives the lead up so that another node can take it at once.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // It can only end early by a panic, which the runtime has reported.
        let _ = (&mut self.ticking).await;
    }
}

impl Drop for BalancerHandle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
