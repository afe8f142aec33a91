//! A master that is gone, and Sentinels that make another.

use duly_cache::testing::RedisSentinels;

use super::{LIMIT, catch_up, connected, connection, floor, introduce, is_given_up, raise, start};

#[tokio::test]
async fn another_master_is_used_and_nothing_from_before_is_found() {
    let servers = RedisSentinels::start();
    let redis = connected(&servers.url()).await;
    assert!(introduce(&redis, 1, 5).await);
    assert_eq!(floor(&redis, 1).await, Some(5));
    servers.first().kill();
    is_given_up(&redis, 1).await;
    assert!(!raise(&redis, 1, 6).await, "the writer must know");
    let _ = servers.wait_for_failover();
    catch_up(&redis).await;
    assert_eq!(floor(&redis, 1).await, None, "it may have missed something");
    assert!(introduce(&redis, 1, 6).await);
    assert_eq!(floor(&redis, 1).await, Some(6));
}

#[tokio::test]
async fn nobody_believes_a_master_that_comes_back_from_a_sleep() {
    let servers = RedisSentinels::start();
    let patience = duly_cache::redis::Patience {
        reader: std::time::Duration::from_millis(500),
        ..duly_cache::testing::PATIENCE
    };
    let redis = start(&servers.url(), patience);
    catch_up(&redis).await;
    // One that does not notice.
    let idle = connected(&servers.url()).await;
    let asleep = connection(&idle);
    assert!(introduce(&redis, 1, 5).await);
    servers.first().freeze();
    is_given_up(&redis, 1).await;
    let other = servers.wait_for_failover();
    catch_up(&redis).await;
    assert_eq!(floor(&redis, 1).await, None);
    assert!(introduce(&redis, 1, 6).await && raise(&redis, 1, 7).await);
    let awake = connection(&redis);
    servers.first().thaw();
    let started = std::time::Instant::now();
    while !servers.first().says("INFO replication", "role:slave") {
        assert!(started.elapsed() < LIMIT, "it is still a master");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(
        (floor(&redis, 1).await, connection(&redis)),
        (Some(7), awake)
    );
    // The relay's next turn.
    catch_up(&idle).await;
    assert_ne!(connection(&idle), asleep, "it takes no changes any more");
    catch_up(&idle).await;
    assert_eq!(floor(&idle, 1).await, Some(7));
    assert!(raise(&idle, 1, 8).await);
    assert_eq!(floor(&redis, 1).await, Some(8));
    assert!(other.say("INFO replication").contains("role:master"));
}
