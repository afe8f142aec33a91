//! Redis servers, Sentinels and Clusters for each test, and a network between that can be broken.

pub use duly_redis::testing::{LIMIT, Proxy, RedisCluster, RedisSentinels, RedisServer, free_port};

use crate::redis::Patience;

/// For tests that are not about a server that does not answer: a busy machine is none.
pub const PATIENCE: Patience = Patience {
    writer: LIMIT,
    reader: LIMIT,
};
