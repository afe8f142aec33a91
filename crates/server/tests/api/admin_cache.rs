//! `/admin/cache`

use std::sync::Arc;
use std::time::{Duration, Instant};

use duly_cache::limits::Limiter;
use duly_cache::redis::Address;
use duly_cache::testing::RedisServer;
use duly_cache::{Redis, Relay, Store};
use duly_tracker::sessions::Caller;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

const PATH: &str = "/api/v1/admin/cache";
const PASSWORD: &str = "word-of-redis";
const LIMIT: Duration = Duration::from_secs(20);

async fn seen_by(client: &Client) -> Value {
    let answer = client.get(PATH).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.text().contains(PASSWORD), "{}", answer.text());
    answer.json()
}

/// How much a number has grown.
fn grown(before: &Value, after: &Value, name: &str) -> u64 {
    let read = |status: &Value| status["counters"][name].as_u64().expect("a number");
    read(after) - read(before)
}

#[tokio::test]
async fn administrators_see_how_often_the_cache_has_known_the_answer() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    app.promote("ann").await;
    ann.get("/api/v1/me").await.expect(200);
    app.advance(3600);
    let before = seen_by(&ann).await;
    let kind = match app.db.is_shared() {
        true => "database",
        false => "memory",
    };
    assert_eq!(before["store"], json!({ "kind": kind }));
    assert_eq!(before["since"], duly_tracker::testing::START);
    assert_eq!(before["memory_limit_bytes"], 64 * 1024 * 1024);
    for _ in 0..3 {
        ann.get("/api/v1/labels").await.expect(200);
    }
    let after = seen_by(&ann).await;
    assert_eq!(grown(&before, &after, "loads"), 1, "{after}");
    assert_eq!(grown(&before, &after, "hits"), 2, "{after}");
    assert_eq!(grown(&before, &after, "memory_entries"), 1, "{after}");
    assert!(grown(&before, &after, "memory_bytes") > 0, "{after}");
    assert_eq!(after["counters"]["stale"], 0);
    ann.get(&format!("{PATH}?x=1"))
        .await
        .problem(422, "invalid");
}

#[tokio::test]
async fn administrators_see_whether_redis_is_there_and_believed_but_not_its_password() {
    let app = TestApp::new().await;
    let server = RedisServer::with(&["--requirepass", PASSWORD]);
    let place = format!("127.0.0.1:{}", server.port());
    let address: Address = format!("redis://:{PASSWORD}@{place}")
        .parse()
        .expect("an address");
    let (clock, random) = (app.tracker.clock.clone(), app.tracker.random.clone());
    let patience = duly_cache::testing::PATIENCE;
    let redis = Arc::new(Redis::start(
        address,
        "here",
        patience,
        clock.clone(),
        random,
    ));
    let tracker = app
        .tracker
        .node(redis.clone(), Limiter::sharing(clock, redis.clone()))
        .await;
    let relay = Relay::start(tracker.cache.clone(), tracker.db.clone()).await;
    let mut relay = relay.expect("the database works");
    let ann = app.user("ann").await;
    app.promote("ann").await;
    let ann = ann.at(app.node(tracker));

    is_connected(&redis).await;
    let found = seen_by(&ann).await["store"].clone();
    let start = duly_tracker::testing::START;
    let expected = json!({
        "kind": "redis",
        "way": "single",
        "servers": [place],
        "state": "catching_up",
        "since": start,
        "last_error": null,
        "round_trips": found["round_trips"],
    });
    assert_eq!(found, expected);

    relay.catch_up().await.expect("the database works");
    ann.get("/api/v1/labels").await.expect(200);
    let used = seen_by(&ann).await["store"].clone();
    assert_eq!(used["state"], "in_use");
    assert!(used["round_trips"].as_u64() > found["round_trips"].as_u64());

    app.advance(60);
    server.kill();
    let gone = seen_by(&ann).await["store"].clone();
    assert_eq!(gone["state"], "away", "{gone}");
    assert_eq!(gone["since"], "2026-11-23T07:01:00Z");
    assert!(gone["last_error"].is_string(), "{gone}");

    server.resume();
    is_connected(&redis).await;
    let back = seen_by(&ann).await["store"].clone();
    assert_eq!(back["state"], "catching_up", "{back}");
    relay.catch_up().await.expect("the database works");
    assert_eq!(seen_by(&ann).await["store"]["state"], "in_use");
}

#[tokio::test]
async fn what_redis_says_to_a_wrong_password_is_shown_without_it() {
    let app = TestApp::new().await;
    let server = RedisServer::with(&["--requirepass", "another"]);
    let address = format!("redis://duly:{PASSWORD}@127.0.0.1:{}", server.port());
    let address = address.parse().expect("an address");
    let (clock, random) = (app.tracker.clock.clone(), app.tracker.random.clone());
    let redis = Redis::start(
        address,
        "here",
        duly_cache::testing::PATIENCE,
        clock,
        random,
    );
    let limiter = Limiter::new(app.tracker.clock.clone());
    let tracker = app.tracker.node(Arc::new(redis), limiter).await;
    let ann = app.user("ann").await;
    app.promote("ann").await;
    let ann = ann.at(app.node(tracker));
    let started = Instant::now();
    loop {
        let store = seen_by(&ann).await["store"].clone();
        assert_eq!(store["state"], "away", "{store}");
        if store["last_error"].is_string() {
            break;
        }
        assert!(started.elapsed() < LIMIT, "nobody has tried");
    }
}

async fn is_connected(redis: &Redis) {
    let connected = tokio::time::timeout(LIMIT, redis.connected()).await;
    connected.expect("it connects");
    let store: &dyn Store<Caller> = redis;
    assert!(store.connection().is_some());
}
