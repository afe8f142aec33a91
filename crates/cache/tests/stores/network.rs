//! A network that loses what is sent, or is slow.

use std::time::Duration;

use duly_cache::redis::Patience;
use duly_cache::testing::{Proxy, RedisServer};

use super::{catch_up, connection, floor, impatient, introduce, look, raise};

/// So late is an answer that a writer does not wait for and a reader does.
const LATE: Duration = Duration::from_millis(100);

/// Nobody waits as long, on however busy a machine.
const LONG: Duration = Duration::from_secs(10);

/// As a node runs, but for readers, whom a busy machine may keep waiting.
fn patience() -> Patience {
    Patience {
        reader: duly_cache::testing::PATIENCE.reader,
        ..Patience::default()
    }
}

#[tokio::test]
async fn a_writer_does_not_wait_for_a_network_that_swallows_everything() {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port()).await;
    let redis = impatient(&proxy.url(), patience()).await;
    assert!(introduce(&redis, 1, 5).await);
    proxy.hold();
    let told = tokio::time::timeout(LONG, raise(&redis, 1, 6)).await;
    assert_eq!(told, Ok(false), "the writer must know, and soon");
    let before = redis.round_trips();
    assert!(!raise(&redis, 1, 7).await);
    assert!(look(&redis, 1).await.is_err(), "nothing stale is served");
    assert_eq!(redis.round_trips(), before, "nobody waits for it any more");
    proxy.pass(Duration::ZERO);
    catch_up(&redis).await;
    // What was held has arrived by now; the relay tells the rest.
    assert!(raise(&redis, 1, 7).await);
    assert_eq!(floor(&redis, 1).await, Some(7));
}

#[tokio::test]
async fn readers_give_up_a_network_that_swallows_everything() {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port()).await;
    let patience = Patience {
        reader: Duration::from_millis(200),
        ..duly_cache::testing::PATIENCE
    };
    let redis = impatient(&proxy.url(), patience).await;
    assert!(introduce(&redis, 1, 5).await);
    let before = connection(&redis);
    proxy.hold();
    for _ in 0..2 {
        let told = tokio::time::timeout(LONG, look(&redis, 1)).await;
        assert!(told.unwrap().is_err());
    }
    assert_ne!(connection(&redis), before);
    proxy.pass(Duration::ZERO);
    catch_up(&redis).await;
    assert_eq!(
        floor(&redis, 1).await,
        Some(5),
        "nothing was changed meanwhile"
    );
}

#[tokio::test]
async fn a_slow_server_is_read_from_and_not_waited_for_by_writers() {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port()).await;
    let redis = impatient(&proxy.url(), patience()).await;
    assert!(introduce(&redis, 1, 5).await);
    let before = connection(&redis);
    proxy.pass(LATE);
    assert_eq!(floor(&redis, 1).await, Some(5));
    assert_eq!(connection(&redis), before);
    assert!(!raise(&redis, 1, 6).await);
    assert!(look(&redis, 1).await.is_err(), "it may not know of 6");
    proxy.pass(Duration::ZERO);
    catch_up(&redis).await;
    assert!(raise(&redis, 1, 6).await, "the relay tells it again");
    assert_eq!(floor(&redis, 1).await, Some(6));
}
