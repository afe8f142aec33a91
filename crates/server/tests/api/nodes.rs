//! Several nodes that share one Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use duly_cache::limits::Limiter;
use duly_cache::testing::RedisServer;
use duly_cache::{Redis, Relay, Store};
use duly_db::clock::SystemClock;
use duly_db::random::SystemRandom;
use duly_server::app::App;
use duly_server::limits::{Rule, Rules};
use duly_tracker::Tracker;
use duly_tracker::sessions::Caller;
use serde_json::json;

use crate::support::{Client, TestApp};

const LIST: &str = "/api/v1/tasks?status=pending";

/// One node. Its relay runs only when the test says so: nothing may depend on it while all is well.
struct Node {
    app: Arc<App>,
    tracker: Tracker,
    redis: Arc<Redis>,
    relay: Relay<Caller>,
}

impl Node {
    async fn start(app: &TestApp, server: &RedisServer) -> Self {
        let address = server.url().parse().expect("an address");
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        let redis = Arc::new(Redis::start(
            address,
            "here",
            duly_cache::testing::PATIENCE,
            clock,
            random,
        ));
        let limiter = Limiter::sharing(app.tracker.clock.clone(), redis.clone());
        let tracker = app.tracker.node(redis.clone(), limiter).await;
        let relay = Relay::start(tracker.cache.clone(), tracker.db.clone()).await;
        let mut node = Node {
            app: app.node(tracker.clone()),
            tracker,
            redis,
            relay: relay.expect("the database works"),
        };
        node.catch_up().await;
        node
    }

    /// Lets the relay work until there is a connection that has been told everything.
    async fn catch_up(&mut self) {
        let store: Arc<dyn Store<Caller>> = self.redis.clone();
        let started = Instant::now();
        loop {
            let before = store.connection();
            self.relay.catch_up().await.expect("the database works");
            if before.is_some() && store.connection() == before {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "no connection");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Round trips to Redis, and to the database.
    fn trips(&self) -> (u64, u64) {
        (
            self.redis.round_trips(),
            self.tracker.db.counters().round_trips,
        )
    }
}

struct Scene {
    app: TestApp,
    server: RedisServer,
    nodes: [Node; 2],
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let server = RedisServer::start();
        let nodes = [
            Node::start(&app, &server).await,
            Node::start(&app, &server).await,
        ];
        Scene { app, server, nodes }
    }

    /// Somebody who has registered, at each of the nodes by the same session.
    async fn user(&self, name: &str) -> [Client; 2] {
        let client = self.app.user(name).await;
        let [one, other] = &self.nodes;
        [client.at(one.app.clone()), client.at(other.app.clone())]
    }
}

async fn titles(client: &Client) -> Vec<String> {
    client.titles("status=pending&sort=title").await
}

#[tokio::test]
async fn what_is_known_costs_one_look_at_redis_and_none_at_the_database() {
    let scene = Scene::new().await;
    let [here, there] = scene.user("ann").await;
    let [one, other] = &scene.nodes;
    here.task(json!({ "title": "Pay rent" })).await;
    here.get(LIST).await.expect(200);
    for (node, client) in [(one, &here), (other, &there)] {
        for _ in 0..3 {
            let before = node.trips();
            client.get(LIST).await.expect(200);
            let after = node.trips();
            assert_eq!((after.0 - before.0, after.1 - before.1), (1, 0));
        }
    }
}

#[tokio::test]
async fn a_miss_costs_three_looks_at_redis_and_a_write_two() {
    let scene = Scene::new().await;
    let [here, _] = scene.user("ann").await;
    let [node, _] = &scene.nodes;
    here.get("/api/v1/labels").await.expect(200);
    let before = node.trips();
    here.get("/api/v1/tasks?sort=title").await.expect(200);
    let after = node.trips();
    assert_eq!(after.0 - before.0, 3);
    let before = after;
    here.task(json!({ "title": "Pay rent" })).await;
    assert_eq!(node.trips().0 - before.0, 2);
}

#[tokio::test]
async fn what_one_node_writes_all_nodes_show() {
    let scene = Scene::new().await;
    let clients = scene.user("ann").await;
    let mut expected = Vec::new();
    for number in 0..10 {
        let [writer, reader] = [&clients[number % 2], &clients[(number + 1) % 2]];
        assert_eq!(titles(reader).await, expected);
        let title = format!("Task {number}");
        writer.task(json!({ "title": title })).await;
        expected.push(title);
        for client in [writer, reader] {
            assert_eq!(titles(client).await, expected);
        }
    }
}

#[tokio::test]
async fn what_is_revoked_here_is_refused_there_at_once() {
    let scene = Scene::new().await;
    let [here, there] = scene.user("ann").await;
    let second = scene.app.log_in("ann").await;
    let program = here.token(&["*"]).await;
    let [_, other] = &scene.nodes;
    let (second, program) = (second.at(other.app.clone()), program.at(other.app.clone()));
    for client in [&there, &second, &program] {
        client.get(LIST).await.expect(200);
        client.get(LIST).await.expect(200);
    }
    here.delete("/api/v1/tokens").await.expect(204);
    program.get(LIST).await.expect(401);
    here.delete("/api/v1/sessions").await.expect(204);
    second.get(LIST).await.expect(401);
    there.get(LIST).await.expect(200);
}

#[tokio::test]
async fn nothing_fails_and_nothing_stale_is_shown_while_redis_is_away_and_when_it_returns() {
    let mut scene = Scene::new().await;
    let [here, there] = scene.user("ann").await;
    here.task(json!({ "title": "before" })).await;
    assert_eq!(titles(&there).await, ["before"]);
    assert_eq!(titles(&here).await, ["before"]);
    scene.server.kill();
    for round in 0..3 {
        here.task(json!({ "title": format!("during {round}") }))
            .await;
        assert_eq!(titles(&here).await.len(), 2 + round);
        assert_eq!(titles(&there).await.len(), 2 + round, "every node sees it");
    }
    scene.server.resume();
    for node in &mut scene.nodes {
        node.catch_up().await;
    }
    for client in [&here, &there] {
        assert_eq!(titles(client).await.len(), 4);
    }
    here.task(json!({ "title": "after" })).await;
    assert_eq!(titles(&there).await.len(), 5);
}

/// Each request asks the database who it is and how new the answer has to be, by one small statement;
/// what is in memory still serves. As the page does it, who changes something looks at a few views nine
/// times before the next change.
#[tokio::test]
async fn without_redis_the_database_has_at_most_twice_as_much_to_do() {
    const LOOKS: [&str; 5] = [
        LIST,
        "/api/v1/tasks?due=today",
        "/api/v1/labels",
        "/api/v1/statistics",
        "/api/v1/notifications",
    ];
    let scene = Scene::new().await;
    let [here, _] = scene.user("ann").await;
    let tracker = &scene.nodes[0].tracker;
    let counts = || {
        (
            tracker.db.counters().statements,
            tracker.cache.counters().loads,
        )
    };
    let cost = async || {
        let before = counts();
        for number in 0..50 {
            match number % 10 {
                9 => drop(here.task(json!({ "title": "again" })).await),
                _ => drop(here.get(LOOKS[number % LOOKS.len()]).await.expect(200)),
            }
        }
        let after = counts();
        (after.0 - before.0, after.1 - before.1)
    };
    cost().await;
    let (with, loads_with) = cost().await;
    scene.server.kill();
    let (without, loads_without) = cost().await;
    assert_eq!(loads_without, loads_with, "what is in memory is used");
    assert!(
        without <= with + 50,
        "{with} statements with Redis, {without} without"
    );
    assert!(
        without <= 2 * with,
        "{with} statements with Redis, {without} without"
    );
}

/// The one node that could not tell Redis what it committed is made up for by the other's relay.
#[tokio::test]
async fn an_invalidation_that_got_lost_is_made_up_for() {
    let mut scene = Scene::new().await;
    let [_, there] = scene.user("ann").await;
    there.get(LIST).await.expect(200);
    // A command beside the nodes, which knows nothing of Redis.
    let store = Arc::new(duly_cache::Sql);
    let outside = scene
        .app
        .tracker
        .node(store, scene.app.limiter.clone())
        .await;
    let outside = there.at(scene.app.node(outside));
    outside.task(json!({ "title": "from outside" })).await;
    scene.nodes[1]
        .relay
        .catch_up()
        .await
        .expect("the database works");
    assert_eq!(titles(&there).await, ["from outside"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_who_want_the_same_make_one_load_for_all_nodes() {
    let scene = Scene::new().await;
    let clients = scene.user("ann").await;
    for client in &clients {
        client.get("/api/v1/labels").await.expect(200);
    }
    let loads = || -> u64 {
        let all = scene
            .nodes
            .iter()
            .map(|node| node.tracker.cache.counters().loads);
        all.sum()
    };
    let before = loads();
    let asks = (0..1_000).map(|number| {
        let ask = clients[number % 2].get("/api/v1/tasks?sort=-title");
        tokio::spawn(async move { ask.await })
    });
    for answer in asks.collect::<Vec<_>>() {
        answer.await.expect("no panic").expect(200);
    }
    assert_eq!(loads() - before, 1);
}

#[tokio::test]
async fn nodes_count_requests_together_and_still_by_one_look() {
    let rule = "api: 30/1m per user";
    let rules = Rules::new([Rule::parse_named(rule).expect("a rule")]);
    let app = TestApp::limited(|_| {}, |_| {}, |_| rules).await;
    let server = RedisServer::start();
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(Node::start(&app, &server).await);
    }
    let ann = app.user("ann").await;
    let at = |node: &Node| ann.at(node.app.clone());
    for node in &nodes {
        at(node).get(LIST).await.expect(200);
        let before = node.trips();
        at(node).get(LIST).await.expect(200);
        let after = node.trips();
        assert_eq!((after.0 - before.0, after.1 - before.1), (1, 0));
    }
    let mut asked = tokio::task::JoinSet::new();
    for node in &nodes {
        for _ in 0..20 {
            let ann = at(node);
            asked.spawn(async move { ann.get(LIST).await.status });
        }
    }
    let statuses = asked.join_all().await;
    let admitted = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(admitted, 30 - 6, "of 60 that came at the same moment");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)));
}

/// A node that does not reach Redis tells whoever writes there, and they tell the others.
#[tokio::test]
async fn a_client_tells_what_it_has_seen_of_a_node_that_cannot_tell() {
    let scene = Scene::new().await;
    let [_, there] = scene.user("ann").await;
    let gone = RedisServer::start();
    let alone = Node::start(&scene.app, &gone).await;
    gone.kill();
    assert!(titles(&there).await.is_empty());
    let new = json!({ "title": "Pay rent" });
    let made = there.at(alone.app.clone()).post("/api/v1/tasks", new).await;
    let made = made.expect(201);
    let version = made.header("duly-version").to_owned();
    let cookie = made
        .header("set-cookie")
        .split(';')
        .next()
        .expect("a cookie");
    assert_eq!(cookie, format!("duly_version={version}"));
    // Without being told, the other node knows nothing of it before its relay looks.
    assert!(titles(&there).await.is_empty());
    let count = async |header: &str, value: &str| {
        let list = there.get(LIST).header(header, value).await.expect(200);
        list.json()["data"].as_array().expect("a list").len()
    };
    let both = format!("{}; {cookie}", there.cookie());
    assert_eq!(count("cookie", &both).await, 1);
    assert_eq!(count("duly-version", &version).await, 1);
    assert_eq!(
        titles(&there).await,
        ["Pay rent"],
        "it has been seen here as well"
    );
}

#[tokio::test]
async fn a_version_that_never_was_is_answered_all_the_same() {
    let scene = Scene::new().await;
    let [here, _] = scene.user("ann").await;
    here.task(json!({ "title": "Pay rent" })).await;
    for made_up in ["9223372036854775807", "-5", "x", ""] {
        let list = here.get(LIST).header("duly-version", made_up).await;
        assert_eq!(
            list.expect(200).json()["data"].as_array().map(Vec::len),
            Some(1)
        );
    }
}
