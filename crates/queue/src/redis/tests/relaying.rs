//! From the outbox to Redis, with whoever does it dying between two steps.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::house::{House, counts, job, reserve, settle, unique};
use crate::Pushed;
use crate::redis::RedisStore;
use crate::store::{JobStore, Outcome};

/// All that can be taken, as often as it can be.
async fn take_all(store: &RedisStore) -> usize {
    let mut taken = 0;
    loop {
        let jobs = reserve(store, 100).await;
        if jobs.is_empty() {
            return taken;
        }
        for job in &jobs {
            settle(store, job, Outcome::Done).await;
        }
        taken += jobs.len();
    }
}

#[tokio::test]
async fn whoever_dies_after_reading_loses_nothing() {
    let house = House::new().await;
    let (first, second) = (house.store(), house.store());
    house.push_many(&first, 3).await;
    assert_eq!(first.read_outbox().await.unwrap().rows.len(), 3);
    drop(first);
    second.relay().await.unwrap();
    assert_eq!(take_all(&second).await, 3);
    assert_eq!(house.outbox().await, 0);
}

#[tokio::test]
async fn whoever_dies_after_handing_over_doubles_nothing() {
    let house = House::new().await;
    let (first, second) = (house.store(), house.store());
    house.push_many(&first, 3).await;
    let batch = first.read_outbox().await.unwrap();
    first.hand_over(&batch).await.unwrap();
    assert_eq!(take_all(&second).await, 3, "they are there at once");
    assert_eq!(house.outbox().await, 3, "and still in the outbox");
    second.relay().await.unwrap();
    assert_eq!(house.outbox().await, 0);
    assert_eq!(take_all(&second).await, 0, "each ran once");
    // Whoever only seemed to be dead goes on.
    first.hand_over(&batch).await.unwrap();
    first.delete_rows(&batch.ids()).await.unwrap();
    assert_eq!(take_all(&second).await, 0, "each ran once");
}

#[tokio::test]
async fn whoever_dies_after_deleting_leaves_a_note_that_is_found_and_goes() {
    let house = House::new().await;
    let (first, second) = (house.store(), house.store());
    house.push_many(&first, 3).await;
    let batch = first.read_outbox().await.unwrap();
    first.hand_over(&batch).await.unwrap();
    first.delete_rows(&batch.ids()).await.unwrap();
    let notes = || house.server.say("ZCARD {duly:queue:test}:relayed");
    let unmarked = || {
        house
            .server
            .say("ZCOUNT {duly:queue:test}:relayed +inf +inf")
    };
    assert_eq!((notes(), unmarked()), (":3".to_owned(), ":3".to_owned()));
    second.sweep().await.unwrap();
    assert_eq!((notes(), unmarked()), (":3".to_owned(), ":0".to_owned()));
    first.hand_over(&batch).await.unwrap();
    assert_eq!(take_all(&second).await, 3, "each is there once");
    house.advance(601);
    house.push_many(&second, 1).await;
    second.relay().await.unwrap();
    assert_eq!(notes(), ":1", "only that of the last one");
}

#[tokio::test]
async fn a_note_is_not_marked_while_its_row_may_be_there() {
    let house = House::new().await;
    let store = house.store();
    house.push_many(&store, 2).await;
    let batch = store.read_outbox().await.unwrap();
    store.hand_over(&batch).await.unwrap();
    store.sweep().await.unwrap();
    let unmarked = house
        .server
        .say("ZCOUNT {duly:queue:test}:relayed +inf +inf");
    assert_eq!(unmarked, ":2");
}

#[tokio::test]
async fn rows_that_were_read_too_long_ago_are_not_handed_over() {
    let house = House::new().await;
    let store = house.store();
    house.push_many(&store, 1).await;
    let mut batch = store.read_outbox().await.unwrap();
    batch.read_at = Instant::now().checked_sub(Duration::from_secs(60)).unwrap();
    assert!(store.hand_over(&batch).await.is_err());
    assert_eq!(take_all(&store).await, 1, "they are read again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_hand_over_each_job_once() {
    let house = House::new().await;
    let stores: Vec<_> = (0..4).map(|_| house.store()).collect();
    for store in &stores {
        house.push_many(store, 200).await;
    }
    futures_util::future::try_join_all(stores.iter().map(RedisStore::relay))
        .await
        .unwrap();
    assert_eq!(house.outbox().await, 0);
    assert_eq!(counts(&stores[0]).await.ready, 800);
    let mut seen = BTreeSet::new();
    for _ in 0..8 {
        let jobs = reserve(&stores[0], 100).await;
        seen.extend(jobs.into_iter().map(|job| job.held.id));
    }
    assert_eq!(seen.len(), 800);
}

#[tokio::test]
async fn what_was_rolled_back_never_comes() {
    let house = House::new().await;
    let store = house.store();
    let mut tx = house.db.begin();
    store.push(&mut tx, job("task")).await.unwrap();
    drop(tx);
    assert_eq!(take_all(&store).await, 0);
    house.push_many(&store, 1).await;
    assert_eq!(take_all(&store).await, 1);
}

#[tokio::test]
async fn jobs_are_pushed_while_redis_is_away() {
    let house = House::new().await;
    let store = house.store();
    house.server.kill();
    house.push_many(&store, 2).await;
    let first = house.push(&store, unique("a")).await;
    assert!(matches!(first, Pushed::New(_)));
    let second = house.push(&store, unique("a")).await;
    assert_eq!(second, Pushed::Duplicate(first.id()), "the outbox knows");
    assert!(store.relay().await.is_err());
    house.server.resume();
    assert_eq!(take_all(&store).await, 3);
}

#[tokio::test]
async fn a_duplicate_that_nobody_could_know_of_is_dropped_on_the_way() {
    let house = House::new().await;
    let (store, other) = (house.store(), house.store_at("redis://127.0.0.1:1"));
    let first = house.push(&store, unique("a")).await;
    store.relay().await.unwrap();
    let second = house.push(&other, unique("a")).await;
    assert!(matches!(second, Pushed::New(_)), "it cannot ask");
    store.relay().await.unwrap();
    assert_eq!(house.outbox().await, 0);
    let jobs = reserve(&store, 10).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].held.id, first.id());
}

#[tokio::test]
async fn what_does_not_fit_into_redis_stays_in_the_outbox_and_what_runs_ends() {
    let house = House::new().await;
    let store = house.store();
    house.push_many(&store, 2).await;
    let jobs = reserve(&store, 1).await;
    house.server.say("CONFIG SET maxmemory 1");
    house.push_many(&store, 1).await;
    let refused = store.relay().await.unwrap_err().to_string();
    assert!(refused.contains("OOM"), "{refused}");
    assert_eq!(house.outbox().await, 1);
    let lost = store.renew(&[jobs[0].held], super::house::LEASE).await;
    assert_eq!(lost.unwrap(), []);
    settle(&store, &jobs[0], Outcome::Done).await;
    let others = reserve(&store, 1).await;
    assert_eq!(others.len(), 1, "what is there is taken");
    let retry = Outcome::Retry {
        after: Duration::from_secs(5),
        error: "later".to_owned(),
    };
    settle(&store, &others[0], retry).await;
    house.server.say("CONFIG SET maxmemory 0");
    assert_eq!(take_all(&store).await, 1);
    house.advance(5);
    assert_eq!(take_all(&store).await, 1);
}

#[tokio::test]
async fn the_clock_of_whoever_pushes_delays_nothing() {
    let house = House::new().await;
    let store = house.store();
    // Pushed by one whose clock is a minute ahead.
    house.advance(60);
    house.push_many(&store, 1).await;
    house.advance(-60);
    assert_eq!(take_all(&store).await, 1);
}

#[tokio::test]
async fn a_row_that_is_not_cleared_away_yet_holds_no_key_of_a_job_that_is_done() {
    let house = House::new().await;
    let store = house.store();
    let first = house.push(&store, unique("a")).await;
    let batch = store.read_outbox().await.unwrap();
    let waiting = house.push(&store, unique("a")).await;
    assert_eq!(waiting, Pushed::Duplicate(first.id()), "on its way");
    store.hand_over(&batch).await.unwrap();
    let jobs = reserve(&store, 1).await;
    let running = house.push(&store, unique("a")).await;
    assert_eq!(running, Pushed::Duplicate(first.id()), "while it runs");
    settle(&store, &jobs[0], Outcome::Done).await;
    // As if whoever handed it over had died before its row was deleted.
    let next = house.push(&store, unique("a")).await;
    assert!(matches!(next, Pushed::New(_)));
    store.delete_rows(&batch.ids()).await.unwrap();
    assert_eq!(reserve(&store, 10).await[0].held.id, next.id());
}
