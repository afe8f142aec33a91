//! The trash: deleted tasks can be restored for some days, then they are gone.

use std::collections::BTreeMap;
use std::time::Duration;

use duly_db::versions::{self, Kind};
use duly_queue::{Attempt, Job, JobError, QueueName};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Task, change, store};
use crate::activity::{self, Actor, Entry, Way};
use crate::id::{TaskId, UserId};
use crate::statistics::Changes;
use crate::{Error, Result, Tracker};

/// Moves a task to the trash.
///
/// # Errors
/// [`Error::NotFound`] when the owner has no such task outside the trash;
/// [`Error::VersionMismatch`] when it has moved on from `if_match`.
pub async fn delete(
    tracker: &Tracker,
    by: &Actor,
    id: TaskId,
    if_match: Option<i64>,
) -> Result<()> {
    move_to(tracker, by, id, if_match, Some(tracker.clock.now()))
        .await
        .map(|_| ())
}

/// Takes a task out of the trash and answers it. Restoring what is not in the trash changes
/// nothing.
///
/// # Errors
/// [`Error::NotFound`] when the owner has no such task.
pub async fn restore(tracker: &Tracker, by: &Actor, id: TaskId) -> Result<Task> {
    move_to(tracker, by, id, None, None).await
}

async fn move_to(
    tracker: &Tracker,
    by: &Actor,
    id: TaskId,
    if_match: Option<i64>,
    deleted_at: Option<Timestamp>,
) -> Result<Task> {
    let owner = by.user;
    let mut tx = tracker.db.begin_on_shared_rows();
    let task = store::lock(&mut tx, owner, id)
        .await?
        .ok_or(Error::NotFound("task"))?;
    match (task.deleted_at, deleted_at) {
        (Some(_), Some(_)) => return Err(Error::NotFound("task")),
        (None, None) => return Ok(task),
        _ => {}
    }
    if if_match.is_some_and(|version| version != task.version) {
        return Err(Error::VersionMismatch);
    }
    let moved = moved(&task, deleted_at, tracker.clock.now());
    let mut figures = Changes::default();
    change::write(tracker, &mut tx, owner, (&task, &moved), &mut figures).await?;
    figures.write(&mut tx, owner, moved.updated_at);
    activity::record(tracker, &mut tx, by, [Entry::changed(&task, &moved)])?;
    versions::raise(&mut tx, owner.0, Kind::Data);
    tx.commit().await?;
    Ok(moved)
}

pub(super) fn moved(task: &Task, deleted_at: Option<Timestamp>, now: Timestamp) -> Task {
    Task {
        deleted_at,
        updated_at: now,
        version: task.version + 1,
        ..task.clone()
    }
}

/// Deletes for good what has been in the trash for longer than the operator keeps it.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeTrash {}

/// How many tasks one transaction deletes, so that others can write in between.
const BATCH: u32 = 200;

impl Job for PurgeTrash {
    const NAME: &'static str = "purge_trash";
    const QUEUE: QueueName = QueueName::MAINTENANCE;
    const TIMEOUT: Duration = Duration::from_secs(600);
    type Context = Tracker;

    fn unique(&self) -> Option<String> {
        Some(Self::NAME.into())
    }

    async fn run(&self, tracker: &Tracker, _attempt: Attempt) -> std::result::Result<(), JobError> {
        let days = i64::from(tracker.settings.trash_days);
        let before = tracker
            .clock
            .now()
            .checked_sub(SignedDuration::from_hours(24 * days))
            .map_err(JobError::fail)?;
        loop {
            let purged = purge(tracker, before).await.map_err(JobError::retry)?;
            if purged > 0 {
                tracing::info!(tasks = purged, "deleted from the trash");
            }
            if u32::try_from(purged).is_ok_and(|purged| purged < BATCH) {
                return Ok(());
            }
        }
    }
}

/// Deletes some of what was moved to the trash before an instant; answers how many tasks.
async fn purge(tracker: &Tracker, before: Timestamp) -> Result<usize> {
    let mut tx = tracker.db.begin_on_shared_rows();
    let purged = store::purge(&mut tx, before, BATCH).await?;
    // In the order of the owners, so that two such transactions never wait for each other.
    let mut per_owner: BTreeMap<UserId, Vec<TaskId>> = BTreeMap::new();
    for (owner, task) in &purged {
        per_owner.entry(*owner).or_default().push(*task);
    }
    for (owner, tasks) in per_owner {
        let by = Actor::new(owner, Way::System);
        activity::record(tracker, &mut tx, &by, tasks.into_iter().map(Entry::purged))?;
        versions::raise(&mut tx, owner.0, Kind::Data);
    }
    tx.commit().await?;
    Ok(purged.len())
}
