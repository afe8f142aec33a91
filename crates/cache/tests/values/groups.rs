//! Groups are forgotten at once, whatever belongs to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duly_cache::store::Lost;
use duly_cache::values::{Backing, Found, Key, Loader, Mark, Process, Stored, Turn};

use super::{Source, World, commands, eventually, everywhere, idle, node};

everywhere! {
    a_group_is_forgotten_with_all_that_belongs_to_it_and_nothing_else
    whoever_asks_for_more_groups_than_it_was_kept_under_loads_it
    what_others_could_not_be_told_is_not_answered_here_and_told_as_soon_as_it_can_be
}

pub(super) async fn a_group_is_forgotten_with_all_that_belongs_to_it_and_nothing_else(
    world: World,
) {
    let source = Source::new();
    let keys = [
        Key::named("a").of("one"),
        Key::named("b").of("one").of("two"),
        Key::named("c").of("two"),
        Key::named("d"),
    ];
    let found = async || {
        let mut found = Vec::new();
        for key in &keys {
            for node in &world.nodes {
                found.push(source.remembered(node, key).await);
            }
        }
        found
    };
    assert_eq!(found().await, [1, 1, 1, 1, 1, 1, 1, 1]);
    source.set(2);
    world.nodes[0].forget(&["one"]).await.unwrap();
    assert_eq!(found().await, [2, 2, 2, 2, 1, 1, 1, 1]);
    source.set(3);
    world.nodes[1].forget(&["two", "none"]).await.unwrap();
    assert_eq!(found().await, [2, 2, 3, 3, 3, 3, 1, 1]);
}

async fn whoever_asks_for_more_groups_than_it_was_kept_under_loads_it(world: World) {
    let source = Source::new();
    let key = Key::named("a").of("one");
    assert_eq!(source.remembered(&world.nodes[0], &key).await, 1);
    source.set(2);
    let more = key.of("two");
    assert_eq!(source.remembered(&world.nodes[0], &more).await, 2);
}

#[tokio::test]
async fn to_forget_costs_one_command_however_many_values_there_are_and_leaves_nothing() {
    let world = World::in_redis().await;
    let (source, server) = (Source::new(), world.server.as_ref().unwrap());
    let mut costs = Vec::new();
    for values in [1, 1_000] {
        for number in 0..values {
            let key = Key::named(format!("value {number}")).of("numbers");
            source.remembered(&world.nodes[0], &key).await;
        }
        let (before, trips) = (commands(server), world.round_trips(1));
        world.nodes[1].forget(&["numbers"]).await.unwrap();
        costs.push((
            commands(server) - before - idle(server),
            world.round_trips(1) - trips,
        ));
    }
    assert_eq!(costs, [(1, 1), (1, 1)]);
    let kept = server.say("DBSIZE");
    for _ in 0..100 {
        world.nodes[1].forget(&["numbers", "others"]).await.unwrap();
    }
    assert_eq!(server.say("DBSIZE"), kept);
}

/// One of which the groups cannot be forgotten for a while.
#[derive(Debug)]
struct Cut {
    whole: Arc<dyn Backing>,
    is_cut: AtomicBool,
}

#[async_trait]
impl Backing for Cut {
    async fn look(&self, name: &str, groups: &[String], wants: bool) -> Result<Found, Lost> {
        self.whole.look(name, groups, wants).await
    }

    async fn marks(&self, groups: &[String]) -> Result<Vec<Option<Mark>>, Lost> {
        self.whole.marks(groups).await
    }

    async fn turn(&self, loader: &Loader<'_>) -> Result<Turn, Lost> {
        self.whole.turn(loader).await
    }

    async fn fill(&self, by: &Loader<'_>, stored: &Stored, time: Duration) -> Result<bool, Lost> {
        self.whole.fill(by, stored, time).await
    }

    async fn leave(&self, loader: &Loader<'_>) -> Result<(), Lost> {
        self.whole.leave(loader).await
    }

    async fn forget(&self, groups: &[String]) -> Result<(), Lost> {
        match self.is_cut.load(Ordering::Relaxed) {
            true => Err(Lost("it is cut off".into())),
            false => self.whole.forget(groups).await,
        }
    }

    async fn lock(&self, _: &str, _: u64, _: Duration, _: i64) -> Result<Option<i64>, Lost> {
        Err(Lost("there are no locks".into()))
    }

    async fn renew(&self, _: &str, _: u64, _: Duration) -> Result<bool, Lost> {
        Err(Lost("there are no locks".into()))
    }

    async fn release(&self, _: &str, _: u64) -> Result<bool, Lost> {
        Err(Lost("there are no locks".into()))
    }
}

async fn what_others_could_not_be_told_is_not_answered_here_and_told_as_soon_as_it_can_be(
    world: World,
) {
    let source = Source::new();
    let whole: Arc<dyn Backing> = match world.redis.first() {
        Some(redis) => redis.clone(),
        None => Arc::new(Process::new(world.clock.clone())),
    };
    let cut = Arc::new(Cut {
        whole: whole.clone(),
        is_cut: AtomicBool::new(true),
    });
    let (ours, others) = (
        node(&world.clock, cut.clone(), "1"),
        node(&world.clock, whole, "1"),
    );
    let (key, other_key) = (Key::named("a").of("one"), Key::named("b").of("two"));
    for node in [&ours, &others] {
        assert_eq!(source.remembered(node, &key).await, 1);
        assert_eq!(source.remembered(node, &other_key).await, 1);
    }
    source.set(2);
    assert!(ours.forget(&["one"]).await.is_err());
    assert_eq!(source.remembered(&ours, &key).await, 2);
    source.set(3);
    assert_eq!(source.remembered(&ours, &key).await, 3, "it is not kept");
    assert_eq!(source.remembered(&ours, &other_key).await, 1);
    let found = source.remembered(&others, &key).await;
    assert_eq!(found, 1, "nobody has told it");
    cut.is_cut.store(false, Ordering::Relaxed);
    eventually(async || source.remembered(&others, &key).await == 3).await;
    // And what is loaded here is kept again.
    eventually(async || {
        let found = source.remembered(&ours, &key).await;
        source.set(found + 1);
        source.remembered(&ours, &key).await == found
    })
    .await;
}
