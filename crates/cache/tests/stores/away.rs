//! Redis killed, emptied, frozen, full or in another epoch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use duly_cache::redis::Patience;
use duly_cache::store::{Known, Raise};
use duly_cache::testing::RedisServer;
use duly_cache::{Redis, Store};
use duly_db::Version;
use duly_db::versions::Cursor;

use super::{Somebody, catch_up, connected, credential, impatient, owner, versions};

async fn introduce(store: &dyn Store<Somebody>, data: i64) -> bool {
    let ann = credential(owner(1), 1);
    let Ok(Some(fence)) = store.fence(&ann).await else {
        return false;
    };
    let known = Known {
        record: Arc::new(Somebody(1)),
        versions: versions(data, 1),
        is_newest: true,
    };
    store.introduce(&ann, fence, &known).await.unwrap_or(false)
}

async fn floor(store: &dyn Store<Somebody>) -> Option<i64> {
    let found = store.look(&credential(owner(1), 1), None, &[]).await.ok()?;
    found.floor.map(Version::number)
}

async fn raise(store: &dyn Store<Somebody>, data: i64) -> bool {
    let raise = Raise::Data(Version::of(data));
    store.raise(&[(owner(1), raise)]).await.is_ok()
}

/// Whoever is asked gives up the connection when it is gone.
async fn is_given_up(redis: &Redis) {
    let store: &dyn Store<Somebody> = redis;
    let before = store.connection();
    let started = Instant::now();
    while store.connection() == before {
        let _ = floor(redis).await;
        assert!(started.elapsed() < Duration::from_secs(20), "it is kept");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn nothing_from_before_a_restart_is_found_and_nothing_before_it_has_caught_up() {
    let server = RedisServer::start();
    let redis = connected(&server).await;
    assert!(introduce(&redis, 5).await);
    assert_eq!(floor(&redis).await, Some(5));
    server.kill();
    is_given_up(&redis).await;
    assert_eq!(floor(&redis).await, None);
    assert!(!raise(&redis, 6).await, "the writer must know");
    server.resume();
    let started = Instant::now();
    while Store::<Somebody>::connection(&redis).is_none() {
        assert!(started.elapsed() < Duration::from_secs(20), "no connection");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(!introduce(&redis, 6).await, "it has not caught up");
    catch_up(&redis).await;
    assert_eq!(floor(&redis).await, None);
    assert!(introduce(&redis, 6).await);
    assert_eq!(floor(&redis).await, Some(6));
}

#[tokio::test]
async fn another_epoch_hides_what_a_failover_has_brought_back() {
    let server = RedisServer::start();
    let redis = connected(&server).await;
    assert!(introduce(&redis, 5).await);
    // What another server that takes over has: the keys, and the epoch of somebody else.
    assert_eq!(server.say("SET duly:epoch other:1234"), "+OK");
    let other = connected(&server).await;
    assert_eq!(floor(&other).await, None);
    assert_eq!(floor(&redis).await, Some(5));
    let store: &dyn Store<Somebody> = &redis;
    let connection = store.connection().unwrap();
    store.has_caught_up(connection, Cursor::of(0)).await;
    assert_ne!(
        store.connection(),
        Some(connection),
        "the others are elsewhere"
    );
    catch_up(&redis).await;
    assert_eq!(floor(&redis).await, None);
    assert!(introduce(&redis, 6).await);
    assert_eq!(floor(&other).await, Some(6), "both are in one epoch again");
}

#[tokio::test]
async fn an_emptied_server_knows_nobody_and_goes_on() {
    let server = RedisServer::start();
    let redis = connected(&server).await;
    assert!(introduce(&redis, 5).await);
    assert_eq!(server.say("FLUSHALL"), "+OK");
    assert_eq!(floor(&redis).await, None);
    assert!(raise(&redis, 6).await);
    assert!(introduce(&redis, 6).await);
    assert_eq!(floor(&redis).await, Some(6));
}

#[tokio::test]
async fn scripts_that_are_forgotten_are_brought_again() {
    let server = RedisServer::start();
    let redis = connected(&server).await;
    assert_eq!(server.say("SCRIPT FLUSH"), "+OK");
    assert!(!introduce(&redis, 5).await);
    catch_up(&redis).await;
    assert!(introduce(&redis, 5).await);
}

#[tokio::test]
async fn a_writer_waits_no_longer_than_a_moment_for_a_frozen_server() {
    let server = RedisServer::start();
    let redis = impatient(&server, Patience::default()).await;
    assert!(introduce(&redis, 5).await);
    server.freeze();
    assert!(!raise(&redis, 6).await);
    let before = redis.round_trips();
    assert!(!raise(&redis, 7).await);
    assert_eq!(floor(&redis).await, None, "nothing stale is served");
    assert_eq!(redis.round_trips(), before, "nobody waits for it any more");
    server.thaw();
    catch_up(&redis).await;
    assert!(raise(&redis, 7).await);
    assert_eq!(floor(&redis).await, Some(7));
}

#[tokio::test]
async fn a_full_server_serves_nothing_that_it_could_not_be_told_is_stale() {
    let server = RedisServer::with(&["--maxmemory-policy", "noeviction"]);
    let redis = connected(&server).await;
    assert!(introduce(&redis, 5).await);
    assert_eq!(server.say("CONFIG SET maxmemory 1"), "+OK");
    assert!(!raise(&redis, 6).await);
    assert_eq!(floor(&redis).await, None);
    assert_eq!(server.say("CONFIG SET maxmemory 64mb"), "+OK");
    catch_up(&redis).await;
    assert!(raise(&redis, 6).await, "the relay tells it again");
    assert_eq!(floor(&redis).await, Some(6));
}
