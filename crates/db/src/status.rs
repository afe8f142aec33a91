//! How the database and its replicas are doing, as administrators are shown it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Engine;

/// The database as this process sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = DatabaseStatus)]
pub struct Status {
    /// What answers.
    pub engine: Engine,
    /// Its version, as it says it.
    pub version: String,
    /// The connections of this process.
    pub pool: Pool,
    /// The server that takes changes; on SQLite the file.
    pub primary: Primary,
    /// The servers that only answer reads; SQLite has none.
    pub replicas: Vec<Replica>,
    /// Who has answered reads since the start.
    pub reads: Reads,
}

/// The connections to the primary; on SQLite those that read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DatabasePool)]
pub struct Pool {
    /// How many are open.
    pub size: u64,
    /// How many of them do nothing.
    pub idle: u64,
    /// How many of them are used.
    pub in_use: u64,
    /// How many callers wait for one.
    pub waiting: u64,
    /// How many may be open.
    pub max: u64,
    /// How long half of the callers waited at most, in microseconds, if that is measured.
    pub acquire_wait_us_p50: Option<u64>,
    /// How long 99 of 100 callers waited at most, in microseconds, if that is measured.
    pub acquire_wait_us_p99: Option<u64>,
}

/// The server that takes changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DatabasePrimary)]
pub struct Primary {
    /// Whether it can be used.
    pub state: PrimaryState,
    /// Since when it is in this state, as far as this process knows.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// What it last failed with; never a password.
    pub last_error: Option<String>,
}

/// Whether the primary can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrimaryState {
    /// It takes changes.
    Up,
    /// It does not answer.
    Down,
    /// It answers, but takes no changes.
    ReadOnly,
    /// It answers, but its data are behind what has been acknowledged, so it must not be used.
    Refused,
}

impl PrimaryState {
    /// As it is written in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PrimaryState::Up => "up",
            PrimaryState::Down => "down",
            PrimaryState::ReadOnly => "read_only",
            PrimaryState::Refused => "refused",
        }
    }
}

/// A server that only answers reads.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = DatabaseReplica)]
pub struct Replica {
    /// What it is called, without user and password: its host and port.
    pub name: String,
    /// Whether it is asked.
    pub state: ReplicaState,
    /// How far it was behind when it was last looked at, in milliseconds, if it could say.
    pub lag_ms: Option<u64>,
    /// How long it took to answer when it was last looked at, in microseconds.
    pub round_trip_us: Option<u64>,
    /// How many reads it is answering at this moment.
    pub in_flight: u64,
    /// Which part of the reads of the last minute it has answered, from 0 to 1.
    pub share: f64,
    /// How many reads it has answered.
    pub served: u64,
    /// How many of its answers were older than what the reader had seen, and so were not used.
    pub rejected: u64,
    /// How often it was taken out.
    pub evictions: u64,
    /// When and why it was last taken out.
    pub last_eviction: Option<Eviction>,
}

/// Whether a replica is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaState {
    /// It answers reads.
    Serving,
    /// It was taken out.
    Evicted,
    /// It was taken out, answers again, and is looked at until it can be trusted.
    Probing,
}

impl ReplicaState {
    /// As it is written in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ReplicaState::Serving => "serving",
            ReplicaState::Evicted => "evicted",
            ReplicaState::Probing => "probing",
        }
    }
}

/// When and why a replica was taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReplicaEviction)]
pub struct Eviction {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// Who has answered reads since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DatabaseReads)]
pub struct Reads {
    /// Answered by a replica.
    pub replica: u64,
    /// Answered by the primary in place of a replica. Reads that have to see every change, such as
    /// those of sessions and permissions, are always its own and are not counted.
    pub primary: u64,
    /// Refused because more fell to the primary than it is allowed to take.
    pub primary_capped: u64,
}
