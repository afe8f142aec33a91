//! What administrators are shown.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Engine;

/// What has been slow since this process opened the database.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SlowQueries {
    /// A statement is slow from this on, in microseconds.
    pub threshold_us: u64,
    /// Since when slow statements are noted.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// How many texts were dropped from `data` because there were too many.
    pub forgotten: u64,
    /// One entry per text, the one that took the most time altogether first.
    pub data: Vec<SlowQuery>,
    /// The last slow statements, newest first.
    pub recent: Vec<SlowStatement>,
}

/// All slow statements of one text.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SlowQuery {
    /// A short name for the text, always the same.
    pub id: String,
    /// The statement without what was bound to it: `?` stands for a value, `(…)` for a list.
    pub text: String,
    /// How often it was slow.
    pub count: u64,
    /// How long all of them took, in microseconds.
    pub total_us: u64,
    /// How long one took on average, in microseconds.
    pub mean_us: u64,
    /// How many rows all of them read or changed.
    pub rows: u64,
    /// When one was last slow.
    #[schema(value_type = String, format = DateTime)]
    pub last_seen_at: Timestamp,
    /// The slowest.
    pub worst: SlowSample,
}

/// One slow statement.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SlowStatement {
    /// The short name of its text.
    pub id: String,
    /// Its text without what was bound to it.
    pub text: String,
    /// How it went.
    pub sample: SlowSample,
}

/// How one slow statement went.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SlowSample {
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How long it took, in microseconds, without the waiting before.
    pub duration_us: u64,
    /// How many rows it read or changed; 0 when it failed.
    pub rows: u64,
    /// How long it waited for a connection before, in microseconds.
    pub pool_wait_us: u64,
    /// What ran it.
    pub engine: Engine,
    /// `primary`, or the name of the replica that ran it.
    pub target: String,
    /// The file and line where it was written.
    pub caller: String,
    /// The request it was made for, as in the log.
    pub request_id: Option<Uuid>,
    /// What was bound to it; only when the setting `database.slow_query_values` is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
}
