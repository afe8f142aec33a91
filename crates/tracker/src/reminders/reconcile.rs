//! Finding promises whose job has been lost, whatever lost it.

use duly_db::Tx;
use duly_db::versions::{self, Kind as VersionKind};
use duly_queue::Pushed;
use jiff::{SignedDuration, Timestamp};

use super::{schedule, send, store};
use crate::notifications::State;
use crate::notifications::ledger::{self, Entry};
use crate::{Result, Tracker};

/// A promise that nothing has happened to for this long is looked at.
const STALE: SignedDuration = SignedDuration::from_mins(10);

/// How many promises one transaction looks at, and how many transactions one call makes.
const BATCH: u32 = 200;
const BATCHES: u32 = 10;

/// A promise attempted this often is given up, so that a mail that kills whoever sends it cannot
/// do so for ever.
const MOST_ATTEMPTS: u32 = 60;

/// What [`reconcile`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// Promises that have a job again.
    pub queued: u64,
    /// Promises that were given up.
    pub given_up: u64,
    /// Schedules that lay impossibly far ahead.
    pub brought_back: u64,
}

/// Gives every promise that waits a job again, if it has lost its own. To be called every minute
/// or so, on any node; it changes nothing where nothing is wrong.
///
/// # Errors
/// Whatever the database says; what was mended before stays mended.
pub async fn reconcile(tracker: &Tracker) -> Result<Reconciled> {
    let now = tracker.clock.now();
    let mut found = Reconciled::default();
    let mut tx = tracker.db.begin_on_shared_rows();
    found.brought_back = store::bring_back(&mut tx, schedule::farthest(now), now).await?;
    tx.commit().await?;
    for state in [State::Planned, State::Queued, State::Sending] {
        for _ in 0..BATCHES {
            if !mend(tracker, state, now, &mut found).await? {
                break;
            }
        }
    }
    tracker.queue.notify();
    Ok(found)
}

/// One batch; answers whether there may be more.
async fn mend(
    tracker: &Tracker,
    state: State,
    now: Timestamp,
    found: &mut Reconciled,
) -> Result<bool> {
    let before = now.checked_sub(STALE).unwrap_or(Timestamp::MIN);
    let mut conn = tracker.db.read_fresh();
    let stale = ledger::stale(&mut conn, state, before, BATCH).await?;
    if stale.is_empty() {
        return Ok(false);
    }
    let mut tx = tracker.db.begin_on_shared_rows();
    for entry in &stale {
        mend_one(tracker, &mut tx, entry, now, found).await?;
    }
    tx.commit().await?;
    Ok(u32::try_from(stale.len()).is_ok_and(|count| count == BATCH))
}

async fn mend_one(
    tracker: &Tracker,
    tx: &mut Tx,
    seen: &Entry,
    now: Timestamp,
    found: &mut Reconciled,
) -> Result<()> {
    let (user, id) = (seen.user, seen.id);
    let entry = match ledger::lock(tx, tracker.db.engine(), user, id).await? {
        Some(entry) if entry.state == seen.state => entry,
        _ => return Ok(()),
    };
    if entry.attempts >= MOST_ATTEMPTS {
        let reason = format!("given up after {} attempts", entry.attempts);
        ledger::change_state(tx, &entry, State::Failed, Some(&reason), now).await?;
        found.given_up += 1;
        versions::raise(tx, user.0, VersionKind::Data);
        return Ok(());
    }
    let task = Some(entry.promise.task).filter(|task| *task != ledger::NO_TASK);
    let tasks = task.into_iter().collect();
    match send::enqueue(tracker, tx, entry.promise.kind, (user, id), tasks, None).await? {
        Pushed::Duplicate(_) => Ok(ledger::touch(tx, &entry, now).await?),
        Pushed::New(_) => {
            let reason = Some("its job was lost and has been made again");
            ledger::change_state(tx, &entry, State::Queued, reason, now).await?;
            found.queued += 1;
            versions::raise(tx, user.0, VersionKind::Data);
            Ok(())
        }
    }
}
