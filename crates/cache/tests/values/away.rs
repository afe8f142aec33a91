//! Redis lost, and nodes that have none.

use std::sync::Arc;

use duly_cache::Sql;
use duly_cache::values::Key;

use super::{MINUTE, Source, World, connected, eventually, node, noon};

#[tokio::test]
async fn without_redis_everybody_loads_and_nobody_takes_a_lock() {
    let world = World::in_redis().await;
    let (server, source) = (world.server.as_ref().unwrap(), Source::new());
    let [one, two] = &world.nodes;
    let (key, alone) = (Key::named("sum").of("numbers"), Key::named("alone"));
    assert_eq!(source.remembered(one, &key).await, 1);
    assert_eq!(source.remembered(one, &alone).await, 1);
    let mut held = one.lock("report", MINUTE).await.unwrap().unwrap();
    server.kill();
    for number in 2..5 {
        source.set(number);
        for node in &world.nodes {
            assert_eq!(source.remembered(node, &key).await, number);
            assert_eq!(source.flexible(node, &key).await, number);
        }
    }
    assert_eq!(
        source.remembered(one, &alone).await,
        1,
        "nobody can forget it"
    );
    assert!(one.forget(&["numbers"]).await.is_err());
    assert!(two.lock("report", MINUTE).await.is_err());
    assert!(two.block("report", MINUTE, MINUTE).await.is_err());
    assert!(held.renew(MINUTE).await.is_err());
    assert!(held.release().await.is_err());
    server.resume();
    for redis in &world.redis {
        redis.connected().await;
    }
    let loads = source.loads();
    eventually(async || {
        source.remembered(one, &key).await;
        let before = source.loads();
        source.remembered(one, &key).await;
        before == source.loads()
    })
    .await;
    assert!(source.loads() > loads, "nothing from before is found");
    let lock = two.lock("report", MINUTE).await.unwrap().unwrap();
    assert!(lock.release().await.unwrap());
}

#[tokio::test]
async fn without_redis_a_thousand_who_ask_at_once_do_not_make_a_thousand_loads() {
    let world = World::in_redis().await;
    world.server.as_ref().unwrap().kill();
    let source = Source::holding(1);
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let (node, source) = (world.nodes[0].clone(), source.clone());
        let key = Key::named("sum").of("numbers");
        asked.spawn(async move { source.remembered(&node, &key).await });
    }
    eventually(async || source.loads() == 1).await;
    source.let_go();
    assert!(asked.join_all().await.into_iter().all(|found| found == 1));
    assert!(source.loads() <= 2, "{}", source.loads());
}

#[tokio::test]
async fn nothing_is_found_that_a_failover_has_brought_back() {
    let world = World::in_redis().await;
    let (server, source) = (world.server.as_ref().unwrap(), Source::new());
    let keys = [Key::named("sum").of("numbers"), Key::named("alone")];
    for key in &keys {
        assert_eq!(source.remembered(&world.nodes[0], key).await, 1);
        assert_eq!(source.remembered(&world.nodes[1], key).await, 1);
    }
    // What another server that takes over has: the keys, and the epoch of somebody else.
    assert_eq!(server.say("SET duly:epoch:test other:1234"), "+OK");
    let redis = connected(&server.url(), "test", &world.clock).await;
    let node = node(&world.clock, redis, "1");
    source.set(2);
    for key in &keys {
        assert_eq!(source.remembered(&node, key).await, 2);
    }
}

#[tokio::test]
async fn a_group_that_is_forgotten_in_one_epoch_is_forgotten_in_the_others() {
    let world = World::in_redis().await;
    let (server, source) = (world.server.as_ref().unwrap(), Source::new());
    let key = Key::named("sum").of("numbers");
    assert_eq!(server.say("FLUSHALL"), "+OK");
    assert_eq!(source.remembered(&world.nodes[0], &key).await, 1);
    // Whoever connects now begins another epoch.
    let redis = connected(&server.url(), "test", &world.clock).await;
    let new = node(&world.clock, redis, "1");
    source.set(2);
    new.forget(&["numbers"]).await.unwrap();
    assert_eq!(source.remembered(&world.nodes[0], &key).await, 2);
    source.set(3);
    world.nodes[0].forget(&["numbers"]).await.unwrap();
    assert_eq!(source.remembered(&new, &key).await, 3);
}

#[tokio::test]
async fn installations_that_share_a_redis_share_nothing_else() {
    let world = World::in_redis().await;
    let (server, source) = (world.server.as_ref().unwrap(), Source::new());
    let redis = connected(&server.url(), "other", &world.clock).await;
    let (ours, other) = (&world.nodes[0], node(&world.clock, redis, "1"));
    let keys = [Key::named("sum").of("numbers"), Key::named("alone")];
    for key in &keys {
        source.set(1);
        assert_eq!(source.remembered(ours, key).await, 1);
        source.set(2);
        assert_eq!(source.remembered(&other, key).await, 2);
    }
    other.forget(&["numbers"]).await.unwrap();
    assert_eq!(source.remembered(ours, &keys[0]).await, 1);
    let lock = ours.lock("report", MINUTE).await.unwrap().unwrap();
    assert!(other.lock("report", MINUTE).await.unwrap().is_some());
    assert!(lock.release().await.unwrap());
}

#[tokio::test]
async fn a_server_that_is_full_is_told_what_was_forgotten() {
    let world = World::in_redis().await;
    let (server, source) = (world.server.as_ref().unwrap(), Source::new());
    let [one, two] = &world.nodes;
    let key = Key::named("sum").of("numbers");
    assert_eq!(source.remembered(one, &key).await, 1);
    assert_eq!(server.say("CONFIG SET maxmemory-policy noeviction"), "+OK");
    assert_eq!(server.say("CONFIG SET maxmemory 1"), "+OK");
    source.set(2);
    two.forget(&["numbers"]).await.unwrap();
    for node in &world.nodes {
        assert_eq!(source.remembered(node, &key).await, 2);
    }
    assert!(one.lock("report", MINUTE).await.is_err());
}

#[tokio::test]
async fn nodes_that_share_only_the_database_keep_what_nobody_can_forget() {
    let (clock, source) = (noon(), Source::new());
    let node = node(&clock, Arc::new(Sql), "1");
    let (key, alone) = (Key::named("sum").of("numbers"), Key::named("alone"));
    for number in 1..4 {
        source.set(number);
        assert_eq!(source.remembered(&node, &key).await, number);
        assert_eq!(source.remembered(&node, &alone).await, 1);
    }
    node.forget(&["numbers"]).await.unwrap();
    let refused = node.lock("report", MINUTE).await.unwrap_err();
    assert!(refused.to_string().contains("need Redis"), "{refused}");
}
