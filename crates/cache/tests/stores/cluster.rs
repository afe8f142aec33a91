//! A slot of a Cluster that moves while it is in use.

use std::sync::Arc;
use std::time::Instant;

use duly_cache::limits::Shared as _;
use duly_cache::testing::RedisCluster;
use duly_cache::{Redis, Store};

use super::counting::{API, is_admitted, node, noon, of};
use super::rules::entry;
use super::{
    LIMIT, Somebody, catch_up, connected, connection, credential, floor, introduce, owner, raise,
    view,
};

/// Where everything about an owner is.
fn key(number: u128) -> String {
    format!("duly:{{{}}}:here", owner(number))
}

/// What is found of an owner with an answer, and how often was asked so far.
async fn asked(redis: &Redis, number: u128) -> (i64, i64, u32) {
    let store: &dyn Store<Somebody> = redis;
    let who = owner(number).to_string();
    let counts = [of(&API, &who)];
    let list = Some(view("list"));
    let found = store
        .look(&credential(owner(number), 1), list, &counts)
        .await;
    let found = found.unwrap();
    let counted = &found.counted.unwrap()[0];
    let (floor, entry) = (found.floor.unwrap(), found.entry.unwrap());
    let count = counted.current + counted.previous;
    (floor.number(), entry.version.number(), count)
}

async fn fill(redis: &Redis, number: u128, version: i64) -> bool {
    let store: &dyn Store<Somebody> = redis;
    let entry = entry(version);
    let filled = store.fill(owner(number), view("list"), &entry).await;
    filled.unwrap()
}

#[tokio::test]
async fn a_slot_that_moves_keeps_working_and_shows_nothing_old() {
    let cluster = RedisCluster::start();
    let redis = connected(&cluster.url()).await;
    let slot = cluster.slot(&key(1));
    let to = (cluster.owner_of(slot) + 1) % 3;
    let before = connection(&redis);
    assert!(introduce(&redis, 1, 5).await && fill(&redis, 1, 5).await);
    assert_eq!(asked(&redis, 1).await, (5, 5, 1));
    cluster.begin_to_move(slot, to);
    assert!(raise(&redis, 1, 6).await && fill(&redis, 1, 6).await);
    assert_eq!(asked(&redis, 1).await, (6, 6, 2));
    // What is known of the owner lies there, what was counted still here.
    cluster.move_key(slot, to, &key(1));
    assert_eq!(asked(&redis, 1).await, (6, 6, 3));
    assert!(raise(&redis, 1, 7).await);
    assert!(!fill(&redis, 1, 6).await, "it is older than the floor");
    assert!(fill(&redis, 1, 7).await && introduce(&redis, 1, 7).await);
    assert_eq!(asked(&redis, 1).await, (7, 7, 4));
    let used = redis.used().await.unwrap();
    assert_eq!((used.len(), used[0].count), (1, 4));
    for key in cluster.keys_of(slot) {
        cluster.move_key(slot, to, &key);
    }
    cluster.end_move(slot, to);
    assert_eq!(asked(&redis, 1).await, (7, 7, 5));
    assert!(raise(&redis, 1, 8).await && fill(&redis, 1, 8).await);
    assert_eq!(asked(&redis, 1).await, (8, 8, 6));
    assert_eq!(connection(&redis), before, "it was not given up");
    let clients = [connected(&cluster.url()).await, redis];
    for client in &clients {
        assert_eq!(floor(client, 1).await, Some(8));
    }
}

#[tokio::test]
async fn what_is_counted_anywhere_in_a_cluster_is_seen_and_cleared() {
    let (cluster, clock) = (RedisCluster::start(), noon());
    let nodes = [
        node(&cluster.url(), &clock).await,
        node(&cluster.url(), &clock).await,
    ];
    let names: Vec<String> = (0..30).map(|number| format!("user{number}")).collect();
    for name in &names {
        for node in &nodes {
            assert!(is_admitted(node, &API, name).await);
        }
    }
    let mut used = nodes[0].redis.used().await.unwrap();
    used.sort_unstable();
    assert_eq!(used.len(), names.len());
    assert!(used.iter().all(|used| used.count == 2));
    let cleared = nodes[1].redis.clear(&|used| used.key != "user7").await;
    assert_eq!(cleared.unwrap().len(), names.len() - 1);
    let left = nodes[0].redis.used().await.unwrap();
    assert_eq!((left.len(), &*left[0].key), (1, "user7"));
}

/// Many ask at the same moment, while each is sent from one server to another.
#[tokio::test]
async fn many_who_ask_for_what_moves_are_told_nothing_wrong() {
    let cluster = RedisCluster::start();
    let redis = Arc::new(connected(&cluster.url()).await);
    let slot = cluster.slot(&key(1));
    let to = (cluster.owner_of(slot) + 1) % 3;
    assert!(introduce(&*redis, 1, 5).await);
    cluster.begin_to_move(slot, to);
    cluster.move_key(slot, to, &key(1));
    for data in 6..20 {
        let started = Instant::now();
        while !raise(&*redis, 1, data).await {
            assert!(started.elapsed() < LIMIT, "it cannot be raised");
            catch_up(&redis).await;
        }
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let redis = redis.clone();
            asked.spawn(async move { floor(&*redis, 1).await });
        }
        let told = asked.join_all().await;
        assert!(told.iter().flatten().all(|told| *told == data), "{told:?}");
        assert!(told.iter().any(Option::is_some), "somebody is told");
    }
}
