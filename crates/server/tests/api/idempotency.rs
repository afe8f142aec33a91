//! `Idempotency-Key`

use std::future::IntoFuture as _;

use serde_json::json;

use crate::support::TestApp;

const PATH: &str = "/api/v1/tasks";

#[tokio::test]
async fn the_same_request_sent_again_has_one_effect_and_one_answer() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let ask = || {
        ann.post(PATH, json!({ "title": "a" }))
            .header("idempotency-key", "k1")
    };
    let first = ask().await.expect(201);
    let again = ask().await.expect(201);
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.header("idempotency-replayed"), "");
    let other = ann
        .post(PATH, json!({ "title": "b" }))
        .header("idempotency-key", "k1");
    other.await.problem(422, "idempotency_key_reused");
    assert_eq!(ann.titles("").await, ["a"]);

    let ids = json!([first.json()["id"]]);
    let body = json!({ "ids": ids, "delete": true });
    let bulk = || {
        ann.post("/api/v1/tasks/bulk", body.clone())
            .header("idempotency-key", "k2")
    };
    let first = bulk().await.expect(200).json();
    assert_eq!(bulk().await.expect(200).json(), first);
}

#[tokio::test]
async fn a_key_belongs_to_one_person_and_lives_a_day() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let body = json!({ "title": "a" });
    ann.post(PATH, body.clone())
        .header("idempotency-key", "k")
        .await
        .expect(201);
    let bobs = bob
        .post(PATH, json!({ "title": "other" }))
        .header("idempotency-key", "k")
        .await;
    assert_eq!(bobs.expect(201).json()["title"], "other");
    app.advance(86_400);
    ann.post(PATH, json!({ "title": "c" }))
        .header("idempotency-key", "k")
        .await
        .expect(201);
}

#[tokio::test]
async fn requests_sent_at_the_same_time_have_one_effect() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let ask = || {
        let ask = ann
            .post(PATH, json!({ "title": "a" }))
            .header("idempotency-key", "k");
        tokio::spawn(ask.into_future())
    };
    let asked: Vec<_> = (0..20).map(|_| ask()).collect();
    for answer in asked {
        let answer = answer.await.expect("no panic");
        match answer.status {
            201 => {}
            _ => {
                let answer = answer.problem(409, "idempotency_in_flight");
                assert_eq!(answer.header("retry-after"), "1");
            }
        }
    }
    assert_eq!(ann.titles("").await, ["a"]);
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let ask = |title: &str| {
        ann.post(PATH, json!({ "title": title }))
            .header("idempotency-key", "k")
    };
    ask("").await.wrong_fields(&["title too_short"]);
    ask("a").await.expect(201);
    for key in ["", &"k".repeat(256), "k\tk"] {
        let ask = ann
            .post(PATH, json!({ "title": "a" }))
            .header("idempotency-key", key);
        ask.await.wrong_fields(&["Idempotency-Key invalid"]);
    }
}

#[tokio::test]
async fn a_token_is_made_once_and_its_text_told_once() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let ask = || {
        ann.post(
            "/api/v1/tokens",
            json!({ "name": "cron", "abilities": ["*"] }),
        )
        .header("idempotency-key", "k")
    };
    let first = ask().await.expect(201);
    let again = ask().await.expect(201);
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert_eq!(again.header("location"), first.header("location"));
    assert!(first.json()["token"].is_string());
    assert!(again.json()["token"].is_null());
}
