//! What of a task is different.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::tasks::{Priority, Status, Task, write_hour_and_minute};

/// What became of each field of a task. Fields that stayed as they were are left out.
///
/// Its size is bounded by that of a title and of labels: a description can be long, and is not
/// repeated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Changes {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<FromTo<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Rewritten>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<FromTo<Status>>,
    #[schema(value_type = Option<FromTo<Option<String>>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<FromTo<Option<Date>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_time: Option<FromTo<Option<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<FromTo<Priority>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<FromTo<Vec<String>>>,
    #[schema(value_type = Option<FromTo<Option<String>>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    snoozed_until: Option<FromTo<Option<Date>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted: Option<FromTo<bool>>,
}

/// A value before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FromTo<T> {
    /// What it was.
    from: T,
    /// What it became.
    to: T,
}

impl<T: Clone + PartialEq> FromTo<T> {
    fn between(from: &T, to: &T) -> Option<Self> {
        (from != to).then(|| FromTo {
            from: from.clone(),
            to: to.clone(),
        })
    }
}

/// Says that a text is another one, but not which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rewritten {
    /// It was changed.
    Changed,
}

impl Changes {
    /// What is different after a change.
    pub(super) fn between(before: &Task, after: &Task) -> Self {
        let time = |task: &Task| task.due_time.map(write_hour_and_minute);
        Changes {
            title: FromTo::between(&before.title, &after.title),
            description: (before.description != after.description).then_some(Rewritten::Changed),
            status: FromTo::between(&before.status, &after.status),
            due_date: FromTo::between(&before.due_date, &after.due_date),
            due_time: FromTo::between(&time(before), &time(after)),
            priority: FromTo::between(&before.priority, &after.priority),
            labels: FromTo::between(&before.labels, &after.labels),
            snoozed_until: FromTo::between(&before.snoozed_until, &after.snoozed_until),
            muted: FromTo::between(&before.muted, &after.muted),
        }
    }
}
