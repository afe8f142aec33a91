//! Locks: one holder, and a token that only rises.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use super::{HOUR, LIMIT, MINUTE, World, eventually, everywhere};

everywhere! {
    nobody_takes_a_lock_that_somebody_has
    no_two_hold_a_lock_and_tokens_rise
    a_lock_that_is_over_is_no_longer_its_holders
    a_lock_that_is_renewed_lasts
    who_waits_gets_it_when_it_is_free_and_goes_away_when_it_is_not
}

const SHORT: Duration = Duration::from_millis(50);

async fn nobody_takes_a_lock_that_somebody_has(world: World) {
    let [one, two] = &world.nodes;
    let held = one.lock("report", MINUTE).await.unwrap().unwrap();
    for node in &world.nodes {
        assert!(node.lock("report", MINUTE).await.unwrap().is_none());
    }
    let other = two.lock("import", MINUTE).await.unwrap().unwrap();
    assert!(held.release().await.unwrap());
    let next = two.lock("report", MINUTE).await.unwrap().unwrap();
    assert!(next.release().await.unwrap());
    assert!(other.release().await.unwrap());
}

pub(super) async fn no_two_hold_a_lock_and_tokens_rise(world: World) {
    let (holders, last) = (AtomicI64::new(0), AtomicI64::new(0));
    let work = async |node: usize| {
        let held = world.nodes[node % 2].block("report", MINUTE, LIMIT).await;
        let held = held.unwrap().unwrap();
        assert_eq!(holders.fetch_add(1, Ordering::Relaxed), 0, "two hold it");
        let before = last.swap(held.token(), Ordering::Relaxed);
        assert!(held.token() > before, "{before} {}", held.token());
        tokio::task::yield_now().await;
        holders.fetch_sub(1, Ordering::Relaxed);
        assert!(held.release().await.unwrap());
    };
    futures_util::future::join_all((0..20).map(work)).await;
}

async fn a_lock_that_is_over_is_no_longer_its_holders(world: World) {
    let [one, two] = &world.nodes;
    let mut first = one.lock("report", SHORT).await.unwrap().unwrap();
    world.pass(SHORT);
    let second = two.block("report", MINUTE, LIMIT).await.unwrap().unwrap();
    assert!(second.token() > first.token());
    assert!(!first.renew(MINUTE).await.unwrap());
    assert!(!first.release().await.unwrap());
    assert!(one.lock("report", MINUTE).await.unwrap().is_none());
    assert!(second.release().await.unwrap());
    let mut over = one.lock("report", SHORT).await.unwrap().unwrap();
    world.pass(SHORT);
    eventually(async || !over.renew(SHORT / 50).await.unwrap()).await;
    assert!(
        !over.release().await.unwrap(),
        "it is over, also when nobody else has it"
    );
}

async fn a_lock_that_is_renewed_lasts(world: World) {
    const FIRST: Duration = Duration::from_secs(2);
    let [one, two] = &world.nodes;
    let started = Instant::now();
    let mut held = one.lock("report", FIRST).await.unwrap().unwrap();
    assert!(held.renew(HOUR).await.unwrap());
    world.pass(FIRST);
    // Redis has a clock of its own.
    eventually(async || !world.has_redis() || started.elapsed() > FIRST).await;
    assert!(two.lock("report", MINUTE).await.unwrap().is_none());
    assert!(held.renew(Duration::from_millis(1)).await.unwrap());
    world.pass(Duration::from_millis(1));
    let next = two.block("report", MINUTE, LIMIT).await.unwrap().unwrap();
    assert!(next.release().await.unwrap());
}

async fn who_waits_gets_it_when_it_is_free_and_goes_away_when_it_is_not(world: World) {
    let [one, two] = &world.nodes;
    let held = one.lock("report", HOUR).await.unwrap().unwrap();
    assert!(two.block("report", MINUTE, SHORT).await.unwrap().is_none());
    let other = two.clone();
    let waiting = tokio::spawn(async move { other.block("report", MINUTE, LIMIT).await });
    tokio::task::yield_now().await;
    let token = held.token();
    assert!(held.release().await.unwrap());
    let next = waiting.await.unwrap().unwrap().unwrap();
    assert!(next.token() > token);
    assert!(next.release().await.unwrap());
}

#[tokio::test]
async fn tokens_rise_over_whatever_happens_to_the_server() {
    let world = World::in_redis().await;
    let server = world.server.as_ref().unwrap();
    let mut last = 0;
    let take = async |node: usize, last: &mut i64| {
        let mut taken = None;
        eventually(async || {
            let asked = world.nodes[node].lock("report", HOUR).await;
            taken = asked.ok().flatten();
            taken.is_some()
        })
        .await;
        let taken = taken.unwrap();
        assert!(taken.token() > *last, "{} after {last}", taken.token());
        *last = taken.token();
        taken
    };
    let held = take(0, &mut last).await;
    assert!(held.release().await.unwrap());
    let held = take(0, &mut last).await;
    server.kill();
    server.resume();
    // One that has seen none of those.
    let after = take(1, &mut last).await;
    eventually(async || world.nodes[0].lock("other", HOUR).await.is_ok()).await;
    assert!(!held.release().await.unwrap(), "it is another's by now");
    assert!(after.release().await.unwrap());
    // A server whose clock was a hundred years ahead, and is right again.
    assert_eq!(
        server.say("HSET duly:lock:test:report t 5000000000000000"),
        ":0"
    );
    assert!(take(0, &mut last).await.release().await.unwrap());
    assert_eq!(last, 5_000_000_000_000_001);
    assert_eq!(server.say("FLUSHALL"), "+OK");
    assert!(take(0, &mut last).await.release().await.unwrap());
}

#[tokio::test]
async fn tokens_rise_when_the_clock_of_the_process_is_set_back() {
    let world = World::in_process();
    let mut last = 0;
    for _ in 0..5 {
        let held = world.nodes[0]
            .lock("report", MINUTE)
            .await
            .unwrap()
            .unwrap();
        assert!(held.token() > last);
        last = held.token();
        assert!(held.release().await.unwrap());
        world.clock.advance(jiff::SignedDuration::from_hours(-1));
    }
}
