//! What is changed at one node is told at the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use duly_cache::relay::Audience;
use duly_cache::testing::RedisServer;
use duly_cache::{Redis, Relay, Sql, Store};
use duly_db::clock::SystemClock;
use duly_db::random::SystemRandom;
use duly_db::versions::Change;
use duly_server::app::App;
use duly_tracker::Tracker;
use duly_tracker::live::{Hub, Limits};
use duly_tracker::sessions::Caller;
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{Listener, only_change, trusting};
use crate::support::{Client, TestApp};

/// After a revocation nobody is told anything for longer.
const SHUT_OUT_WITHIN: Duration = Duration::from_secs(5);

struct Node {
    app: Arc<App>,
    _relay: JoinSet<()>,
}

impl Node {
    /// Several that share Redis.
    async fn with_redis(app: &TestApp, server: &RedisServer) -> Self {
        let address = server.url().parse().expect("an address");
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        let redis = Redis::start(
            address,
            "test",
            duly_cache::testing::PATIENCE,
            clock,
            random,
        );
        let (tracker, relay) = node(app, Arc::new(redis)).await;
        let mut relaying = JoinSet::new();
        relaying.spawn(relay.run());
        Node {
            app: app.node(tracker),
            _relay: relaying,
        }
    }

    /// Several that share nothing but the database.
    async fn with_sql(app: &TestApp) -> Self {
        let (tracker, relay) = node(app, Arc::new(Sql)).await;
        let mut relaying = JoinSet::new();
        relaying.spawn(relay.run_for_audience());
        Node {
            app: app.node(tracker),
            _relay: relaying,
        }
    }
}

async fn node(app: &TestApp, store: Arc<dyn Store<Caller>>) -> (Tracker, Relay<Caller>) {
    let mut tracker = app.tracker.node(store, app.tracker.limiter.clone()).await;
    tracker.live = Hub::new(trusting());
    tracker.db.tell(Arc::new(tracker.live.clone()));
    let relay = Relay::start(tracker.cache.clone(), tracker.db.clone()).await;
    let relay = relay.expect("the database works");
    let relay = relay.telling(Arc::new(tracker.live.clone()));
    (tracker, relay)
}

async fn assert_each_tells_what_the_other_changes(app: &TestApp, nodes: &[Node; 2]) {
    let client = app.user("ann").await;
    let clients = nodes.each_ref().map(|node| client.at(node.app.clone()));
    let mut listeners = Vec::new();
    for client in &clients {
        let mut listener = Listener::open(client).await;
        listener.expect("hello").await;
        listeners.push(listener);
    }
    for number in 0..4 {
        let task = clients[number % 2].task(json!({ "title": number.to_string() }));
        let task = task.await;
        for listener in &mut listeners {
            let event = listener.expect("change").await;
            assert_eq!(only_change(&event.data)["id"], task["id"]);
            assert_eq!(counts(&clients).await, [number + 1; 2]);
        }
    }
    let ben = app.user("ben").await.at(nodes[0].app.clone());
    ben.task(json!({ "title": "Secret" })).await;
    let task = clients[1].task(json!({ "title": "The last" })).await;
    for listener in &mut listeners {
        let event = listener.expect("change").await;
        assert_eq!(only_change(&event.data)["id"], task["id"]);
    }
}

async fn counts(clients: &[Client; 2]) -> [usize; 2] {
    let [one, other] = clients;
    [one.titles("").await.len(), other.titles("").await.len()]
}

async fn assert_each_shuts_out_whom_the_other_revokes(app: &TestApp, nodes: &[Node; 2]) {
    let [here, there] = nodes;
    let ann = app.user("ann").await.at(here.app.clone());
    let session = app.log_in("ann").await.at(there.app.clone());
    let program = ann.token(&["tasks:read"]).await.at(there.app.clone());
    let (mut session, mut program) = (
        Listener::open(&session).await,
        Listener::open(&program).await,
    );
    session.expect("hello").await;
    program.expect("hello").await;
    let begun = Instant::now();
    ann.delete("/api/v1/sessions").await.expect(204);
    session.expect_end().await;
    assert!(begun.elapsed() < SHUT_OUT_WITHIN);
    program.expect("resync").await;
    let begun = Instant::now();
    ann.delete("/api/v1/tokens").await.expect(204);
    program.expect_end().await;
    assert!(begun.elapsed() < SHUT_OUT_WITHIN);
}

#[tokio::test]
async fn nodes_with_redis_tell_what_others_change() {
    let (app, server) = (TestApp::new().await, RedisServer::start());
    let nodes = [
        Node::with_redis(&app, &server).await,
        Node::with_redis(&app, &server).await,
    ];
    assert_each_tells_what_the_other_changes(&app, &nodes).await;
}

#[tokio::test]
async fn nodes_with_redis_shut_out_whom_others_revoke() {
    let (app, server) = (TestApp::new().await, RedisServer::start());
    let nodes = [
        Node::with_redis(&app, &server).await,
        Node::with_redis(&app, &server).await,
    ];
    assert_each_shuts_out_whom_the_other_revokes(&app, &nodes).await;
}

#[tokio::test]
async fn nodes_go_on_telling_without_redis() {
    let (app, server) = (TestApp::new().await, RedisServer::start());
    let nodes = [
        Node::with_redis(&app, &server).await,
        Node::with_redis(&app, &server).await,
    ];
    server.kill();
    assert_each_tells_what_the_other_changes(&app, &nodes).await;
}

/// What one node has told just now keeps it quiet for a moment, in which it hears of another's change.
#[tokio::test]
async fn what_was_found_too_soon_to_be_told_is_told_after() {
    let app = TestApp::new().await;
    let (mut tracker, _) = node(&app, Arc::new(Sql)).await;
    tracker.live = Hub::new(Limits {
        pause: Duration::from_secs(1),
        ..trusting()
    });
    tracker.db.tell(Arc::new(tracker.live.clone()));
    let hub = tracker.live.clone();
    let elsewhere = app.user("ann").await;
    let here = elsewhere.at(app.node(tracker));
    let mut listener = Listener::open(&here).await;
    listener.expect("hello").await;
    here.task(json!({ "title": "One" })).await;
    listener.expect("change").await;
    let task = elsewhere.task(json!({ "title": "Two" })).await;
    hub.is_told_from_now_on();
    let event = listener.expect("change").await;
    assert_eq!(only_change(&event.data)["id"], task["id"]);
}

#[tokio::test]
async fn nodes_that_share_only_the_database_tell_what_others_change() {
    let app = TestApp::new().await;
    let nodes = [Node::with_sql(&app).await, Node::with_sql(&app).await];
    assert_each_tells_what_the_other_changes(&app, &nodes).await;
}

#[tokio::test]
async fn nodes_that_share_only_the_database_shut_out_whom_others_revoke() {
    let app = TestApp::new().await;
    let nodes = [Node::with_sql(&app).await, Node::with_sql(&app).await];
    assert_each_shuts_out_whom_the_other_revokes(&app, &nodes).await;
}

/// What was committed between the look at the database and the first reading of the relay.
#[tokio::test]
async fn the_first_who_listens_misses_nothing() {
    let app = TestApp::new().await;
    let (tracker, relay) = node(&app, Arc::new(Sql)).await;
    let here = app.user("ann").await;
    let mut listener = Listener::open(&here.at(app.node(tracker))).await;
    listener.expect("hello").await;
    here.task(json!({ "title": "Pay rent" })).await;
    let mut relaying = JoinSet::new();
    relaying.spawn(relay.run_for_audience());
    listener.expect("change").await;
}

/// Somebody who listens for three readings.
#[derive(Debug, Default)]
struct Guest {
    readings: AtomicU32,
    is_gone: Notify,
}

#[async_trait::async_trait]
impl Audience for Guest {
    fn told(&self, _: &[Change]) {
        self.readings.fetch_add(1, Ordering::Relaxed);
    }

    fn is_told_from_now_on(&self) {}

    fn is_there(&self) -> bool {
        self.readings.load(Ordering::Relaxed) < 3
    }

    async fn comes(&self) {
        if !self.is_there() {
            self.is_gone.notify_one();
            std::future::pending().await
        }
    }
}

#[tokio::test]
async fn nobody_reads_for_nobody() {
    let app = TestApp::new().await;
    let (tracker, relay) = node(&app, Arc::new(Sql)).await;
    let guest = Arc::new(Guest::default());
    let before = tracker.db.counters().statements;
    let mut relaying = JoinSet::new();
    relaying.spawn(relay.telling(guest.clone()).run_for_audience());
    let gone = tokio::time::timeout(Duration::from_secs(20), guest.is_gone.notified());
    gone.await.expect("it waits for the next");
    // Where to begin, and three readings.
    assert_eq!(tracker.db.counters().statements - before, 4);
}

/// Nobody tells this node anything: it looks by itself.
#[tokio::test]
async fn without_a_relay_it_is_looked_again_in_time() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let tracker = app
        .tracker
        .node(Arc::new(Sql), app.tracker.limiter.clone())
        .await;
    let live = Hub::new(Limits {
        look: Duration::from_millis(20),
        ..Limits::default()
    });
    let node = app.node(Tracker { live, ..tracker });
    let session = app.log_in("ann").await.at(node);
    let mut listener = Listener::open(&session).await;
    listener.expect("hello").await;
    ann.task(json!({ "title": "Pay rent" })).await;
    listener.expect("change").await;
    ann.delete("/api/v1/sessions").await.expect(204);
    listener.expect_end().await;
    let limits = Limits::default();
    assert!(limits.look + limits.vouched < SHUT_OUT_WITHIN);
}
