//! The loop that fires schedules.

use std::sync::Arc;
use std::time::Duration;

use duly_db::retry::{self, Conflict};
use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Schedule, Schedules};
use crate::error::comes_of_conflict;
use crate::pause::Pause;
use crate::store::{Claim, Passing, ScheduleRecord, Term};
use crate::{Queue, Result};

/// The lease of whoever leads and fires schedules, see [`crate::store::Operations::led_until`].
pub const SCHEDULER_LEASE: &str = "scheduler";

/// How long a leader that has died keeps others from leading.
const LEASE: Duration = Duration::from_secs(15);

/// How often the lease is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(5);

/// Fires schedules, on whichever node leads.
#[derive(Debug, Clone)]
pub struct Scheduler {
    queue: Queue,
    schedules: Arc<[Schedule]>,
    holder: Uuid,
}

/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TickReport {
    /// Whether this scheduler leads. If not, it did nothing.
    pub leads: bool,
    /// What was fired: the schedule's name and the slot.
    pub fired: Vec<(&'static str, Timestamp)>,
    /// What was missed and fell out, see [`super::CatchUp::Skip`].
    pub skipped: Vec<(&'static str, Timestamp)>,
    /// What could not be fired. It is tried again with the next tick.
    pub failed: Vec<FailedFiring>,
}

/// A firing of which nothing was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedFiring {
    /// The schedule.
    pub name: &'static str,
    /// The slot.
    pub slot: Timestamp,
    /// Why.
    pub error: String,
}

/// What becomes of a slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// The schedule is new, or paused: only later slots are fired.
    Pass,
    Skip,
    Fire,
}

/// The newest slot of a schedule, if nothing has become of it yet.
#[derive(Clone, Copy)]
struct Open {
    slot: Timestamp,
    plan: Plan,
    /// How many slots before it nobody looked at.
    missed: u64,
}

impl Schedule {
    fn open(&self, known: Option<&ScheduleRecord>, now: Timestamp) -> Option<Open> {
        let slot = self.cadence.last(now);
        let Some(known) = known else {
            let plan = Plan::Pass;
            return Some(Open {
                slot,
                plan,
                missed: 0,
            });
        };
        if known.last_slot >= slot {
            return None;
        }
        let late = Duration::try_from(now.duration_since(slot)).unwrap_or_default();
        let is_paused = known
            .pause
            .as_ref()
            .is_some_and(|pause| pause.is_in_force(now));
        let plan = match self.catch_up.allows(late) {
            _ if is_paused => Plan::Pass,
            true => Plan::Fire,
            false => Plan::Skip,
        };
        let before = self.cadence.slots_between(known.last_slot, slot);
        let missed = match plan {
            Plan::Pass => 0,
            Plan::Skip => before.saturating_add(1),
            Plan::Fire => before,
        };
        Some(Open { slot, plan, missed })
    }
}

/// Why a firing failed.
struct NotFired(Box<dyn std::error::Error + Send + Sync>);

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for NotFired {
    fn from(error: E) -> Self {
        NotFired(error.into())
    }
}

impl Conflict for NotFired {
    fn is_conflict(&self) -> bool {
        comes_of_conflict(&*self.0)
    }
}

impl Scheduler {
    /// A scheduler that does not run yet: call [`Scheduler::tick`], or [`Scheduler::start`] it.
    #[must_use]
    pub fn new(queue: Queue, schedules: Schedules) -> Self {
        let holder = queue.new_id();
        Scheduler {
            queue,
            schedules: schedules.0.into(),
            holder,
        }
    }

    /// Fires what is due, if this scheduler leads.
    ///
    /// # Errors
    /// What the store says. A firing that fails is reported, not an error.
    pub async fn tick(&self) -> Result<TickReport> {
        let store = self.queue.store();
        let Some(term) = store.lead(SCHEDULER_LEASE, self.holder, LEASE).await? else {
            return Ok(TickReport::default());
        };
        let now = store.now().await?;
        let known = store.schedules().await?;
        let mut report = TickReport {
            leads: true,
            ..TickReport::default()
        };
        for schedule in self.schedules.iter() {
            if let Some(open) = schedule.open(known.get(schedule.name), now) {
                self.carry_out(schedule, open, term, &mut report).await;
            }
        }
        if !report.fired.is_empty() {
            self.queue.notify();
        }
        Ok(report)
    }

    async fn carry_out(
        &self,
        schedule: &Schedule,
        open: Open,
        term: Term,
        report: &mut TickReport,
    ) {
        let (name, slot) = (schedule.name, open.slot);
        let (queue, random) = (self.queue.clone(), self.queue.random().clone());
        let schedule = schedule.clone();
        let claim = async move {
            let again = || claim_and_fire(&queue, &schedule, open, term);
            retry::on_conflict(&*random, again).await
        };
        // A task of its own, so that a panic ends only this firing.
        let claimed = match tokio::spawn(claim).await {
            Ok(claimed) => claimed.map_err(|NotFired(error)| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match (claimed, open.plan) {
            (Ok(true), Plan::Fire) => report.fired.push((name, slot)),
            (Ok(true), Plan::Skip) => report.skipped.push((name, slot)),
            (Ok(_), _) => {}
            (Err(error), _) => {
                tracing::error!(schedule = name, %slot, error, "a schedule was not fired");
                if let Err(error) = self.queue.store().not_fired(name, &error).await {
                    tracing::warn!(schedule = name, %error, "why is not written down");
                }
                report.failed.push(FailedFiring { name, slot, error });
            }
        }
    }

    /// How long until something is due, or the lease must be renewed.
    async fn idle_time(&self) -> Duration {
        let Ok(now) = self.queue.store().now().await else {
            return RENEW_EVERY;
        };
        let next = self
            .schedules
            .iter()
            .map(|schedule| schedule.cadence.next(now))
            .min();
        let wait = next.and_then(|slot| Duration::try_from(slot.duration_since(now)).ok());
        wait.map_or(RENEW_EVERY, |wait| wait.min(RENEW_EVERY))
    }

    /// Ticks on the current Tokio runtime until it is stopped.
    pub fn start(self) -> SchedulerHandle {
        let stop = CancellationToken::new();
        let ticking = tokio::spawn(self.run(stop.clone()));
        SchedulerHandle { stop, ticking }
    }

    async fn run(self, stop: CancellationToken) {
        let mut pause = Pause::new();
        while !stop.is_cancelled() {
            let wait = match self.tick().await {
                Ok(_) => {
                    pause = Pause::new();
                    self.idle_time().await
                }
                Err(error) => {
                    tracing::warn!(%error, "the scheduler could not tick; trying again");
                    pause.next()
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        if let Err(error) = self
            .queue
            .store()
            .resign(SCHEDULER_LEASE, self.holder)
            .await
        {
            tracing::warn!(%error, "the scheduler could not give up its lead; it will run out");
        }
    }
}

/// Claims the slot and pushes its jobs, both or neither. The answer is `false` when the slot is
/// someone else's.
async fn claim_and_fire(
    queue: &Queue,
    schedule: &Schedule,
    open: Open,
    term: Term,
) -> std::result::Result<bool, NotFired> {
    let mut tx = queue.begin();
    let is_fired = open.plan == Plan::Fire;
    let claim = Claim {
        schedule: schedule.name,
        slot: open.slot,
        passing: match is_fired {
            true => Passing::Fired,
            false => Passing::Passed,
        },
        missed: open.missed,
        leader: SCHEDULER_LEASE,
        term,
    };
    if !queue.store().claim(&mut tx, &claim).await? {
        return Ok(false);
    }
    if is_fired {
        (schedule.fire)(&mut tx, open.slot).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// A running scheduler. Dropped, it stops.
#[derive(Debug)]
#[must_use = "a scheduler whose handle is dropped stops"]
pub struct SchedulerHandle {
    stop: CancellationToken,
    ticking: JoinHandle<()>,
}

impl SchedulerHandle {
    /// Stops, and gives the lead up so that another node can take it at once.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // It can only end early by a panic, which the runtime has reported.
        let _ = (&mut self.ticking).await;
    }
}

impl Drop for SchedulerHandle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
