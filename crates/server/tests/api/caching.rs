//! `ETag`, `If-None-Match`, and how many queries an answer costs

use serde_json::json;

use crate::support::{Client, TestApp};

const VIEWS: [&str; 9] = [
    "/api/v1/me",
    "/api/v1/tasks",
    "/api/v1/tasks?due=overdue",
    "/api/v1/tasks?due=today&fields=id",
    "/api/v1/tasks?trash=true",
    "/api/v1/labels",
    "/api/v1/statistics",
    "/api/v1/notifications",
    "/api/v1/tasks?label=home&q=a&sort=-priority",
];

async fn tag(client: &Client, path: &str) -> String {
    client.get(path).await.expect(200).header("etag").to_owned()
}

async fn status(client: &Client, path: &str, tag: &str) -> u16 {
    client.get(path).header("if-none-match", tag).await.status
}

#[tokio::test]
async fn an_unchanged_view_costs_the_look_at_who_asks_and_nothing_else() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let program = ann.token(&["*"]).await;
    ann.task(json!({ "title": "a", "labels": ["home"] })).await;
    for client in [&ann, &program] {
        for path in VIEWS {
            let tag = tag(client, path).await;
            assert!(tag.starts_with("W/\""), "{path}: {tag}");
            let before = app.statements();
            let answer = client
                .get(path)
                .header("if-none-match", &tag)
                .await
                .expect(304);
            assert_eq!(app.statements() - before, app.looks(), "{path}");
            assert!(answer.body.is_empty());
            assert_eq!(answer.header("etag"), tag);
            assert_eq!(answer.header("cache-control"), "private, no-cache");
            for form in [
                format!("\"x\", {tag}"),
                tag.replace("W/", ""),
                "*".to_owned(),
            ] {
                assert_eq!(status(client, path, &form).await, 304, "{path}: {form}");
            }
            assert_eq!(status(client, path, "\"other\"").await, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn every_change_makes_every_view_new_and_nobody_elses() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let mut tags = Vec::new();
    for path in VIEWS {
        tags.push((path, tag(&ann, path).await, tag(&bob, path).await));
    }
    ann.task(json!({ "title": "a" })).await;
    for (path, anns, bobs) in &tags {
        assert_eq!(status(&ann, path, anns).await, 200, "{path}");
        assert_eq!(status(&bob, path, bobs).await, 304, "{path}");
        assert_ne!(
            anns, bobs,
            "{path}: a shared browser must not mix people up"
        );
    }
}

#[tokio::test]
async fn what_depends_on_the_time_changes_with_it() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let overdue = "/api/v1/tasks?due=overdue";
    let today = "/api/v1/tasks?due=today";
    let all = "/api/v1/tasks";
    let tags = [
        tag(&ann, overdue).await,
        tag(&ann, today).await,
        tag(&ann, all).await,
    ];
    app.advance(59);
    for (path, tag) in [overdue, today, all].iter().zip(&tags) {
        assert_eq!(status(&ann, path, tag).await, 304, "{path}");
    }
    app.advance(1);
    assert_eq!(status(&ann, overdue, &tags[0]).await, 200);
    assert_eq!(status(&ann, today, &tags[1]).await, 304);
    // Midnight in Berlin.
    app.advance(16 * 3600 - 60);
    assert_eq!(status(&ann, today, &tags[1]).await, 200);
    assert_eq!(status(&ann, all, &tags[2]).await, 304);
}

#[tokio::test]
async fn a_task_is_not_sent_again_to_those_who_have_it() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let task = ann.task(json!({ "title": "a" })).await;
    let path = format!("/api/v1/tasks/{}", task["id"].as_str().expect("an id"));
    assert_eq!(status(&ann, &path, "\"1\"").await, 304);
    ann.patch(&path, json!({ "title": "b" })).await.expect(200);
    assert_eq!(status(&ann, &path, "\"1\"").await, 200);
    assert_eq!(status(&ann, &path, "\"2\"").await, 304);
}

#[tokio::test]
async fn lists_cost_the_same_however_long_they_are() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let mut costs = Vec::new();
    for round in 0..2 {
        for number in 0..20 {
            ann.task(json!({ "title": format!("{round} {number}"), "labels": ["x", "y"] }))
                .await;
            ann.token(&["*"]).await;
        }
        let mut cost = Vec::new();
        for (path, most) in [
            // Who asks, of which version the answer is, and the answer.
            ("/api/v1/tasks?limit=200", 3),
            ("/api/v1/tasks?limit=10&label=x&q=1&sort=title", 3),
            ("/api/v1/labels", 3),
            ("/api/v1/statistics", 6),
            ("/api/v1/notifications", 4),
            ("/api/v1/sessions", 2),
            ("/api/v1/tokens", 2),
            ("/api/v1/me", 3),
            ("/", 4),
        ] {
            let before = app.statements();
            ann.get(path)
                .header("accept", "text/html, application/json")
                .await
                .expect(200);
            let statements = app.statements() - before;
            assert!(statements <= most, "{path}: {statements} statements");
            cost.push(statements);
        }
        costs.push(cost);
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn private_answers_are_not_for_shared_caches() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    for path in [
        "/api/v1/sessions",
        "/api/v1/tokens",
        "/api/v1/export",
        "/api/v1/nothing",
    ] {
        assert_eq!(
            ann.get(path).await.header("cache-control"),
            "no-store",
            "{path}"
        );
    }
    for path in VIEWS {
        let answer = ann.get(path).await;
        assert_eq!(
            answer.header("cache-control"),
            "private, no-cache",
            "{path}"
        );
    }
}

/// The future of a request is moved several times on its way: what is large and seldom needed in it
/// must be boxed.
#[tokio::test]
async fn the_future_of_a_request_is_small() {
    let app = TestApp::new().await;
    let request = axum::http::Request::get("/api/v1/tasks")
        .body(axum::body::Body::empty())
        .expect("a request");
    let future = duly_server::http::answer(&app.app, request, [127, 0, 0, 1].into());
    let size = std::mem::size_of_val(&future);
    assert!(size <= 4_096, "{size} bytes");
}
