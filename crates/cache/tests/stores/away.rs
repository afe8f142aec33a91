//! Redis killed, emptied, frozen, full or in another epoch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use duly_cache::Store;
use duly_cache::redis::Patience;
use duly_cache::store::Known;
use duly_cache::testing::{RedisCluster, RedisServer};
use duly_db::versions::Cursor;

use super::{
    Somebody, catch_up, connected, credential, floor, impatient, introduce, is_given_up, named,
    owner, raise, versions,
};

#[tokio::test]
async fn nothing_from_before_a_restart_is_found_and_nothing_before_it_has_caught_up() {
    let server = RedisServer::start();
    let redis = connected(&server.url()).await;
    assert!(introduce(&redis, 1, 5).await);
    assert_eq!(floor(&redis, 1).await, Some(5));
    server.kill();
    is_given_up(&redis, 1).await;
    assert_eq!(floor(&redis, 1).await, None);
    assert!(!raise(&redis, 1, 6).await, "the writer must know");
    server.resume();
    let started = Instant::now();
    while Store::<Somebody>::connection(&redis).is_none() {
        assert!(started.elapsed() < Duration::from_secs(20), "no connection");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(!introduce(&redis, 1, 6).await, "it has not caught up");
    catch_up(&redis).await;
    assert_eq!(floor(&redis, 1).await, None);
    assert!(introduce(&redis, 1, 6).await);
    assert_eq!(floor(&redis, 1).await, Some(6));
}

#[tokio::test]
async fn another_epoch_hides_what_a_failover_has_brought_back() {
    let server = RedisServer::start();
    let redis = connected(&server.url()).await;
    assert!(introduce(&redis, 1, 5).await);
    // What another server that takes over has: the keys, and the epoch of somebody else.
    assert_eq!(server.say("SET duly:epoch:here other:1234"), "+OK");
    let other = connected(&server.url()).await;
    assert_eq!(floor(&other, 1).await, None);
    assert_eq!(floor(&redis, 1).await, Some(5));
    let store: &dyn Store<Somebody> = &redis;
    let connection = store.connection().unwrap();
    store.has_caught_up(connection, Cursor::of(0)).await;
    assert_ne!(
        store.connection(),
        Some(connection),
        "the others are elsewhere"
    );
    catch_up(&redis).await;
    assert_eq!(floor(&redis, 1).await, None);
    assert!(introduce(&redis, 1, 6).await);
    assert_eq!(
        floor(&other, 1).await,
        Some(6),
        "both are in one epoch again"
    );
}

#[tokio::test]
async fn an_emptied_server_knows_nobody_and_goes_on() {
    let server = RedisServer::start();
    let redis = connected(&server.url()).await;
    assert!(introduce(&redis, 1, 5).await);
    assert_eq!(server.say("FLUSHALL"), "+OK");
    assert_eq!(floor(&redis, 1).await, None);
    assert!(raise(&redis, 1, 6).await);
    assert!(introduce(&redis, 1, 6).await);
    assert_eq!(floor(&redis, 1).await, Some(6));
}

/// After everything was lost, whoever connects first begins another epoch. Those who were connected before
/// do not know of it until their relays look.
#[tokio::test]
async fn what_is_invalidated_in_one_epoch_is_invalidated_in_the_others() {
    let server = RedisServer::start();
    let old = connected(&server.url()).await;
    assert_eq!(server.say("FLUSHALL"), "+OK");
    assert!(introduce(&old, 1, 5).await && introduce(&old, 2, 5).await);
    let new = connected(&server.url()).await;
    assert_eq!(floor(&new, 1).await, None, "it is of another epoch");
    assert!(raise(&new, 1, 6).await);
    assert_eq!(floor(&old, 1).await, Some(6));
    assert!(introduce(&new, 1, 7).await);
    assert_eq!(
        (floor(&new, 1).await, floor(&old, 1).await),
        (Some(7), None)
    );
    assert!(raise(&old, 1, 8).await);
    assert_eq!(floor(&new, 1).await, Some(8));
    // Who was looked up in one epoch makes no floor in the other.
    let store: &dyn Store<Somebody> = &old;
    let fence = store
        .fence(&credential(owner(3), 1))
        .await
        .unwrap()
        .unwrap();
    assert!(introduce(&new, 3, 7).await);
    let known = Known {
        record: Arc::new(Somebody(1)),
        versions: versions(5, 1),
        is_newest: true,
    };
    let kept = store
        .introduce(&credential(owner(3), 1), fence, &known)
        .await;
    assert!(!kept.unwrap());
    assert_eq!(floor(&new, 3).await, Some(7));
}

#[tokio::test]
async fn another_installation_finds_nothing_of_this_one() {
    let (server, cluster) = (RedisServer::start(), RedisCluster::start());
    for url in [server.url(), cluster.url()] {
        let ours = connected(&url).await;
        let theirs = named(&url, "there", duly_cache::testing::PATIENCE);
        catch_up(&theirs).await;
        assert!(introduce(&ours, 1, 5).await);
        assert_eq!(floor(&theirs, 1).await, None);
        assert!(introduce(&theirs, 1, 3).await && raise(&theirs, 1, 4).await);
        assert_eq!(
            (floor(&ours, 1).await, floor(&theirs, 1).await),
            (Some(5), Some(4))
        );
        for redis in [&ours, &theirs] {
            catch_up(redis).await;
            assert!(floor(redis, 1).await.is_some(), "each has its epoch");
        }
    }
}

#[tokio::test]
async fn scripts_that_are_forgotten_are_brought_again() {
    let server = RedisServer::start();
    let redis = connected(&server.url()).await;
    assert_eq!(server.say("SCRIPT FLUSH"), "+OK");
    assert!(!introduce(&redis, 1, 5).await);
    catch_up(&redis).await;
    assert!(introduce(&redis, 1, 5).await);
}

#[tokio::test]
async fn a_writer_waits_no_longer_than_a_moment_for_a_frozen_server() {
    let server = RedisServer::start();
    let redis = impatient(&server.url(), Patience::default()).await;
    assert!(introduce(&redis, 1, 5).await);
    server.freeze();
    assert!(!raise(&redis, 1, 6).await);
    let before = redis.round_trips();
    assert!(!raise(&redis, 1, 7).await);
    assert_eq!(floor(&redis, 1).await, None, "nothing stale is served");
    assert_eq!(redis.round_trips(), before, "nobody waits for it any more");
    server.thaw();
    catch_up(&redis).await;
    assert!(raise(&redis, 1, 7).await);
    assert_eq!(floor(&redis, 1).await, Some(7));
}

#[tokio::test]
async fn a_full_server_serves_nothing_that_it_could_not_be_told_is_stale() {
    let server = RedisServer::with(&["--maxmemory-policy", "noeviction"]);
    let redis = connected(&server.url()).await;
    assert!(introduce(&redis, 1, 5).await);
    assert_eq!(server.say("CONFIG SET maxmemory 1"), "+OK");
    assert!(!raise(&redis, 1, 6).await);
    assert_eq!(floor(&redis, 1).await, None);
    assert_eq!(server.say("CONFIG SET maxmemory 64mb"), "+OK");
    catch_up(&redis).await;
    assert!(raise(&redis, 1, 6).await, "the relay tells it again");
    assert_eq!(floor(&redis, 1).await, Some(6));
}
