//! Writing a task down.

use duly_db::random::new_id;
use duly_db::versions::{self, Kind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Description, DueDate, DueTime, Labels, Priority, Status, Task, TaskTitle, store};
use crate::activity::{self, Actor, Entry};
use crate::id::TaskId;
use crate::idempotency::{self, Idempotent, Recorded};
use crate::input::{Field, Reader};
use crate::statistics::Changes;
use crate::{Result, Tracker, reminders};

/// The body of a request for a new task.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTaskInput {
    /// 1 to 500 characters on one line.
    #[schema(value_type = String, min_length = 1, max_length = 500, required = true)]
    #[serde(default)]
    title: Field<TaskTitle>,
    /// Markdown.
    #[schema(value_type = String, max_length = 20000)]
    #[serde(default)]
    description: Field<Description>,
    /// `pending` when left out.
    #[schema(value_type = Status)]
    #[serde(default)]
    status: Field<Status>,
    /// The day it is due.
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(default)]
    due_date: Field<DueDate>,
    /// The time on that day, `HH:MM`; needs a due date.
    #[schema(value_type = Option<String>, example = "18:00")]
    #[serde(default)]
    due_time: Field<DueTime>,
    /// `none` when left out.
    #[schema(value_type = Priority)]
    #[serde(default)]
    priority: Field<Priority>,
    /// At most twenty.
    #[schema(value_type = Vec<String>, max_items = 20)]
    #[serde(default)]
    labels: Field<Labels>,
}

/// A new task, checked.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// What is to be done.
    pub title: TaskTitle,
    /// More about it.
    pub description: Description,
    /// How far it has come.
    pub status: Status,
    /// When it is due.
    pub due_date: Option<DueDate>,
    /// The time on that day; only with a due date.
    pub due_time: Option<DueTime>,
    /// How much it matters.
    pub priority: Priority,
    /// Its labels.
    pub labels: Labels,
}

impl NewTaskInput {
    /// Checks the fields.
    ///
    /// # Errors
    /// Every wrong field at once.
    pub fn parse(self) -> Result<NewTask> {
        let mut reader = Reader::new();
        let title = reader.required("title", self.title);
        let description = reader
            .optional("description", self.description)
            .unwrap_or_default();
        let status = reader.optional("status", self.status).unwrap_or_default();
        let due_date = reader.nullable("due_date", self.due_date).flatten();
        let due_time = reader.nullable("due_time", self.due_time).flatten();
        let priority = reader
            .optional("priority", self.priority)
            .unwrap_or_default();
        let labels = reader.optional("labels", self.labels).unwrap_or_default();
        if due_time.is_some() && due_date.is_none() {
            reader.refuse("due_time", "needs_due_date", "needs a due date");
        }
        reader.finish()?;
        let title = title.ok_or_else(|| crate::Error::Internal("a checked title".into()))?;
        Ok(NewTask {
            title,
            description,
            status,
            due_date,
            due_time,
            priority,
            labels,
        })
    }
}

/// Writes a task down and answers it.
///
/// # Errors
/// The idempotency errors of [`idempotency::begin`]; else when the database fails.
pub async fn create(
    tracker: &Tracker,
    by: &Actor,
    new: NewTask,
    idempotent: Option<Idempotent>,
) -> Result<Recorded<Task>> {
    let owner = by.user;
    let now = tracker.clock.now();
    let task = Task {
        id: TaskId(new_id(tracker.random.as_ref(), now)),
        title: new.title.into_string(),
        description: new.description.into_string(),
        status: new.status,
        due_date: new.due_date.map(|day| day.0),
        due_time: new.due_time.map(|time| time.0),
        priority: new.priority,
        labels: new.labels.into_vec(),
        completed_at: (!new.status.is_open()).then_some(now),
        created_at: now,
        updated_at: now,
        version: 1,
        snoozed_until: None,
        muted: false,
        deleted_at: None,
    };
    let mut tx = tracker.db.begin_on_shared_rows();
    let _guard = match idempotency::begin(tracker, &mut tx, owner, idempotent.as_ref()).await? {
        idempotency::Begun::Replay(earlier) => return Ok(Recorded::Replayed(earlier)),
        idempotency::Begun::First(guard) => guard,
    };
    let mut figures = Changes::default();
    store::insert(&mut tx, owner, &task, &mut figures);
    figures.write(&mut tx, owner, now);
    activity::record(tracker, &mut tx, by, [Entry::created(&task)])?;
    reminders::task_changed(tracker, &mut tx, owner, &task).await?;
    if let Some(idempotent) = &idempotent {
        let location = format!("/api/v1/tasks/{}", task.id);
        idempotency::record(
            tracker,
            &mut tx,
            owner,
            idempotent,
            201,
            Some(location),
            &task,
        )?;
    }
    versions::raise(&mut tx, owner.0, Kind::Data);
    tx.commit().await?;
    Ok(Recorded::Fresh(task))
}
