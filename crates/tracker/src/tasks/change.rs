//! Changing a task.

use duly_db::Tx;
use duly_db::versions::{self, Kind};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Description, DueDate, DueTime, Labels, Priority, Status, Task, TaskTitle, store};
use crate::activity::{self, Actor, Entry};
use crate::id::{TaskId, UserId};
use crate::input::{Field, Reader};
use crate::statistics::Changes;
use crate::{Error, Result, Tracker, reminders};

/// The body of a request to change a task. Fields left out stay as they are.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskChangeInput {
    /// 1 to 500 characters on one line.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    #[serde(default)]
    title: Field<TaskTitle>,
    /// Markdown.
    #[schema(value_type = String, max_length = 20000)]
    #[serde(default)]
    description: Field<Description>,
    /// Setting `completed` sets `completed_at`; anything else clears it.
    #[schema(value_type = Status)]
    #[serde(default)]
    status: Field<Status>,
    /// Null takes the due date away, and the time with it.
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(default)]
    due_date: Field<DueDate>,
    /// Null takes the time away.
    #[schema(value_type = Option<String>, example = "18:00")]
    #[serde(default)]
    due_time: Field<DueTime>,
    /// How much it matters.
    #[schema(value_type = Priority)]
    #[serde(default)]
    priority: Field<Priority>,
    /// Replaces all labels.
    #[schema(value_type = Vec<String>, max_items = 20)]
    #[serde(default)]
    labels: Field<Labels>,
    /// The overdue mail leaves the task out until this day.
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(default)]
    snoozed_until: Field<DueDate>,
    /// The overdue mail leaves the task out.
    #[schema(value_type = bool)]
    #[serde(default)]
    muted: Field<bool>,
}

/// A change, checked. `None` leaves the field as it is.
#[derive(Debug, Clone, Default)]
pub struct TaskChange {
    /// The new title.
    pub title: Option<TaskTitle>,
    /// The new description.
    pub description: Option<Description>,
    /// The new status.
    pub status: Option<Status>,
    /// The new due date, or none.
    pub due_date: Option<Option<DueDate>>,
    /// The new time of day, or none.
    pub due_time: Option<Option<DueTime>>,
    /// The new priority.
    pub priority: Option<Priority>,
    /// All the new labels.
    pub labels: Option<Labels>,
    /// Until when the overdue mail leaves it out, or not.
    pub snoozed_until: Option<Option<DueDate>>,
    /// Whether the overdue mail leaves it out.
    pub muted: Option<bool>,
}

impl TaskChangeInput {
    /// Checks the fields; `reader` knows where in the body they stand.
    ///
    /// # Errors
    /// Every wrong field at once.
    pub fn parse(self, mut reader: Reader) -> Result<TaskChange> {
        let change = TaskChange {
            title: reader.optional("title", self.title),
            description: reader.optional("description", self.description),
            status: reader.optional("status", self.status),
            due_date: reader.nullable("due_date", self.due_date),
            due_time: reader.nullable("due_time", self.due_time),
            priority: reader.optional("priority", self.priority),
            labels: reader.optional("labels", self.labels),
            snoozed_until: reader.nullable("snoozed_until", self.snoozed_until),
            muted: reader.optional("muted", self.muted),
        };
        if let (Some(None), Some(Some(_))) = (change.due_date, change.due_time) {
            reader.refuse("due_time", "needs_due_date", "needs a due date");
        }
        reader.finish()?;
        Ok(change)
    }
}

impl TaskChange {
    /// The task after the change, or `None` when nothing would differ.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a time of day would stand without a due date.
    pub(crate) fn apply(self, task: &Task, now: Timestamp) -> Result<Option<Task>> {
        let mut changed = task.clone();
        if let Some(title) = self.title {
            changed.title = title.into_string();
        }
        if let Some(description) = self.description {
            changed.description = description.into_string();
        }
        if let Some(status) = self.status {
            changed.status = status;
        }
        if let Some(due_date) = self.due_date {
            changed.due_date = due_date.map(|day| day.0);
            if due_date.is_none() {
                changed.due_time = None;
            }
        }
        if let Some(due_time) = self.due_time {
            changed.due_time = due_time.map(|time| time.0);
        }
        if changed.due_time.is_some() && changed.due_date.is_none() {
            return Err(Error::field(
                "due_time",
                "needs_due_date",
                "needs a due date",
            ));
        }
        if let Some(priority) = self.priority {
            changed.priority = priority;
        }
        if let Some(labels) = self.labels {
            changed.labels = labels.into_vec();
        }
        if let Some(until) = self.snoozed_until {
            changed.snoozed_until = until.map(|day| day.0);
        }
        if let Some(muted) = self.muted {
            changed.muted = muted;
        }
        changed.completed_at = match changed.status {
            Status::Completed => task.completed_at.or(Some(now)),
            Status::Pending | Status::InProgress => None,
        };
        if changed == *task {
            return Ok(None);
        }
        changed.version = task.version + 1;
        changed.updated_at = now;
        Ok(Some(changed))
    }
}

/// Changes a task and answers it as it is then. A change that changes nothing leaves the version
/// and the log as they are.
///
/// # Errors
/// [`Error::NotFound`] when the owner has no such task outside the trash;
/// [`Error::VersionMismatch`] when it has moved on from `if_match`; [`Error::Invalid`].
pub async fn change(
    tracker: &Tracker,
    by: &Actor,
    id: TaskId,
    change: TaskChange,
    if_match: Option<i64>,
) -> Result<Task> {
    let owner = by.user;
    let mut tx = tracker.db.begin_on_shared_rows();
    let task = store::lock(&mut tx, owner, id)
        .await?
        .filter(|task| task.deleted_at.is_none())
        .ok_or(Error::NotFound("task"))?;
    if if_match.is_some_and(|version| version != task.version) {
        return Err(Error::VersionMismatch);
    }
    let Some(changed) = change.apply(&task, tracker.clock.now())? else {
        return Ok(task);
    };
    let mut figures = Changes::default();
    write(tracker, &mut tx, owner, (&task, &changed), &mut figures).await?;
    figures.write(&mut tx, owner, changed.updated_at);
    activity::record(tracker, &mut tx, by, [Entry::changed(&task, &changed)])?;
    versions::raise(&mut tx, owner.0, Kind::Data);
    tx.commit().await?;
    Ok(changed)
}

/// Writes one changed task with everything that hangs on it but its log and the figures: those of many changes are
/// written together.
pub(super) async fn write(
    tracker: &Tracker,
    tx: &mut Tx,
    owner: UserId,
    (before, after): (&Task, &Task),
    figures: &mut Changes,
) -> Result<()> {
    if !store::update(tx, owner, before, after, figures).await? {
        return Err(Error::VersionMismatch);
    }
    reminders::task_changed(tracker, tx, owner, after).await
}
