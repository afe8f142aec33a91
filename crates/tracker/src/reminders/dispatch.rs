//! The tick: finding the users whose reminders have to be looked at.

use std::collections::BTreeMap;

use duly_queue::NewJobs;
use jiff::{SignedDuration, Timestamp};

use super::crowd::{CROWD, PlanManyReminders};
use super::plan::PlanReminders;
use super::store;
use crate::id::UserId;
use crate::{Result, Tracker};

/// A user whose reminders have not been planned within this time is looked at again.
const HOLD: SignedDuration = SignedDuration::from_hours(1);

/// Pushes jobs that plan the reminders of every user whose next run has come, and answers for how many.
/// Several nodes may do it at the same time: each run is claimed once. Between two transactions others can write.
///
/// # Errors
/// Whatever the database says; what was claimed before stays claimed.
pub async fn dispatch_due(tracker: &Tracker) -> Result<usize> {
    let mut dispatched = 0;
    let mut now = tracker.clock.now();
    while store::is_any_due(&mut tracker.db.read_fresh(), now).await? {
        let claimed = claim(tracker, now).await?;
        if claimed == 0 {
            // The rest is claimed by another node just now.
            break;
        }
        dispatched += claimed;
        now = tracker.clock.now();
    }
    Ok(dispatched)
}

async fn claim(tracker: &Tracker, now: Timestamp) -> Result<usize> {
    let mut tx = tracker.db.begin_on_shared_rows();
    let due = store::due_schedules(&mut tx, now, CROWD).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let mut slots: BTreeMap<Timestamp, Vec<UserId>> = BTreeMap::new();
    for schedule in &due {
        let together = slots.entry(schedule.next_run).or_default();
        together.push(schedule.user);
    }
    let users: Vec<UserId> = due.iter().map(|schedule| schedule.user).collect();
    let until = now
        .checked_add(HOLD)
        .unwrap_or_else(|_| super::schedule::never());
    store::put_off(&mut tx, &users, until).await?;
    let mut jobs = NewJobs::default();
    for (slot, users) in slots {
        match *users {
            [user] => {
                let alone = PlanReminders { user, slot };
                tracker.queue.add(&mut jobs, &alone, None)?;
            }
            _ => {
                let many = PlanManyReminders { users, slot };
                tracker.queue.add(&mut jobs, &many, None)?;
            }
        }
    }
    tracker.queue.push_all(&mut tx, jobs).await?;
    tx.commit().await?;
    tracker.queue.notify();
    Ok(due.len())
}
