//! `/sessions`

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

async fn ids(client: &Client) -> Vec<Value> {
    let list = client.get("/api/v1/sessions").await.expect(200).json();
    assert_eq!(list["next_cursor"], Value::Null);
    list["data"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn sessions_are_listed_newest_first_and_ended_one_by_one() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    app.advance(60);
    let phone = app.log_in("ann").await;
    let listed = ids(&ann).await;
    assert_eq!(listed.len(), 2);
    assert_eq!(
        (&listed[0]["current"], &listed[1]["current"]),
        (&json!(false), &json!(true))
    );
    let path = format!(
        "/api/v1/sessions/{}",
        listed[0]["id"].as_str().expect("an id")
    );
    assert_eq!(ann.get(&path).await.expect(200).json(), listed[0]);
    ann.delete(&path).await.expect(204);
    phone
        .get("/api/v1/me")
        .await
        .problem(401, "unauthenticated");
    ann.delete(&path).await.problem(404, "not_found");
    ann.get(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn all_other_sessions_are_ended_at_once() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let phone = app.log_in("ann").await;
    ann.delete("/api/v1/sessions").await.expect(204);
    phone
        .get("/api/v1/me")
        .await
        .problem(401, "unauthenticated");
    assert_eq!(ids(&ann).await.len(), 1);
}

#[tokio::test]
async fn a_log_in_replaces_the_session_that_the_browser_had() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let body = json!({ "email": "ann@example.org", "password": "correct horse battery" });
    let answer = ann.post("/api/v1/login", body).await.expect(200);
    ann.get("/api/v1/me").await.problem(401, "unauthenticated");
    assert_eq!(ids(&ann.with_session_of(&answer)).await.len(), 1);
}

#[tokio::test]
async fn an_unused_session_ends_and_a_used_one_does_not() {
    let app = TestApp::new().await;
    let (ann, phone) = (app.user("ann").await, app.log_in("ann").await);
    let day = 86_400;
    app.advance(10 * day);
    phone.get("/api/v1/me").await.expect(200);
    app.advance(10 * day);
    phone.get("/api/v1/me").await.expect(200);
    ann.get("/api/v1/me").await.problem(401, "unauthenticated");
    for _ in 0..7 {
        app.advance(10 * day);
        phone.get("/api/v1/me").await;
    }
    phone
        .get("/api/v1/me")
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn what_a_browser_calls_itself_is_shown_without_tricks() {
    let app = TestApp::new().await;
    app.user("ann").await;
    let client = app.anonymous();
    let body = json!({ "email": "ann@example.org", "password": "correct horse battery" });
    let agent = "Mozilla/5.0 \u{1f980} ".repeat(40);
    let answer = client
        .post("/api/v1/login", body)
        .raw_header("user-agent", agent.as_bytes())
        .await
        .expect(200);
    let ann = client.with_session_of(&answer);
    let listed = ids(&ann).await;
    let current = listed
        .iter()
        .find(|session| session["current"] == true)
        .expect("one");
    let shown = current["user_agent"].as_str().expect("text");
    assert!(shown.chars().count() <= 200, "{shown}");
    assert!(shown.starts_with("Mozilla/5.0"), "{shown}");
}

#[tokio::test]
async fn the_list_that_the_page_asks_for_after_a_log_in_is_made_ahead() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    ann.task(json!({ "title": "Pay rent" })).await;
    let loads = || app.tracker.cache.counters().loads;
    let before = loads();
    let phone = app.log_in("ann").await;
    let started = Instant::now();
    while loads() == before {
        assert!(started.elapsed() < Duration::from_secs(20), "it is not");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let list = "/api/v1/tasks?status=pending%2Cin_progress&sort=due_date&limit=50";
    let shown = phone.get(list).await.expect(200).json();
    assert_eq!(shown["data"][0]["title"], "Pay rent");
    assert_eq!(loads(), before + 1);
}
