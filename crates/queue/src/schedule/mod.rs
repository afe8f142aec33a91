//! Work that comes back at certain times.
//!
//! Every node may run a [`Scheduler`]; one of them leads. A firing is a slot: the instant it was
//! planned for. It is claimed by its name and slot in the transaction that pushes its jobs, so it
//! happens once even when two nodes believe they lead, and not at all when pushing fails. While a schedule is
//! paused its slots pass.

mod cadence;
mod scheduler;

use std::fmt::{Debug, Formatter};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use duly_db::Tx;
use jiff::Timestamp;

use crate::Queue;
use crate::store::{By, SchedulePause};

pub use self::cadence::{Cadence, CatchUp};
pub use self::scheduler::{FailedFiring, SCHEDULER_LEASE, Scheduler, SchedulerHandle, TickReport};

/// What a schedule does at its slot: it pushes jobs, and awaits nothing but the database.
pub type Firing<'a> =
    Pin<Box<dyn Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> + Send + 'a>>;

type Fire = dyn for<'a> Fn(&'a mut Tx, Timestamp) -> Firing<'a> + Send + Sync;

#[derive(Clone)]
struct Schedule {
    name: &'static str,
    cadence: Cadence,
    catch_up: CatchUp,
    fire: Arc<Fire>,
}

impl Debug for Schedule {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Schedule")
            .field("name", &self.name)
            .field("cadence", &self.cadence)
            .field("catch_up", &self.catch_up)
            .finish_non_exhaustive()
    }
}

/// The schedules of a program.
#[derive(Debug, Default)]
pub struct Schedules(Vec<Schedule>);

impl Schedules {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a schedule. Its name never changes once released: it is what remembers the slots.
    /// A schedule that is new to the database fires at its next slot for the first time.
    ///
    /// # Panics
    /// When two schedules have the same name, or one comes back after no time.
    #[must_use]
    pub fn every<F>(
        mut self,
        name: &'static str,
        cadence: Cadence,
        catch_up: CatchUp,
        fire: F,
    ) -> Self
    where
        F: for<'a> Fn(&'a mut Tx, Timestamp) -> Firing<'a> + Send + Sync + 'static,
    {
        assert!(
            self.0.iter().all(|other| other.name != name),
            "two schedules are named {name}"
        );
        assert!(
            cadence.is_possible(),
            "the schedule {name} comes back after no time"
        );
        self.0.push(Schedule {
            name,
            cadence,
            catch_up,
            fire: Arc::new(fire),
        });
        self
    }

    /// What there is, in the order it was added.
    pub fn planned(&self) -> impl Iterator<Item = Planned> {
        self.0.iter().map(|schedule| Planned {
            name: schedule.name,
            cadence: schedule.cadence.clone(),
            catch_up: schedule.catch_up,
        })
    }

    fn find(&self, name: &str) -> Option<&Schedule> {
        self.0.iter().find(|schedule| schedule.name == name)
    }

    /// Fires a schedule now, because somebody wants it; its slots stay as they are. The answer is `false` when
    /// there is none of this name.
    ///
    /// # Errors
    /// Why it could not be fired; nothing is kept then.
    pub async fn fire(
        &self,
        queue: &Queue,
        by: By<'_>,
        name: &str,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        let Some(schedule) = self.find(name) else {
            return Ok(false);
        };
        let now = queue.store().now().await?;
        let newest = schedule.cadence.last(now);
        let operations = queue.operations();
        let mut tx = queue.begin();
        operations.fired_by(&mut tx, by, name, newest).await?;
        (schedule.fire)(&mut tx, now).await?;
        tx.commit().await?;
        queue.notify();
        Ok(true)
    }

    /// Lets the slots of a schedule pass from now on. The answer is `false` when there is none of this name.
    ///
    /// # Errors
    /// What the store says.
    pub async fn pause(
        &self,
        queue: &Queue,
        by: By<'_>,
        name: &str,
        pause: &SchedulePause,
    ) -> crate::Result<bool> {
        let Some(schedule) = self.find(name) else {
            return Ok(false);
        };
        let newest = schedule.cadence.last(queue.store().now().await?);
        let operations = queue.operations();
        operations.pause_schedule(by, name, newest, pause).await?;
        Ok(true)
    }
}

/// A schedule, for those who look at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Its name.
    pub name: &'static str,
    /// How often it fires.
    pub cadence: Cadence,
    /// What becomes of firings that were missed.
    pub catch_up: CatchUp,
}

impl Planned {
    /// Its first slot after `now`.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Timestamp {
        self.cadence.next(now)
    }
}
