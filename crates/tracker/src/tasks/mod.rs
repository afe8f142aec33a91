//! Tasks: what they are and what may be done with them.

mod bulk;
mod change;
mod condition;
mod create;
mod filter;
mod labels;
mod list;
mod store;
mod text;
mod trash;

use duly_db::partitions::yearly::{ForeignKey, YearlyTable};
use duly_db::partitions::{Kind, PartitionedTable, Period};
use duly_db::{Error as DbError, FromRow, FromValue, Row, Value};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::TaskId;
use crate::input::{FromText, Wrong};

pub use bulk::{BulkAction, BulkInput, bulk};
pub use change::{TaskChange, TaskChangeInput, change};
pub use create::{NewTask, NewTaskInput, create};
pub use filter::{Due, Sort, TaskField, TaskFilter};
pub use labels::{LabelCount, labels};
pub use list::{TaskEntry, get, list};
pub(crate) use store::{COLUMNS, insert_all, value_lists};
pub use text::{Description, Label, Labels, TaskTitle};
pub use trash::{PurgeTrash, delete, restore};

/// How tasks are laid out where the operator has them partitioned, and what refers to them.
pub const BY_YEAR: YearlyTable = YearlyTable {
    table: PartitionedTable {
        name: "tasks",
        column: "id",
        key: &["user_id", "id"],
        kind: Kind::Id,
        period: Period::Year,
        is_referenced: true,
    },
    foreign_keys: &[
        ForeignKey {
            table: "tasks",
            columns: &["user_id"],
            parent: "users",
            parent_columns: &["id"],
        },
        of_task("task_labels"),
        of_task("import_sources"),
    ],
};

const fn of_task(table: &'static str) -> ForeignKey {
    ForeignKey {
        table,
        columns: &["user_id", "task_id"],
        parent: "tasks",
        parent_columns: &["user_id", "id"],
    }
}

/// The latest day a task can be due. The day after stands for "no due date" in the database.
pub const LATEST_DUE_DATE: Date = jiff::civil::date(9999, 12, 30);

/// How far a task has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not begun.
    #[default]
    Pending,
    /// Begun.
    InProgress,
    /// Done; `completed_at` says since when.
    Completed,
}

/// How much a task matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Nothing was said about it.
    #[default]
    None,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

macro_rules! named_numbers {
    ($type:ident, $($name:literal = $number:literal => $variant:ident),*) => {
        impl $type {
            /// The name used in the API, in files and on the page.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name),* }
            }
        }
        impl FromText for $type {
            fn from_text(text: &str) -> Result<Self, Wrong> {
                match text {
                    $($name => Ok($type::$variant),)*
                    _ => Err(Wrong::new(
                        "unknown_value",
                        concat!("must be one of", $(" ", $name),*),
                    )),
                }
            }
        }
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Value::Int(match value { $($type::$variant => $number),* })
            }
        }
        impl FromValue for $type {
            fn from_value(value: &Value) -> Result<Self, DbError> {
                match i64::from_value(value)? {
                    $($number => Ok($type::$variant),)*
                    other => Err(DbError::Decode(format!(
                        concat!("no ", stringify!($type), " has number {}"), other
                    ))),
                }
            }
        }
    };
}

named_numbers!(Status, "pending" = 0 => Pending, "in_progress" = 1 => InProgress,
    "completed" = 2 => Completed);
named_numbers!(Priority, "none" = 0 => None, "low" = 1 => Low, "medium" = 2 => Medium,
    "high" = 3 => High);

impl Status {
    /// Whether there is still something to do.
    #[must_use]
    pub fn is_open(self) -> bool {
        self != Status::Completed
    }
}

/// A day a task can be due or snoozed to: 0001-01-01 to 9999-12-30.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueDate(pub Date);

impl FromText for DueDate {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let wrong = || Wrong::new("invalid_date", "must be a day like 2026-11-24");
        let bytes = text.as_bytes();
        let shape = bytes.len() == 10 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
        let date: Date = if shape {
            text.parse().map_err(|_| wrong())?
        } else {
            return Err(wrong());
        };
        if date.year() < 1 || date > LATEST_DUE_DATE {
            return Err(Wrong::new(
                "out_of_range",
                "must lie between 0001-01-01 and 9999-12-30",
            ));
        }
        Ok(DueDate(date))
    }
}

/// A time of day to the minute, in the owner's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueTime(pub Time);

impl FromText for DueTime {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let wrong = || Wrong::new("invalid_time", "must be a time of day like 18:00");
        if text.len() != 5 || text.as_bytes().get(2) != Some(&b':') {
            return Err(wrong());
        }
        Time::strptime("%H:%M", text)
            .map(DueTime)
            .map_err(|_| wrong())
    }
}

impl DueTime {
    /// Minutes after midnight.
    #[must_use]
    pub fn minute(self) -> i64 {
        i64::from(self.0.hour()) * 60 + i64::from(self.0.minute())
    }

    /// The time of day so many minutes after midnight, if there is one.
    #[must_use]
    pub fn from_minute(minute: i64) -> Option<Self> {
        let hour = i8::try_from(minute.div_euclid(60)).ok()?;
        let minute = i8::try_from(minute.rem_euclid(60)).ok()?;
        Time::new(hour, minute, 0, 0).ok().map(DueTime)
    }
}

/// A task as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// 1 to 500 characters.
    pub title: String,
    /// Markdown, at most 20,000 characters.
    pub description: String,
    /// How far it has come.
    pub status: Status,
    /// The day it is due, in the owner's zone.
    #[schema(value_type = Option<String>, format = Date)]
    pub due_date: Option<Date>,
    /// The time on that day, `HH:MM`.
    #[serde(serialize_with = "write_time")]
    #[schema(value_type = Option<String>, example = "18:00")]
    pub due_time: Option<Time>,
    /// How much it matters.
    pub priority: Priority,
    /// In the order given.
    pub labels: Vec<String>,
    /// Since when it is completed; kept by the status.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub completed_at: Option<Timestamp>,
    /// When it was written down.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Grows with each change; the strong `ETag`.
    pub version: i64,
    /// The overdue mail leaves it out until this day.
    #[schema(value_type = Option<String>, format = Date)]
    pub snoozed_until: Option<Date>,
    /// The overdue mail leaves it out.
    pub muted: bool,
    /// Since when it is in the trash.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deleted_at: Option<Timestamp>,
}

fn write_time<S: serde::Serializer>(time: &Option<Time>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_str(&write_hour_and_minute(*time)),
        None => serializer.serialize_none(),
    }
}

/// `HH:MM`.
#[must_use]
pub fn write_hour_and_minute(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

impl FromRow for Task {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        let due_date: Date = row.get("due_date")?;
        let labels: serde_json::Value = row.get("labels")?;
        Ok(Task {
            id: row.get("id")?,
            title: row.get("title")?,
            description: row.get("description")?,
            status: row.get("status")?,
            due_date: (due_date <= LATEST_DUE_DATE).then_some(due_date),
            due_time: DueTime::from_minute(row.get("due_minute")?).map(|time| time.0),
            priority: row.get("priority")?,
            labels: serde_json::from_value(labels)
                .map_err(|error| DbError::Decode(error.to_string()))?,
            completed_at: row.get("completed_at")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            version: row.get("version")?,
            snoozed_until: row.get("snoozed_until")?,
            muted: row.get("muted")?,
            deleted_at: row.get("deleted_at")?,
        })
    }
}
