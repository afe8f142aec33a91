//! The activity log: who changed what of a task, when, and by which way.
//!
//! Entries are written in the transaction of the change they tell of, and never changed. They
//! outlive their task, until they are older than the operator keeps them.

mod actor;
mod changes;
mod list;
mod record;

use duly_db::partitions::{Kind, PartitionedTable, Period};
use duly_db::{Error as DbError, FromRow, Row};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::{ActivityId, UserId};
use crate::names::names;

pub use actor::{Actor, Way};
pub use changes::{Changes, FromTo, Rewritten};
pub use list::list;
pub(crate) use record::{Entry, record};

/// How the log is laid out.
pub(crate) const BY_MONTH: PartitionedTable = PartitionedTable {
    name: "activity",
    column: "at",
    key: &["user_id", "task_id", "at", "id"],
    kind: Kind::Instant,
    period: Period::Month,
    is_referenced: false,
};

/// What was done to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It was written down.
    Created,
    /// Something about it is different.
    Changed,
    /// It was done; something else may have been changed along with that.
    Completed,
    /// It was done and is not any more.
    Reopened,
    /// It was moved to the trash.
    Trashed,
    /// It was taken out of the trash.
    Restored,
    /// It was deleted for good.
    Purged,
}

names!(Action, "created" => Created, "changed" => Changed, "completed" => Completed,
    "reopened" => Reopened, "trashed" => Trashed, "restored" => Restored, "purged" => Purged);

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Activity {
    /// Its id.
    pub id: ActivityId,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What was done.
    pub action: Action,
    /// Who did it; for `system`, on whose behalf.
    pub actor: UserId,
    /// By which way.
    pub via: Way,
    /// What the API token was called that was used, if one was.
    pub token_name: Option<String>,
    /// What became of which field. Fields that stayed as they were are left out.
    #[schema(value_type = Changes)]
    pub changes: serde_json::Value,
}

impl FromRow for Activity {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok(Activity {
            id: row.get("id")?,
            at: row.get("at")?,
            action: row.get("action")?,
            actor: row.get("actor")?,
            via: row.get("via")?,
            token_name: row.get("token_name")?,
            changes: row.get("changes")?,
        })
    }
}
