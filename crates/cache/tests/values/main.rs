//! Values of no single owner, and locks: the same in a single process and on nodes that share Redis.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod away;
mod cluster;
mod flexible;
mod groups;
mod locks;
mod remembering;
mod schedule;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use duly_cache::Redis;
use duly_cache::testing::RedisServer;
use duly_cache::values::{Backing, Key, Process, Values};
use duly_db::clock::ManualClock;
use duly_db::random::SystemRandom;
use jiff::SignedDuration;
use tokio::sync::Semaphore;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const MEMORY: u64 = 1 << 20;

/// Two nodes, or twice the same process.
struct World {
    clock: Arc<ManualClock>,
    server: Option<RedisServer>,
    redis: Vec<Arc<Redis>>,
    nodes: [Values; 2],
}

impl World {
    fn in_process() -> Self {
        let clock = noon();
        let node = node(&clock, Arc::new(Process::new(clock.clone())), "1");
        World {
            clock,
            server: None,
            redis: Vec::new(),
            nodes: [node.clone(), node],
        }
    }

    async fn in_redis() -> Self {
        let server = RedisServer::start();
        let url = server.url();
        World {
            server: Some(server),
            ..World::at(&url).await
        }
    }

    async fn at(url: &str) -> Self {
        let clock = noon();
        let redis = [
            connected(url, "test", &clock).await,
            connected(url, "test", &clock).await,
        ];
        World {
            nodes: redis.clone().map(|redis| node(&clock, redis, "1")),
            clock,
            server: None,
            redis: redis.to_vec(),
        }
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(SignedDuration::try_from(time).unwrap());
    }

    /// How often the node has waited for Redis.
    fn round_trips(&self, node: usize) -> u64 {
        self.redis.get(node).map_or(0, |redis| redis.round_trips())
    }

    fn has_redis(&self) -> bool {
        !self.redis.is_empty()
    }
}

fn noon() -> Arc<ManualClock> {
    ManualClock::at("2026-11-23T12:00:00Z".parse().unwrap())
}

fn node(clock: &Arc<ManualClock>, backing: Arc<dyn Backing>, release: &str) -> Values {
    Values::new(
        backing,
        release,
        MEMORY,
        clock.clone(),
        Arc::new(SystemRandom),
    )
}

async fn connected(url: &str, installation: &str, clock: &Arc<ManualClock>) -> Arc<Redis> {
    let (address, random) = (url.parse().unwrap(), Arc::new(SystemRandom));
    let patience = duly_cache::testing::PATIENCE;
    let redis = Redis::start(address, installation, patience, clock.clone(), random);
    redis.connected().await;
    Arc::new(redis)
}

/// A number that loads read. The first ones wait after that until they are let go on.
struct Source {
    number: AtomicI64,
    loads: AtomicUsize,
    held: usize,
    gate: Semaphore,
}

impl Source {
    fn new() -> Arc<Self> {
        Self::holding(0)
    }

    /// So many loads wait.
    fn holding(held: usize) -> Arc<Self> {
        Arc::new(Source {
            number: AtomicI64::new(1),
            loads: AtomicUsize::new(0),
            held,
            gate: Semaphore::new(0),
        })
    }

    async fn load(self: Arc<Self>) -> Result<i64, Infallible> {
        let number = self.number.load(Ordering::Relaxed);
        if self.loads.fetch_add(1, Ordering::Relaxed) < self.held {
            self.gate.acquire().await.unwrap().forget();
        }
        Ok(number)
    }

    fn set(&self, number: i64) {
        self.number.store(number, Ordering::Relaxed);
    }

    fn loads(&self) -> usize {
        self.loads.load(Ordering::Relaxed)
    }

    fn let_go(&self) {
        self.gate.add_permits(self.held);
    }

    async fn remembered(self: &Arc<Self>, node: &Values, key: &Key) -> i64 {
        let found = node.remember(key, MINUTE, self.clone().load());
        *bounded(found).await.unwrap()
    }

    /// Fresh for a minute, stale for an hour.
    async fn flexible(self: &Arc<Self>, node: &Values, key: &Key) -> i64 {
        let found = node.flexible(key, MINUTE, HOUR, self.clone().load());
        *bounded(found).await.unwrap()
    }
}

/// Nothing takes longer, however busy the machine is.
const LIMIT: Duration = Duration::from_secs(20);

async fn bounded<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.unwrap()
}

/// How many commands the server has run.
fn commands(server: &RedisServer) -> u64 {
    let script =
        "return string.match(redis.call('INFO','stats'),'total_commands_processed:(%d+)')+0";
    let said = server.say(&format!("EVAL \"{script}\" 0"));
    said.trim_start_matches(':').parse().unwrap()
}

/// How many of those it takes to learn that.
fn idle(server: &RedisServer) -> u64 {
    let before = commands(server);
    commands(server) - before
}

async fn eventually(mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < LIMIT, "it never is");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Runs the tests in a single process and on two nodes that share Redis.
macro_rules! everywhere {
    ($($name:ident)*) => {
        mod in_process {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::World::in_process()).await;
            })*
        }

        mod in_redis {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::World::in_redis().await).await;
            })*
        }
    };
}
use everywhere;
