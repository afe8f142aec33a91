//! `flexible`: stale for a while, and never after it was forgotten.

use std::time::Duration;

use duly_cache::values::Key;

use super::{HOUR, MINUTE, Source, World, eventually, everywhere};

everywhere! {
    what_is_stale_is_answered_at_once_while_one_loads
    what_is_too_old_is_waited_for
    what_was_forgotten_is_never_answered_as_stale
    what_was_forgotten_while_it_was_loaded_anew_is_not_kept
    a_load_in_the_background_that_fails_is_tried_again
}

fn key() -> Key {
    Key::named("sum").of("numbers")
}

const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn what_is_stale_is_answered_at_once_while_one_loads(world: World) {
    let source = Source::holding(100);
    source.gate.add_permits(1);
    for node in &world.nodes {
        assert_eq!(source.flexible(node, &key()).await, 1);
    }
    source.set(2);
    world.pass(MINUTE);
    assert_eq!(source.flexible(&world.nodes[0], &key()).await, 1);
    assert_eq!(source.loads(), 1, "it is fresh");
    world.pass(SECOND);
    for _ in 0..50 {
        for node in &world.nodes {
            assert_eq!(source.flexible(node, &key()).await, 1, "the load waits");
        }
    }
    let tasks = tokio::runtime::Handle::current().metrics();
    assert!(tasks.num_alive_tasks() < 20, "one for each who has asked");
    eventually(async || source.loads() == 2).await;
    source.let_go();
    for node in &world.nodes {
        eventually(async || source.flexible(node, &key()).await == 2).await;
    }
    assert_eq!(source.loads(), 2);
}

async fn what_is_too_old_is_waited_for(world: World) {
    let source = Source::new();
    assert_eq!(source.flexible(&world.nodes[0], &key()).await, 1);
    source.set(2);
    world.pass(HOUR + SECOND);
    for node in &world.nodes {
        assert_eq!(source.flexible(node, &key()).await, 2);
    }
    assert_eq!(source.loads(), 2);
}

async fn what_was_forgotten_is_never_answered_as_stale(world: World) {
    let source = Source::new();
    for node in &world.nodes {
        assert_eq!(source.flexible(node, &key()).await, 1);
    }
    world.pass(MINUTE + SECOND);
    source.set(2);
    world.nodes[1].forget(&["numbers"]).await.unwrap();
    for node in &world.nodes {
        assert_eq!(source.flexible(node, &key()).await, 2);
    }
}

async fn what_was_forgotten_while_it_was_loaded_anew_is_not_kept(world: World) {
    let source = Source::holding(2);
    source.gate.add_permits(1);
    assert_eq!(source.flexible(&world.nodes[0], &key()).await, 1);
    world.pass(MINUTE + SECOND);
    assert_eq!(source.flexible(&world.nodes[0], &key()).await, 1);
    eventually(async || source.loads() == 2).await;
    source.set(2);
    world.nodes[1].forget(&["numbers"]).await.unwrap();
    source.let_go();
    for node in &world.nodes {
        assert_eq!(source.flexible(node, &key()).await, 2);
    }
}

async fn a_load_in_the_background_that_fails_is_tried_again(world: World) {
    let source = Source::new();
    assert_eq!(source.flexible(&world.nodes[0], &key()).await, 1);
    world.pass(MINUTE + SECOND);
    source.set(2);
    let fail = async { Err::<i64, &str>("no rates") };
    let found = world.nodes[0].flexible(&key(), MINUTE, HOUR, fail).await;
    assert_eq!(*found.unwrap(), 1);
    eventually(async || source.flexible(&world.nodes[1], &key()).await == 2).await;
    eventually(async || source.flexible(&world.nodes[0], &key()).await == 2).await;
}
