//! Those who ask on several runtimes have a connection each, and are told the same.

use std::sync::Arc;

use duly_cache::Redis;
use duly_cache::redis::Patience;
use duly_cache::status::{RedisState, StoreStatus};
use duly_cache::testing::RedisServer;
use duly_db::clock::SystemClock;
use duly_db::random::SystemRandom;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};

use super::*;

/// A runtime with a thread of its own.
fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

fn start_for(runtimes: &[&Runtime], url: &str, patience: Patience) -> Redis {
    let handles: Vec<Handle> = runtimes.iter().map(|one| one.handle().clone()).collect();
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let address = url.parse().unwrap();
    Redis::start_for(&handles, address, "here", patience, clock, random)
}

/// The commands that each client of Redis has sent last, but for those that ask for this.
fn clients(server: &RedisServer) -> usize {
    let list = server.say("CLIENT LIST");
    let ours = list
        .lines()
        .filter(|line| line.starts_with("id=") && !line.contains("cmd=client"));
    ours.count()
}

#[tokio::test]
async fn each_runtime_has_a_connection_and_all_see_the_same() {
    let server = RedisServer::start();
    let (one, other) = (runtime(), runtime());
    let redis = start_for(
        &[&one, &other],
        &server.url(),
        duly_cache::testing::PATIENCE,
    );
    let redis = Arc::new(redis);
    catch_up(&redis).await;
    assert_eq!(clients(&server), 3);
    assert!(introduce(&*redis, 1, 5).await);
    for (data, runtime) in (6..).zip([&one, &other]) {
        let asked = redis.clone();
        let raised = runtime.spawn(async move { raise(&*asked, 1, data).await });
        assert!(raised.await.unwrap());
        assert_eq!(floor(&*redis, 1).await, Some(data));
        for reader in [&one, &other] {
            let asked = redis.clone();
            let read = reader.spawn(async move { floor(&*asked, 1).await });
            assert_eq!(read.await.unwrap(), Some(data));
        }
    }
    assert_eq!(clients(&server), 3, "nobody has opened another one");
    for ended in [one, other] {
        ended.shutdown_background();
    }
    assert_eq!(floor(&*redis, 1).await, Some(7), "others go on");
}

#[tokio::test]
async fn when_one_connection_is_lost_none_is_believed() {
    let server = RedisServer::start();
    let other = runtime();
    let redis = Arc::new(start_for(
        &[&other],
        &server.url(),
        duly_cache::testing::PATIENCE,
    ));
    catch_up(&redis).await;
    assert!(introduce(&*redis, 1, 5).await);
    let before = connection(&redis);
    server.say("CLIENT KILL TYPE normal SKIPME yes");
    let asked = redis.clone();
    let lost = other.spawn(async move { look(&*asked, 1).await.is_err() });
    assert!(lost.await.unwrap());
    assert_ne!(connection(&redis), before, "it is given up here as well");
    catch_up(&redis).await;
    let asked = redis.clone();
    let read = other.spawn(async move { floor(&*asked, 1).await });
    assert_eq!(read.await.unwrap(), Some(5));
    other.shutdown_background();
}

/// As in a failover between two connections.
#[tokio::test]
async fn connections_to_different_servers_are_refused() {
    let servers = [RedisServer::start(), RedisServer::start()];
    let ports = servers.each_ref().map(RedisServer::port);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let (both, only) = tokio::sync::watch::channel(true);
    tokio::spawn(async move {
        for number in 0_usize.. {
            let (mut client, _) = listener.accept().await.unwrap();
            let port = ports[if *only.borrow() { number % 2 } else { 0 }];
            tokio::spawn(async move {
                let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    let other = runtime();
    let redis = start_for(&[&other], &url, duly_cache::testing::PATIENCE);
    let status = || match Store::<Somebody>::status(&redis) {
        StoreStatus::Redis(status) => status,
        status => panic!("{status:?}"),
    };
    let started = Instant::now();
    let reason = loop {
        if let Some(reason) = status().last_error {
            break reason;
        }
        assert!(started.elapsed() < LIMIT);
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    assert!(reason.contains("another server has taken over"), "{reason}");
    assert_eq!(status().state, RedisState::Away);
    both.send(false).unwrap();
    catch_up(&redis).await;
    assert!(introduce(&redis, 1, 5).await);
    other.shutdown_background();
}
