//! The ledger of promises: what each person was to be told, when, and what became of it.

pub(crate) mod ledger;
mod list;
mod receipts;

use duly_db::partitions::{Kind as ColumnKind, PartitionedTable, Period};
use duly_db::{Error as DbError, FromRow, Row};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::{NotificationId, TaskId};
use crate::input::{FromText, Wrong};
use crate::names::names;

pub use list::list;
pub use receipts::{Receipt, ReceiptFilter, receipts};

/// How the ledger is laid out.
pub(crate) const BY_MONTH: PartitionedTable = PartitionedTable {
    name: "notifications",
    column: "slot",
    key: &["user_id", "id", "slot"],
    kind: ColumnKind::Day,
    period: Period::Month,
    is_referenced: false,
};

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A task is due tomorrow or today.
    Due,
    /// A task is due now.
    DueTime,
    /// Tasks are overdue; one mail a day about all of them.
    Overdue,
    /// A task is still open an hour after its time.
    Escalated,
    /// What is due and what is overdue, in one mail: the day's other mails are used up.
    Collected,
    /// The mail about a week.
    Digest,
}

/// How far a notification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Promised.
    Planned,
    /// A job will send it, for the first time or again.
    Queued,
    /// It is being handed to the mail server.
    Sending,
    /// The mail server has taken it.
    Sent,
    /// Every attempt failed.
    Failed,
    /// A mail server refused it for good, at once or later.
    Bounced,
    /// It arrived, and was reported as spam.
    Complained,
    /// There is no need for it any more.
    Cancelled,
}

names!(Kind, "due" => Due, "due_time" => DueTime, "overdue" => Overdue,
    "escalated" => Escalated, "collected" => Collected, "digest" => Digest);
names!(State, "planned" => Planned, "queued" => Queued, "sending" => Sending, "sent" => Sent,
    "failed" => Failed, "bounced" => Bounced, "complained" => Complained,
    "cancelled" => Cancelled);

impl State {
    /// Every state there is.
    pub(crate) const ALL: [State; 8] = [
        State::Planned,
        State::Queued,
        State::Sending,
        State::Sent,
        State::Failed,
        State::Bounced,
        State::Complained,
        State::Cancelled,
    ];

    /// Whether nothing more will happen to the notification by itself.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            State::Sent | State::Failed | State::Bounced | State::Complained | State::Cancelled
        )
    }
}

impl FromText for State {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let mut all = State::ALL.into_iter();
        all.find(|state| state.name() == text).ok_or_else(|| {
            let names = State::ALL.map(State::name).join(" ");
            Wrong::new("unknown_value", format!("must be one of {names}"))
        })
    }
}

/// The receipt of one notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// What it is about.
    pub kind: Kind,
    /// The task; null for a mail about several.
    pub task_id: Option<TaskId>,
    /// The task's title today; null for a mail about several, or when the task is gone.
    pub task_title: Option<String>,
    /// The day it is about, `2026-11-24`, or the time, `2026-11-24T18:00`; of a week its Monday.
    pub slot: String,
    /// How far it has come.
    pub state: State,
    /// When it was promised.
    #[schema(value_type = String, format = DateTime)]
    pub planned_at: Timestamp,
    /// When the mail server took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
    /// How often it was attempted.
    pub attempts: u32,
    /// Why it failed, was cancelled, or has to be attempted again.
    pub reason: Option<String>,
}

impl FromRow for Notification {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        let task: TaskId = row.get("task_id")?;
        Ok(Notification {
            id: row.get("id")?,
            kind: row.get("kind")?,
            task_id: (task != ledger::NO_TASK).then_some(task),
            task_title: row.get("title")?,
            slot: row.get("slot")?,
            state: row.get("state")?,
            planned_at: row.get("planned_at")?,
            sent_at: row.get("sent_at")?,
            attempts: row.get("attempts")?,
            reason: row.get("reason")?,
        })
    }
}
