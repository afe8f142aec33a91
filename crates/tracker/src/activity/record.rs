//! Writing the log.

use duly_db::random::new_id;
use duly_db::{Query, Tx, Value, query};

use super::{Action, Actor, Changes};
use crate::id::{ActivityId, TaskId};
use crate::tasks::{Task, value_lists};
use crate::{Error, Result, Tracker};

/// How many entries one statement writes.
const BATCH: usize = 100;

/// What is to be written down of one change.
#[derive(Debug)]
pub(crate) struct Entry {
    task: TaskId,
    action: Action,
    changes: Changes,
}

impl Entry {
    /// The task is new. What it was like then is what it is like now, with all changes undone.
    pub(crate) fn created(task: &Task) -> Self {
        Entry {
            task: task.id,
            action: Action::Created,
            changes: Changes::default(),
        }
    }

    /// The task is deleted for good.
    pub(crate) fn purged(task: TaskId) -> Self {
        Entry {
            task,
            action: Action::Purged,
            changes: Changes::default(),
        }
    }

    /// The task is another than before.
    pub(crate) fn changed(before: &Task, after: &Task) -> Self {
        let trash = (before.deleted_at.is_some(), after.deleted_at.is_some());
        let open = (before.status.is_open(), after.status.is_open());
        let action = match (trash, open) {
            ((false, true), _) => Action::Trashed,
            ((true, false), _) => Action::Restored,
            (_, (true, false)) => Action::Completed,
            (_, (false, true)) => Action::Reopened,
            _ => Action::Changed,
        };
        Entry {
            task: before.id,
            action,
            changes: Changes::between(before, after),
        }
    }
}

/// Writes entries down, to travel with the next statement of the transaction or its commit.
///
/// # Errors
/// [`Error::Internal`] when a change cannot be written as JSON, which none of ours is.
pub(crate) fn record(
    tracker: &Tracker,
    tx: &mut Tx,
    by: &Actor,
    entries: impl IntoIterator<Item = Entry>,
) -> Result<()> {
    let entries: Vec<Entry> = entries.into_iter().collect();
    for some in entries.chunks(BATCH) {
        tx.defer(insert(tracker, by, some)?);
    }
    Ok(())
}

fn insert(tracker: &Tracker, by: &Actor, entries: &[Entry]) -> Result<Query> {
    let now = tracker.clock.now();
    let mut statement = query(format!(
        "INSERT INTO activity (user_id, task_id, at, id, actor, via, token_name, action, changes) \
         VALUES {}",
        value_lists(entries.len(), 9)
    ));
    for entry in entries {
        let changes = serde_json::to_value(&entry.changes)
            .map_err(|error| Error::Internal(error.to_string()))?;
        statement = statement
            .bind(by.user)
            .bind(entry.task)
            .bind(now)
            .bind(ActivityId(new_id(tracker.random.as_ref(), now)))
            .bind(by.user)
            .bind(by.via)
            .bind(by.token_name.as_deref())
            .bind(entry.action)
            .bind(Value::Json(changes));
    }
    Ok(statement)
}
