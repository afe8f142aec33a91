//! `/tokens`

use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn a_token_is_shown_once_and_works_until_it_is_revoked() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let body = json!({ "name": "Sync", "abilities": ["tasks:read", "tasks:read"] });
    let made = ann.post("/api/v1/tokens", body).await.expect(201);
    let mut shown = made.json();
    let text = shown
        .as_object_mut()
        .expect("an object")
        .remove("token")
        .expect("a token");
    let text = text.as_str().expect("text").to_owned();
    assert!(text.starts_with("duly_"), "{text}");
    assert_eq!(shown["abilities"], json!(["tasks:read"]));
    let path = made.header("location").to_owned();
    assert_eq!(ann.get(&path).await.expect(200).json(), shown);
    let list = ann.get("/api/v1/tokens").await.expect(200);
    assert!(!list.text().contains(&text));
    assert_eq!(list.json()["data"], json!([shown]));

    let program = ann.with_token(&text);
    program.get("/api/v1/tasks").await.expect(200);
    assert_ne!(ann.get(&path).await.json()["last_used_at"], Value::Null);
    ann.delete(&path).await.expect(204);
    program
        .get("/api/v1/tasks")
        .await
        .problem(401, "unauthenticated");
    ann.delete(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_token_ends_when_it_was_to_end() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let body = json!({ "name": "x", "abilities": ["*"], "expires_at": "2026-11-24T07:00:00Z" });
    let made = ann.post("/api/v1/tokens", body).await.expect(201).json();
    let program = ann.with_token(made["token"].as_str().expect("text"));
    app.advance(86_399);
    program.get("/api/v1/tasks").await.expect(200);
    app.advance(1);
    program
        .get("/api/v1/tasks")
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn all_tokens_end_at_once() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let (one, two) = (ann.token(&["*"]).await, ann.token(&["tasks:read"]).await);
    ann.delete("/api/v1/tokens").await.expect(204);
    one.get("/api/v1/me").await.problem(401, "unauthenticated");
    two.get("/api/v1/tasks")
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn wrong_fields_of_a_token_are_named() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let path = "/api/v1/tokens";
    ann.post(path, json!({}))
        .await
        .wrong_fields(&["name required", "abilities required"]);
    let body = json!({ "name": "", "abilities": [], "expires_at": "yesterday" });
    let expected = [
        "name too_short",
        "abilities too_short",
        "expires_at invalid",
    ];
    ann.post(path, body).await.wrong_fields(&expected);
    let body = json!({ "name": "x", "abilities": ["root"], "expires_at": "2026-11-23T07:00:00Z" });
    let expected = ["abilities unknown_value", "expires_at in_the_past"];
    ann.post(path, body).await.wrong_fields(&expected);
}

#[tokio::test]
async fn what_is_no_token_is_refused_without_a_look_into_the_database() {
    let app = TestApp::new().await;
    let client = app.anonymous();
    for text in ["", "x", "duly_a_b_c", "duly_💥", &"x".repeat(5000)] {
        let before = app.statements();
        let ask = client
            .get("/api/v1/tasks")
            .raw_header("authorization", format!("Bearer {text}").as_bytes());
        ask.await.problem(401, "unauthenticated");
        assert_eq!(app.statements(), before, "{text:.20}");
    }
    let ann = app.user("ann").await;
    let both = ann
        .get("/api/v1/tasks")
        .header("authorization", "Bearer worthless")
        .await;
    both.problem(401, "unauthenticated");
    ann.get("/api/v1/tasks")
        .header("authorization", "Basic YTpi")
        .await
        .expect(401);
}
