//! How the cache is doing, as administrators are shown it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Counters;

/// The cache as this process sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CacheStatus)]
pub struct Status {
    /// Where nodes share what they know.
    pub store: StoreStatus,
    /// Since when `counters` has counted: the start of the process.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// How many bytes of answers the process keeps at most.
    pub memory_limit_bytes: u64,
    /// What has been done since.
    pub counters: Counters,
}

/// Where nodes share what they know, and whether that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = CacheStore)]
pub enum StoreStatus {
    /// In the memory of the process: there is no other node.
    Memory,
    /// Nowhere: each request asks the database.
    Database,
    /// In Redis or Valkey.
    Redis(RedisStatus),
}

/// Redis or Valkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CacheRedis)]
pub struct RedisStatus {
    /// How the right server is found.
    pub way: RedisWay,
    /// The servers that the setting names, without user and password; those that are asked for the
    /// right one when `way` is `sentinel`.
    pub servers: Vec<String>,
    /// Whether what it says is believed.
    pub state: RedisState,
    /// Since when it is connected, or not.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why it was last away; never a password.
    pub last_error: Option<String>,
    /// How many times a caller has waited for it.
    pub round_trips: u64,
}

/// How the right server is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CacheRedisWay)]
pub enum RedisWay {
    /// There is only one.
    Single,
    /// Sentinels know which one it is.
    Sentinel,
    /// The servers of a Cluster share the keys.
    Cluster,
}

/// Whether what Redis says is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CacheRedisState)]
pub enum RedisState {
    /// It is connected and believed.
    InUse,
    /// It is connected, but has not been told yet what was committed meanwhile.
    CatchingUp,
    /// There is no connection.
    Away,
}
