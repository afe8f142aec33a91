//! `/events`: being told at once of what changed

mod access;
mod listener;
mod nodes;
mod stopping;

use std::sync::Arc;
use std::time::Duration;

use duly_server::app::App;
use duly_tracker::live::{Hub, Limits};
use serde_json::{Value, json};

use crate::support::TestApp;
use listener::{EVENTS, Listener};

/// A node whose hub has other limits.
fn node_with(app: &TestApp, limits: Limits) -> Arc<App> {
    let mut tracker = (*app.tracker).clone();
    tracker.live = Hub::new(limits);
    app.tracker.db.tell(Arc::new(tracker.live.clone()));
    app.node(tracker)
}

/// Nobody is looked after again unless there is reason to, so that what is told comes from being
/// told.
fn trusting() -> Limits {
    Limits {
        look: Duration::from_secs(3_600),
        ..Limits::default()
    }
}

/// Says often that it is alive, so that a test knows when there is nothing else to say.
fn lively() -> Limits {
    Limits {
        beat: Duration::from_millis(20),
        ..trusting()
    }
}

fn only_change(data: &Value) -> &Value {
    let changes = data["changes"].as_array().expect("a list");
    assert_eq!(changes.len(), 1, "{data}");
    &changes[0]
}

#[tokio::test]
async fn what_somebody_changes_they_are_told_at_once() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await.at(node_with(&app, trusting()));
    let mut listener = Listener::open(&ann).await;
    let mut version = listener.expect("hello").await.version();
    let task = ann.task(json!({ "title": "Pay rent" })).await;
    let path = format!("/api/v1/tasks/{}", task["id"].as_str().expect("an id"));
    for expected in [json!(1), json!(2), json!(3)] {
        if expected == 2 {
            ann.patch(&path, json!({ "priority": "high" }))
                .await
                .expect(200);
        } else if expected == 3 {
            ann.delete(&path).await.expect(204);
        }
        let event = listener.expect("change").await;
        assert_eq!(event.version(), version + 1);
        assert_eq!(event.data["version"], event.version());
        version = event.version();
        let told = json!({ "type": "task", "id": task["id"], "version": expected });
        assert_eq!(only_change(&event.data), &told);
    }
}

#[tokio::test]
async fn what_is_no_task_is_told_without_saying_what() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await.at(node_with(&app, trusting()));
    ann.task(json!({ "title": "Pay rent" })).await;
    app.advance(1);
    let mut listener = Listener::open(&ann).await;
    let version = listener.expect("hello").await.version();
    ann.patch("/api/v1/me", json!({ "name": "Anna" }))
        .await
        .expect(200);
    let event = listener.expect("resync").await;
    assert_eq!(event.data, json!({ "version": version + 1 }));
    // Nor when a task was changed along with it.
    let mut late = Listener::open(&ann).await;
    late.expect("hello").await;
    ann.task(json!({ "title": "Call back" })).await;
    ann.patch("/api/v1/me", json!({ "name": "Ann" }))
        .await
        .expect(200);
    assert_eq!(late.expect("resync").await.version(), version + 3);
}

#[tokio::test]
async fn nobody_is_told_what_others_do() {
    let app = TestApp::new().await;
    let (ann, ben) = (app.user("ann").await, app.user("ben").await);
    let ann = ann.at(node_with(&app, lively()));
    let mut listener = Listener::open(&ann).await;
    listener.expect("hello").await;
    ben.task(json!({ "title": "Secret" })).await;
    ben.patch("/api/v1/me", json!({ "name": "Benno" }))
        .await
        .expect(200);
    let task = ann.task(json!({ "title": "Pay rent" })).await;
    let event = listener.expect("change").await;
    assert_eq!(only_change(&event.data)["id"], task["id"]);
    listener.expect_nothing().await;
}

#[tokio::test]
async fn who_comes_back_learns_whether_something_was_missed() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await.at(node_with(&app, lively()));
    let version = Listener::open(&ann).await.expect("hello").await.version();
    let last = |version: i64| {
        ann.get(EVENTS)
            .header("last-event-id", &version.to_string())
    };
    let named = |version: i64| ann.get(&format!("{EVENTS}?last_event_id={version}"));
    for ask in [last(version), named(version)] {
        let mut quiet = Listener::of(ask).await;
        assert_eq!(quiet.expect("hello").await.version(), version);
        quiet.expect_nothing().await;
    }
    ann.task(json!({ "title": "Pay rent" })).await;
    for ask in [last(version), named(version), last(version + 7)] {
        let event = Listener::of(ask).await.expect("resync").await;
        assert_eq!(event.data, json!({ "version": version + 1 }));
    }
    // What a browser remembers of another program at this address.
    let ask = ann.get(EVENTS).header("last-event-id", "seven");
    Listener::of(ask).await.expect("resync").await;
    // The browser knows better than the page.
    let both = named(version).header("last-event-id", &(version + 1).to_string());
    Listener::of(both).await.expect("hello").await;
    let wrong = ann.get(&format!("{EVENTS}?last_event_id=seven")).await;
    wrong.wrong_fields(&["last_event_id not_a_number"]);
    let unknown = ann.get(&format!("{EVENTS}?since=7")).await;
    unknown.wrong_fields(&["since unknown_parameter"]);
}

#[tokio::test]
async fn who_is_slow_is_told_the_newest_once() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await.at(node_with(&app, lively()));
    let mut listener = Listener::open(&ann).await;
    let version = listener.expect("hello").await.version();
    for number in 0..50 {
        ann.task(json!({ "title": format!("Task {number}") })).await;
    }
    let event = listener.expect("change").await;
    assert_eq!(event.version(), version + 50);
    assert_eq!(event.data["changes"].as_array().map(Vec::len), Some(50));
    listener.expect_nothing().await;
    for number in 0..101 {
        ann.task(json!({ "title": format!("Job {number}") })).await;
    }
    app.advance(1);
    // More than anybody wants to be told one by one.
    let event = listener.expect("resync").await;
    assert_eq!(event.version(), version + 151);
    ann.task(json!({ "title": "The last" })).await;
    only_change(&listener.expect("change").await.data);
}

#[tokio::test]
async fn many_changes_in_a_row_become_few_events() {
    let app = TestApp::new().await;
    let limits = Limits {
        pause: Duration::from_secs(3_600),
        ..lively()
    };
    let ann = app.user("ann").await.at(node_with(&app, limits));
    let mut listener = Listener::open(&ann).await;
    listener.expect("hello").await;
    ann.task(json!({ "title": "Pay rent" })).await;
    listener.expect("change").await;
    ann.task(json!({ "title": "Call back" })).await;
    listener.expect_nothing().await;
}

#[tokio::test]
async fn a_stream_that_has_nothing_to_tell_is_alive() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let ann = ann.at(node_with(&app, lively()));
    let mut listener = Listener::open(&ann).await;
    assert_eq!(
        listener.text().await.split('\n').next(),
        Some("retry: 2000")
    );
    for _ in 0..3 {
        assert_eq!(listener.text().await, ":\n\n");
    }
}

#[tokio::test]
async fn an_answer_that_has_no_end_is_neither_kept_nor_compressed_nor_held_back() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let ask = || ann.get(EVENTS).header("accept-encoding", "gzip, br");
    let open = ask().header("accept", "text/event-stream").open().await;
    let head = ann.ask("HEAD", EVENTS).await.expect(200);
    assert_eq!(head.body, b"");
    for headers in [open.headers(), &head.headers] {
        assert_eq!(headers["content-type"], "text/event-stream");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-accel-buffering"], "no");
        assert!(!headers.contains_key("content-encoding"));
        assert!(!headers.contains_key("content-length"));
    }
    ask()
        .header("accept", "application/json")
        .await
        .problem(406, "not_acceptable");
    ann.post(EVENTS, json!({}))
        .await
        .problem(405, "method_not_allowed");
}

/// As the page asks for what it shows.
#[tokio::test]
async fn who_asks_upon_being_told_is_answered_with_what_changed() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let mut listener = Listener::open(&ann).await;
    listener.expect("hello").await;
    for number in 1..=5 {
        let other = ann.clone();
        let writing = tokio::spawn(async move {
            other
                .task(json!({ "title": format!("Task {number}") }))
                .await;
        });
        listener.expect("change").await;
        assert_eq!(ann.titles("status=pending").await.len(), number);
        writing.await.expect("no panic");
    }
}
