//! `remember`: one load for all, and nothing that was forgotten.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use duly_cache::values::Key;
use duly_db::Version;

use super::{MINUTE, Source, World, commands, eventually, everywhere, idle, node};

everywhere! {
    a_thousand_who_miss_at_once_make_one_load
    what_was_forgotten_during_its_load_is_not_kept
    who_comes_after_it_was_forgotten_does_not_wait_for_the_old_load_of_another_node
    a_value_ends_with_its_time
    an_error_is_passed_on_and_the_next_who_asks_loads
    who_goes_away_while_loading_leaves_the_turn_to_the_next
    a_value_of_other_versions_is_wrong
    a_value_of_another_type_is_loaded
    a_hit_costs_one_round_trip_and_a_miss_four
    nobody_waits_for_what_nobody_can_forget
}

fn key() -> Key {
    Key::named("sum").of("numbers")
}

pub(super) async fn a_thousand_who_miss_at_once_make_one_load(world: World) {
    let source = Source::holding(1_000);
    let mut asked = tokio::task::JoinSet::new();
    for place in 0..1_000 {
        let (node, source) = (world.nodes[place % 2].clone(), source.clone());
        asked.spawn(async move { source.remembered(&node, &key()).await });
    }
    eventually(async || source.loads() > 0).await;
    // Everybody has asked Redis and found nothing.
    eventually(async || !world.has_redis() || world.round_trips(0) + world.round_trips(1) > 1_000)
        .await;
    source.let_go();
    assert!(asked.join_all().await.into_iter().all(|found| found == 1));
    assert_eq!(source.loads(), 1);
}

pub(super) async fn what_was_forgotten_during_its_load_is_not_kept(world: World) {
    let source = Source::holding(1);
    let ask = |node: usize| {
        let (node, source) = (world.nodes[node].clone(), source.clone());
        tokio::spawn(async move { source.remembered(&node, &key()).await })
    };
    let before = ask(0);
    eventually(async || source.loads() == 1).await;
    source.set(2);
    world.nodes[1].forget(&["numbers"]).await.unwrap();
    let after = ask(0);
    tokio::task::yield_now().await;
    source.let_go();
    assert_eq!(before.await.unwrap(), 1, "it has asked before");
    assert_eq!(after.await.unwrap(), 2);
    for node in &world.nodes {
        assert_eq!(source.remembered(node, &key()).await, 2);
    }
    assert_eq!(source.loads(), 2);
}

async fn who_comes_after_it_was_forgotten_does_not_wait_for_the_old_load_of_another_node(
    world: World,
) {
    if !world.has_redis() {
        return;
    }
    let source = Source::holding(1);
    let (first, asking) = (world.nodes[0].clone(), source.clone());
    let before = tokio::spawn(async move { asking.remembered(&first, &key()).await });
    eventually(async || source.loads() == 1).await;
    source.set(2);
    world.nodes[1].forget(&["numbers"]).await.unwrap();
    assert_eq!(source.remembered(&world.nodes[1], &key()).await, 2);
    source.let_go();
    assert_eq!(before.await.unwrap(), 1);
    assert_eq!(source.remembered(&world.nodes[0], &key()).await, 2);
    assert_eq!(source.loads(), 2, "the old one has not taken its place");
}

async fn a_value_ends_with_its_time(world: World) {
    let source = Source::new();
    for node in &world.nodes {
        assert_eq!(source.remembered(node, &key()).await, 1);
    }
    world.pass(MINUTE);
    source.set(2);
    for node in &world.nodes {
        assert_eq!(source.remembered(node, &key()).await, 1);
    }
    world.pass(Duration::from_secs(1));
    for node in &world.nodes {
        assert_eq!(source.remembered(node, &key()).await, 2);
    }
    assert_eq!(source.loads(), 2);
}

async fn an_error_is_passed_on_and_the_next_who_asks_loads(world: World) {
    let source = Source::new();
    let fail = async { Err::<i64, &str>("no rates") };
    let failed = world.nodes[0].remember(&key(), MINUTE, fail).await;
    assert_eq!(failed, Err("no rates"));
    let before = world.round_trips(1);
    assert_eq!(source.remembered(&world.nodes[1], &key()).await, 1);
    assert!(world.round_trips(1) - before <= 4, "it has waited");
}

async fn who_goes_away_while_loading_leaves_the_turn_to_the_next(world: World) {
    let source = Source::holding(1);
    let (first, asking) = (world.nodes[0].clone(), source.clone());
    let gone = tokio::spawn(async move { asking.remembered(&first, &key()).await });
    eventually(async || source.loads() == 1).await;
    gone.abort();
    assert!(gone.await.is_err());
    let before = world.round_trips(0);
    assert_eq!(source.remembered(&world.nodes[0], &key()).await, 1);
    assert!(world.round_trips(0) - before <= 4, "it has waited");
    assert_eq!(source.remembered(&world.nodes[1], &key()).await, 1);
    assert_eq!(source.loads(), 2);
}

async fn a_value_of_other_versions_is_wrong(world: World) {
    let source = Source::new();
    let key = |ann, ben| {
        let key = Key::named("board").at("ann", Version::of(ann));
        key.at("ben", Version::of(ben))
    };
    for (ann, ben, loads) in [
        (4, 7, 1),
        (4, 7, 1),
        (5, 7, 2),
        (5, 8, 3),
        (4, 8, 3),
        (5, 8, 3),
    ] {
        for node in &world.nodes {
            let found = source.remembered(node, &key(ann, ben)).await;
            assert_eq!((found, source.loads()), (1, loads), "{ann} {ben}");
        }
    }
}

async fn a_value_of_another_type_is_loaded(world: World) {
    let source = Source::new();
    assert_eq!(source.remembered(&world.nodes[0], &key()).await, 1);
    for node in &world.nodes {
        let load = async { Ok::<_, &str>("text".to_owned()) };
        let text = node.remember(&key(), MINUTE, load).await.unwrap();
        assert_eq!(*text, "text");
    }
}

async fn a_hit_costs_one_round_trip_and_a_miss_four(world: World) {
    let source = Source::new();
    let cost = async |node: usize| {
        let before = world.round_trips(node);
        assert_eq!(source.remembered(&world.nodes[node], &key()).await, 1);
        world.round_trips(node) - before
    };
    let (hit, miss) = match world.has_redis() {
        true => (1, 4),
        false => (0, 0),
    };
    assert_eq!(cost(0).await, miss);
    assert_eq!(cost(0).await, hit, "from memory");
    assert_eq!(cost(1).await, hit, "from the other node");
    assert_eq!(cost(1).await, hit, "from memory");
    assert_eq!(source.loads(), 1);
}

async fn nobody_waits_for_what_nobody_can_forget(world: World) {
    let source = Source::new();
    for key in [
        Key::named("alone"),
        Key::named("board").at("ann", Version::of(4)),
    ] {
        assert_eq!(source.remembered(&world.nodes[0], &key).await, 1);
        let before = world.round_trips(0);
        assert_eq!(source.remembered(&world.nodes[0], &key).await, 1);
        assert_eq!(world.round_trips(0), before);
    }
}

#[tokio::test]
async fn what_is_in_memory_is_not_fetched_again() {
    let world = World::in_redis().await;
    let (source, server) = (Source::new(), world.server.as_ref().unwrap());
    assert_eq!(source.remembered(&world.nodes[0], &key()).await, 1);
    let before = commands(server);
    assert_eq!(source.remembered(&world.nodes[0], &key()).await, 1);
    // The mark, and what counts.
    assert_eq!(commands(server) - before, 1 + idle(server));
}

#[tokio::test]
async fn a_load_that_takes_long_is_not_repeated_by_others() {
    let world = World::in_redis().await;
    let source = Source::holding(2);
    let ask = |node: usize| {
        let (node, source) = (world.nodes[node].clone(), source.clone());
        tokio::spawn(async move { source.remembered(&node, &key()).await })
    };
    let first = ask(0);
    eventually(async || source.loads() == 1).await;
    let second = ask(1);
    // Longer than a turn.
    let started = std::time::Instant::now();
    eventually(async || started.elapsed() > Duration::from_millis(2_500)).await;
    assert_eq!(source.loads(), 1);
    source.let_go();
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 1));
    assert_eq!(source.loads(), 1);
}

#[tokio::test]
async fn another_release_does_not_read_what_this_one_has_kept_and_forgets_it() {
    let world = World::in_redis().await;
    let source = Source::new();
    let next = node(&world.clock, world.redis[1].clone(), "2");
    assert_eq!(source.remembered(&world.nodes[0], &key()).await, 1);
    source.number.store(2, Ordering::Relaxed);
    assert_eq!(source.remembered(&next, &key()).await, 2);
    assert_eq!(source.remembered(&world.nodes[0], &key()).await, 1);
    next.forget(&["numbers"]).await.unwrap();
    assert_eq!(source.remembered(&world.nodes[0], &key()).await, 2);
}

#[tokio::test]
async fn what_cannot_be_written_is_answered_and_not_kept() {
    let world = World::in_redis().await;
    for _ in 0..2 {
        let load = async { Ok::<_, &str>(std::collections::HashMap::from([((1, 2), 3)])) };
        let found = world.nodes[0].remember(&key(), MINUTE, load).await.unwrap();
        assert_eq!(found[&(1, 2)], 3);
    }
    assert_eq!(Source::new().remembered(&world.nodes[0], &key()).await, 1);
    let arc: Arc<i64> = world.nodes[1]
        .remember(&key(), MINUTE, async { Ok::<_, &str>(9) })
        .await
        .unwrap();
    assert_eq!(*arc, 1);
}
