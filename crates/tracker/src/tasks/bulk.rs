//! Changing many tasks at once: all of them or none.

use std::collections::HashMap;

use duly_db::versions::{self, Kind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::change::{self, TaskChange, TaskChangeInput};
use super::{Task, store, trash};
use crate::activity::{self, Actor, Entry};
use crate::id::TaskId;
use crate::idempotency::{self, Idempotent, Recorded};
use crate::input::{Field, FieldError, FromText, Reader, Wrong};
use crate::statistics::Changes;
use crate::{Error, Page, Result, Tracker};

/// The most tasks one request can change.
const MOST_TASKS: usize = 1000;

/// The body of a request to change many tasks: `ids` and exactly one of the others.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkInput {
    /// 1 to 1000 tasks.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 1000, required = true)]
    #[serde(default)]
    ids: Field<Vec<TaskId>>,
    /// What to change in each.
    #[serde(default)]
    change: Option<TaskChangeInput>,
    /// True moves them to the trash.
    #[schema(value_type = bool)]
    #[serde(default)]
    delete: Field<bool>,
    /// True takes them out of the trash.
    #[schema(value_type = bool)]
    #[serde(default)]
    restore: Field<bool>,
}

/// What to do with each task.
#[derive(Debug, Clone)]
pub enum BulkAction {
    /// Change it.
    Change(Box<TaskChange>),
    /// Move it to the trash.
    Delete,
    /// Take it out of the trash.
    Restore,
}

impl FromText for TaskId {
    fn from_text(text: &str) -> std::result::Result<Self, Wrong> {
        text.parse()
            .map_err(|_| Wrong::new("invalid_id", "must be the id of a task"))
    }
}

impl BulkInput {
    /// Checks the fields.
    ///
    /// # Errors
    /// Every wrong field at once.
    pub fn parse(self) -> Result<(Vec<TaskId>, BulkAction)> {
        let mut reader = Reader::new();
        let ids = reader.required("ids", self.ids).unwrap_or_default();
        let delete = reader.optional("delete", self.delete).unwrap_or_default();
        let restore = reader.optional("restore", self.restore).unwrap_or_default();
        if ids.len() > MOST_TASKS {
            reader.refuse(
                "ids",
                "too_many",
                format!("must name at most {MOST_TASKS} tasks"),
            );
        }
        let action = match (self.change, delete, restore) {
            (Some(change), false, false) => {
                let change = change.parse(Reader::under("change."))?;
                Some(BulkAction::Change(Box::new(change)))
            }
            (None, true, false) => Some(BulkAction::Delete),
            (None, false, true) => Some(BulkAction::Restore),
            _ => {
                let message = "exactly one of change, delete and restore must be given";
                reader.refuse("change", "required", message);
                None
            }
        };
        reader.finish()?;
        let action = action.ok_or_else(|| Error::Internal("a checked action".into()))?;
        Ok((ids, action))
    }
}

/// Does the same to many tasks, in one transaction, and answers them in the order named.
///
/// # Errors
/// [`Error::Invalid`] naming each id that the owner does not have; nothing is changed then.
pub async fn bulk(
    tracker: &Tracker,
    by: &Actor,
    ids: Vec<TaskId>,
    action: BulkAction,
    idempotent: Option<Idempotent>,
) -> Result<Recorded<Page<Task>>> {
    let owner = by.user;
    let now = tracker.clock.now();
    let mut tx = tracker.db.begin_on_shared_rows();
    let _guard = match idempotency::begin(tracker, &mut tx, owner, idempotent.as_ref()).await? {
        idempotency::Begun::Replay(earlier) => return Ok(Recorded::Replayed(earlier)),
        idempotency::Begun::First(guard) => guard,
    };
    let mut tasks: HashMap<TaskId, Task> = store::lock_all(&mut tx, owner, &ids)
        .await?
        .into_iter()
        .map(|task| (task.id, task))
        .collect();
    refuse_unknown(&ids, &tasks, &action)?;
    let (mut entries, mut figures) = (Vec::new(), Changes::default());
    for id in &ids {
        let Some(task) = tasks.get(id) else { continue };
        let after = match &action {
            BulkAction::Change(change) => change.as_ref().clone().apply(task, now)?,
            BulkAction::Delete => task
                .deleted_at
                .is_none()
                .then(|| trash::moved(task, Some(now), now)),
            BulkAction::Restore => task.deleted_at.map(|_| trash::moved(task, None, now)),
        };
        if let Some(after) = after {
            change::write(tracker, &mut tx, owner, (task, &after), &mut figures).await?;
            entries.push(Entry::changed(task, &after));
            tasks.insert(*id, after);
        }
    }
    let page = Page::whole(ids.iter().filter_map(|id| tasks.remove(id)).collect());
    if let Some(idempotent) = &idempotent {
        idempotency::record(tracker, &mut tx, owner, idempotent, 200, None, &page)?;
    }
    if !entries.is_empty() {
        figures.write(&mut tx, owner, now);
        activity::record(tracker, &mut tx, by, entries)?;
        versions::raise(&mut tx, owner.0, Kind::Data);
    }
    tx.commit().await?;
    Ok(Recorded::Fresh(page))
}

/// Trashed tasks can be restored or deleted again, but not changed.
fn refuse_unknown(
    ids: &[TaskId],
    tasks: &HashMap<TaskId, Task>,
    action: &BulkAction,
) -> Result<()> {
    let changing = matches!(action, BulkAction::Change(_));
    let errors: Vec<FieldError> = ids
        .iter()
        .enumerate()
        .filter(|(_, id)| {
            !tasks
                .get(id)
                .is_some_and(|task| !changing || task.deleted_at.is_none())
        })
        .map(|(index, _)| FieldError {
            field: format!("ids[{index}]"),
            code: "not_found",
            message: "no such task".into(),
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(errors))
    }
}
