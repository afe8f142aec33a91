//! Who may listen, for how long, and how many.

use std::sync::Arc;
use std::time::Duration;

use duly_cache::relay::Audience as _;
use duly_db::Version;
use duly_db::versions::{Kind, Raised, Watcher as _};
use duly_tracker::live::{Hub, Limits};
use serde_json::json;

use super::listener::refused;
use super::{Listener, lively, node_with, trusting};
use crate::support::TestApp;

#[tokio::test]
async fn who_may_not_see_tasks_may_not_listen() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let anonymous = refused(&app.anonymous()).await;
    anonymous.problem(401, "unauthenticated");
    let writer = ann.token(&["tasks:write"]).await;
    refused(&writer).await.problem(403, "missing_ability");
    let reader = ann.token(&["tasks:read"]).await;
    Listener::open(&reader).await.expect("hello").await;
}

#[tokio::test]
async fn who_is_shut_out_is_told_so_and_nothing_more() {
    let app = TestApp::new().await;
    let node = node_with(&app, trusting());
    let ann = app.user("ann").await.at(node.clone());
    let program = ann.token(&["*"]).await;
    let mut program = Listener::open(&program).await;
    let revoked = app.log_in("ann").await.at(node.clone());
    let mut revoked = Listener::open(&revoked).await;
    let logged_out = app.log_in("ann").await.at(node);
    let mut out = Listener::open(&logged_out).await;
    let mut stays = Listener::open(&ann).await;
    for listener in [&mut program, &mut revoked, &mut out, &mut stays] {
        listener.expect("hello").await;
    }
    logged_out.ask("POST", "/api/v1/logout").await.expect(204);
    out.expect_end().await;
    ann.delete("/api/v1/tokens").await.expect(204);
    program.expect_end().await;
    ann.delete("/api/v1/sessions").await.expect(204);
    revoked.expect_end().await;
    stays.expect("resync").await;
}

#[tokio::test]
async fn a_new_password_ends_what_was_open() {
    let app = TestApp::new().await;
    let node = node_with(&app, trusting());
    let ann = app.user("ann").await.at(node.clone());
    let mut other = Listener::open(&app.log_in("ann").await.at(node)).await;
    other.expect("hello").await;
    let mut own = Listener::open(&ann).await;
    own.expect("hello").await;
    let body = json!({ "current_password": "correct horse battery",
        "password": "another horse battery" });
    let changed = ann.patch("/api/v1/me", body).await.expect(200);
    other.expect_end().await;
    // The page has a new cookie, and opens a new stream.
    own.expect_end().await;
    let ann = ann.with_session_of(&changed);
    Listener::open(&ann).await.expect("hello").await;
    app.run_jobs().await;
}

#[tokio::test]
async fn what_has_expired_ends() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let body = json!({ "name": "x", "abilities": ["*"], "expires_at": "2026-11-24T00:00:00Z" });
    let made = ann.post("/api/v1/tokens", body).await.expect(201).json();
    let program = ann.with_token(made["token"].as_str().expect("a token"));
    for vouched in [Duration::ZERO, Duration::from_secs(60)] {
        let limits = Limits {
            look: Duration::from_millis(5),
            vouched,
            ..Limits::default()
        };
        let live = Hub::new(limits);
        live.told(&[]);
        let mut tracker = (*app.tracker).clone();
        tracker.live = live;
        let mut listener = Listener::open(&program.at(app.node(tracker))).await;
        listener.expect("hello").await;
        app.advance(86_400);
        listener.expect_end().await;
        app.advance(-86_400);
    }
}

/// A page that is left open looks at its session every few seconds.
#[tokio::test]
async fn listening_keeps_no_session_alive() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let limits = Limits {
        look: Duration::from_millis(1),
        beat: Duration::from_millis(20),
        ..Limits::default()
    };
    let node = ann.at(node_with(&app, limits));
    for _ in 0..13 {
        app.advance(86_400);
        let mut listener = Listener::open(&node).await;
        listener.expect("hello").await;
        listener.text().await;
    }
    let mut listener = Listener::open(&node).await;
    listener.expect("hello").await;
    app.advance(86_400);
    listener.expect_end().await;
    ann.get("/api/v1/me").await.expect(401);
}

/// Nothing is asked of the database while the table of versions says that all is as before.
#[tokio::test]
async fn looking_again_costs_nothing_while_the_relay_reads() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let statements = async |vouched| {
        let limits = Limits {
            look: Duration::from_millis(1),
            beat: Duration::from_millis(50),
            vouched,
            ..Limits::default()
        };
        // Each look would be a statement.
        let tracker = app
            .tracker
            .node(Arc::new(duly_cache::Sql), app.tracker.limiter.clone())
            .await;
        let live = Hub::new(limits);
        live.told(&[]);
        let db = tracker.db.clone();
        let node = app.node(duly_tracker::Tracker { live, ..tracker });
        let mut listener = Listener::open(&ann.at(node)).await;
        listener.expect("hello").await;
        let before = db.counters().statements;
        assert_eq!(listener.text().await, ":\n\n");
        db.counters().statements - before
    };
    assert_eq!(statements(Duration::from_secs(60)).await, 0);
    assert!(statements(Duration::ZERO).await > 1);
}

/// The database is away, and somebody's rights have changed.
#[tokio::test]
async fn nothing_is_told_to_whom_nobody_can_look_up() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let tracker = app
        .tracker
        .node(Arc::new(duly_cache::Sql), app.tracker.limiter.clone())
        .await;
    let (db, live) = (tracker.db.clone(), Hub::new(lively()));
    let node = app.node(duly_tracker::Tracker {
        live: live.clone(),
        ..tracker
    });
    let me = ann.get("/api/v1/me").await.expect(200).json();
    let owner = me["id"].as_str().expect("an id");
    let mut listener = Listener::open(&ann.at(node)).await;
    let version = listener.expect("hello").await.version();
    db.close().await;
    let raised = Raised {
        owner: owner.parse().expect("an id"),
        kind: Kind::Auth,
        version: Version::of(version + 1),
    };
    live.committed(&[raised]).await;
    for _ in 0..3 {
        listener.expect_nothing().await;
    }
}

#[tokio::test]
async fn at_most_sixteen_streams_are_open_for_one_person() {
    let app = TestApp::new().await;
    let (ann, ben) = (app.user("ann").await, app.user("ben").await);
    let program = ann.token(&["*"]).await;
    let mut open = Vec::new();
    for number in 0..16 {
        let client = if number % 2 == 0 { &ann } else { &program };
        open.push(Listener::open(client).await);
    }
    let refused = refused(&ann).await.problem(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "10");
    assert!(refused.text().contains("16 streams"), "{}", refused.text());
    Listener::open(&ben).await.expect("hello").await;
    open.pop();
    Listener::open(&ann).await.expect("hello").await;
}

#[tokio::test]
async fn a_node_that_has_enough_says_so() {
    let app = TestApp::new().await;
    let (ann, ben) = (app.user("ann").await, app.user("ben").await);
    let limits = Limits {
        streams: 1,
        ..Limits::default()
    };
    let node = node_with(&app, limits);
    let listener = Listener::open(&ann.at(node.clone())).await;
    let ben = ben.at(node);
    let refused = refused(&ben).await.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "10");
    drop(listener);
    Listener::open(&ben).await.expect("hello").await;
}
