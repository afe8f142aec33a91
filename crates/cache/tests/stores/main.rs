//! Every back end keeps the same rules, and what happens when Redis is away.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod away;
mod counting;
mod rules;

use std::sync::Arc;
use std::time::{Duration, Instant};

use duly_cache::redis::Patience;
use duly_cache::testing::RedisServer;
use duly_cache::{Credential, OwnerKey, OwnerKeys, Record, Redis, Store, View};
use duly_db::Version;
use duly_db::clock::SystemClock;
use duly_db::random::SystemRandom;
use duly_db::versions::{Cursor, Versions};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who somebody is.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Somebody(u64);

impl Record for Somebody {
    fn is_valid(&self, _: Timestamp) -> bool {
        true
    }
}

fn owner(number: u128) -> OwnerKey {
    OwnerKeys::new([7; 32]).of(Uuid::from_u128(number))
}

fn credential(owner: OwnerKey, number: u8) -> Credential {
    Credential {
        owner,
        hash: [number; 32],
    }
}

fn view(name: &str) -> View {
    View::of("1", &[name])
}

fn versions(data: i64, auth: i64) -> Versions {
    Versions {
        data: Version::of(data),
        auth,
    }
}

/// Connects, and says that everything has been told.
async fn connected(server: &RedisServer) -> Redis {
    impatient(server, RedisServer::PATIENCE).await
}

async fn impatient(server: &RedisServer, patience: Patience) -> Redis {
    let address = server.url().parse().unwrap();
    let redis = Redis::start(
        address,
        patience,
        Arc::new(SystemClock),
        Arc::new(SystemRandom),
    );
    catch_up(&redis).await;
    redis
}

async fn catch_up(redis: &Redis) {
    let store: &dyn Store<Somebody> = redis;
    let started = Instant::now();
    let connection = loop {
        if let Some(connection) = store.connection() {
            break connection;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "no connection");
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    store.has_caught_up(connection, Cursor::of(0)).await;
}
