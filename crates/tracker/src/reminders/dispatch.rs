//! The tick: finding the users whose reminders have to be looked at.

use jiff::SignedDuration;

use super::plan::PlanReminders;
use super::store;
use crate::{Result, Tracker};

/// How many users one transaction takes, so that others can write in between.
const BATCH: u32 = 200;

/// A user whose [`PlanReminders`] has not run within this time is looked at again.
const HOLD: SignedDuration = SignedDuration::from_hours(1);

/// Pushes a [`PlanReminders`] for every user whose next run has come, and answers how many.
/// Several nodes may do it at the same time: each run is claimed once.
///
/// # Errors
/// Whatever the database says; what was claimed before stays claimed.
pub async fn dispatch_due(tracker: &Tracker) -> Result<usize> {
    let mut dispatched = 0;
    loop {
        let now = tracker.clock.now();
        let due = store::due_schedules(&mut tracker.db.read_fresh(), now, BATCH).await?;
        if due.is_empty() {
            return Ok(dispatched);
        }
        let until = now
            .checked_add(HOLD)
            .unwrap_or_else(|_| super::schedule::never());
        let mut tx = tracker.db.begin_on_shared_rows();
        for schedule in &due {
            if store::claim(&mut tx, schedule, until).await? {
                let job = PlanReminders {
                    user: schedule.user,
                    slot: schedule.next_run,
                };
                tracker.queue.push(&mut tx, &job).await?;
                dispatched += 1;
            }
        }
        tx.commit().await?;
        tracker.queue.notify();
    }
}
