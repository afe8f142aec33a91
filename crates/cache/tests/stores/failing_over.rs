//! A server of a Cluster that is killed, and its replica takes over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use duly_cache::limits::Limiter;
use duly_cache::redis::Patience;
use duly_cache::testing::RedisCluster;
use duly_cache::{Cache, Limits, OwnerKeys, Redis, Relay};
use duly_db::Engine;
use duly_db::clock::SystemClock;
use duly_db::testing::TestDatabase;
use duly_db::versions::{self, Kind};
use uuid::Uuid;

use super::{LIMIT, Somebody, connection, floor, introduce, look, owner, raise, start};

/// More often than the relay tells anything again.
const LONG: usize = 70;

/// A node of which a test says when its relay works.
struct Node {
    cluster: RedisCluster,
    database: TestDatabase,
    redis: Arc<Redis>,
    relay: Relay<Somebody>,
    /// An owner whose shard can be killed without that of the relay's note, and which it is.
    lost: (u128, usize),
    /// An owner in another shard.
    other: u128,
}

impl Node {
    async fn start() -> Self {
        let cluster = RedisCluster::with_replicas();
        let shard = |key: &str| cluster.owner_of(cluster.slot(key));
        let shard_of = |number: u128| shard(&format!("duly:{{{}}}:here", owner(number)));
        let noted = shard("duly:told:here");
        let lost = (1..).find(|number| shard_of(*number) != noted).unwrap();
        let lost = (lost, shard_of(lost));
        let other = (1..).find(|number| shard_of(*number) != lost.1).unwrap();
        let database = TestDatabase::new(&[versions::MIGRATIONS]).await;
        let patience = Patience {
            reader: Duration::from_secs(2),
            ..duly_cache::testing::PATIENCE
        };
        let (redis, clock) = (
            Arc::new(start(&cluster.url(), patience)),
            Arc::new(SystemClock),
        );
        let (limits, limiter) = (Limits::default(), Limiter::new(clock.clone()));
        let keys = OwnerKeys::new([7; 32]);
        let cache = Cache::new(redis.clone(), keys, limits, limiter, clock);
        let relay = Relay::start(cache, database.clone()).await.unwrap();
        let mut node = Node {
            cluster,
            database,
            redis,
            relay,
            lost,
            other,
        };
        node.catch_up().await;
        for number in [node.lost.0, node.other] {
            let mut tx = node.database.begin();
            versions::start(&mut tx, Uuid::from_u128(number))
                .await
                .unwrap();
            tx.commit().await.unwrap();
            assert!(introduce(&*node.redis, number, 1).await);
        }
        node
    }

    /// Commits a change, and says whether Redis could be told.
    async fn change(&self, number: u128, version: i64) -> bool {
        let mut tx = self.database.begin();
        versions::raise(&mut tx, Uuid::from_u128(number), Kind::Data);
        tx.commit().await.unwrap();
        raise(&*self.redis, number, version).await
    }

    /// Lets the relay work until what the Cluster says is believed.
    async fn catch_up(&mut self) {
        let started = Instant::now();
        while !self.is_believed_after_a_turn().await {
            assert!(started.elapsed() < LIMIT, "it is not believed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn is_believed_after_a_turn(&mut self) -> bool {
        self.relay.catch_up().await.unwrap();
        look(&*self.redis, self.other).await.is_ok()
    }
}

#[tokio::test]
async fn others_go_on_while_a_shard_is_lost() {
    let mut node = Node::start().await;
    let (lost, shard) = node.lost;
    for _ in 0..LONG {
        node.relay.catch_up().await.unwrap();
    }
    node.cluster.replica(shard).freeze();
    node.cluster.master(shard).kill();
    assert!(look(&*node.redis, lost).await.is_err());
    // MySQL's changes are found by the clock: those of the last half minute are told at each turn, so
    // that others go on only when the lost ones have changed nothing for so long.
    let by_clock = matches!(node.database.engine(), Engine::MariaDb | Engine::MySql);
    let newest = if by_clock { 1 } else { 2 };
    if by_clock {
        assert!(!node.is_believed_after_a_turn().await);
    } else {
        node.catch_up().await;
        assert_eq!(floor(&*node.redis, node.other).await, Some(1));
        assert!(node.change(node.other, 2).await);
        assert_eq!(floor(&*node.redis, node.other).await, Some(2));
    }
    // Whoever changes what is lost is not heard; from then on nobody is believed before they are.
    assert!(!node.change(lost, 2).await);
    assert!(look(&*node.redis, node.other).await.is_err());
    assert!(!node.is_believed_after_a_turn().await);
    node.cluster.replica(shard).thaw();
    node.cluster.wait_for_failover(shard);
    node.catch_up().await;
    let told = floor(&*node.redis, lost).await;
    assert!(told.is_none_or(|told| told >= 2), "{told:?}");
    assert_eq!(floor(&*node.redis, node.other).await, Some(newest));
}

#[tokio::test]
async fn a_shard_that_fails_over_is_told_again_before_it_is_believed() {
    let mut node = Node::start().await;
    let (lost, shard) = node.lost;
    assert!(node.change(lost, 2).await);
    node.relay.catch_up().await.unwrap();
    let before = connection(&node.redis);
    node.cluster.wait_for_copy(shard);
    node.cluster.master(shard).kill();
    assert!(look(&*node.redis, lost).await.is_err());
    assert!(
        !node.is_believed_after_a_turn().await,
        "it could not be told"
    );
    node.cluster.wait_for_failover(shard);
    // What the replica had not heard of when it took over.
    let forget = format!("HSET duly:{{{}}}:here g 1", owner(lost));
    assert_eq!(node.cluster.replica(shard).say(&forget), ":0");
    node.catch_up().await;
    assert_ne!(connection(&node.redis), before);
    assert_eq!(floor(&*node.redis, lost).await, Some(2));
}
