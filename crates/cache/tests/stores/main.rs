//! Every back end keeps the same rules, and what happens when Redis is away.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod away;
mod cluster;
mod counting;
mod failing_over;
mod guarded;
mod network;
mod rules;
mod runtimes;
mod sentinels;

use std::sync::Arc;
use std::time::{Duration, Instant};

use duly_cache::redis::Patience;
use duly_cache::store::{Connection, Known, Lost, Raise};
use duly_cache::{Credential, OwnerKey, OwnerKeys, Record, Redis, Store, View};
use duly_db::Version;
use duly_db::clock::SystemClock;
use duly_db::random::SystemRandom;
use duly_db::versions::{Cursor, Versions};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is waited for has to be so within this.
const LIMIT: Duration = Duration::from_secs(30);

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
async fn connected(url: &str) -> Redis {
    impatient(url, duly_cache::testing::PATIENCE).await
}

async fn impatient(url: &str, patience: Patience) -> Redis {
    let redis = start(url, patience);
    catch_up(&redis).await;
    redis
}

fn start(url: &str, patience: Patience) -> Redis {
    named(url, "here", patience)
}

fn named(url: &str, installation: &str, patience: Patience) -> Redis {
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    Redis::start(url.parse().unwrap(), installation, patience, clock, random)
}

async fn catch_up(redis: &Redis) {
    let store: &dyn Store<Somebody> = redis;
    let started = Instant::now();
    let connection = loop {
        if let Some(connection) = store.connection() {
            break connection;
        }
        assert!(started.elapsed() < LIMIT, "no connection");
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    store.has_caught_up(connection, Cursor::of(0)).await;
}

async fn introduce(store: &dyn Store<Somebody>, number: u128, data: i64) -> bool {
    let somebody = credential(owner(number), 1);
    let Ok(Some(fence)) = store.fence(&somebody).await else {
        return false;
    };
    let known = Known {
        record: Arc::new(Somebody(1)),
        versions: versions(data, 1),
        is_newest: true,
    };
    let kept = store.introduce(&somebody, fence, &known).await;
    kept.unwrap_or(false)
}

/// What may be served, if anybody knows.
async fn look(store: &dyn Store<Somebody>, number: u128) -> Result<Option<i64>, Lost> {
    let found = store.look(&credential(owner(number), 1), None, &[]).await?;
    Ok(found.floor.map(Version::number))
}

async fn floor(store: &dyn Store<Somebody>, number: u128) -> Option<i64> {
    look(store, number).await.ok().flatten()
}

async fn raise(store: &dyn Store<Somebody>, number: u128, data: i64) -> bool {
    let raise = Raise::Data(Version::of(data));
    store.raise(&[(owner(number), raise)]).await.is_ok()
}

/// Whoever is asked gives up the connection when it is gone.
async fn is_given_up(redis: &Redis, number: u128) {
    let before = connection(redis);
    let started = Instant::now();
    while connection(redis) == before {
        let _ = floor(redis, number).await;
        assert!(started.elapsed() < LIMIT, "it is kept");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn connection(redis: &Redis) -> Option<Connection> {
    Store::<Somebody>::connection(redis)
}
