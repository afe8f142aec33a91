//! Work that comes back at certain times.
//!
//! Every node may run a [`Scheduler`]; one of them leads. A firing is a slot: the instant it was
//! planned for. It is claimed by its name and slot in the transaction that pushes its jobs, so it
//! happens once even when two nodes believe they lead, and not at all when pushing fails.

mod cadence;
mod scheduler;

use std::fmt::{Debug, Formatter};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use duly_db::Tx;
use jiff::Timestamp;

pub use self::cadence::{Cadence, CatchUp};
pub use self::scheduler::{FailedFiring, Scheduler, SchedulerHandle, TickReport};

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
}
