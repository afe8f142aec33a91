//! Two windows of one person, who change the same at the same moment.

use std::future::IntoFuture as _;

use serde_json::{Value, json};

use crate::support::{Answer, Ask, Client, TestApp};

const ROUNDS: i64 = 15;

/// Both at the same time.
async fn both(one: Ask, other: Ask) -> [Answer; 2] {
    let (one, other) = (
        tokio::spawn(one.into_future()),
        tokio::spawn(other.into_future()),
    );
    [one.await.expect("no panic"), other.await.expect("no panic")]
}

/// They change the same tasks in opposite orders, which on a server is a deadlock, or overwrites
/// what they have not seen. Neither of them notices, and nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_sessions_that_cross_neither_notices() {
    let app = TestApp::new().await;
    let first = app.user("ann").await;
    let second = app.log_in("ann").await;
    let one = first.task(json!({ "title": "one" })).await["id"].clone();
    let two = first.task(json!({ "title": "two" })).await["id"].clone();
    for round in 0..ROUNDS {
        let change = |ids: [&Value; 2], by: &str| json!({ "ids": ids, "change": { "title": format!("{by} {round}") } });
        let answers = both(
            first.post("/api/v1/tasks/bulk", change([&one, &two], "first")),
            second.post("/api/v1/tasks/bulk", change([&two, &one], "second")),
        );
        for answer in answers.await {
            answer.expect(200);
        }
    }
    for id in [&one, &two] {
        let path = format!("/api/v1/tasks/{}", id.as_str().expect("an id"));
        let task = first.get(&path).await.expect(200).json();
        assert_eq!(task["version"], 1 + 2 * ROUNDS, "each change is there");
    }
}

/// Each writes the whole account back; what the other has changed meanwhile stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_account_is_not_overwritten_by_another() {
    let app = TestApp::new().await;
    let first = app.user("ann").await;
    let second = app.log_in("ann").await;
    for round in 0..ROUNDS {
        let name = format!("Ann {round}");
        let zone = ["Europe/Berlin", "Asia/Tokyo"][usize::from(round % 2 == 0)];
        let answers = both(
            first.patch("/api/v1/me", json!({ "name": name })),
            second.patch("/api/v1/me", json!({ "time_zone": zone })),
        );
        for answer in answers.await {
            answer.expect(200);
        }
        let me = first.get("/api/v1/me").await.expect(200).json();
        assert_eq!(
            (&me["name"], &me["time_zone"]),
            (&json!(name), &json!(zone))
        );
    }
}

/// Neither node knows what the other is working on; the answer is kept with the effect.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_two_nodes_get_at_once_has_one_effect() {
    let app = TestApp::new().await;
    let here = app.user("ann").await;
    let there = here.at(app.another_node());
    for round in 0..ROUNDS {
        let make = |client: &Client| {
            let body = json!({ "title": format!("task {round}") });
            let ask = client.post("/api/v1/tasks", body);
            ask.header("idempotency-key", &format!("key {round}"))
        };
        let [one, other] = both(make(&here), make(&there)).await;
        assert_eq!(one.expect(201).json(), other.expect(201).json());
    }
    let made = here.titles("limit=200").await;
    assert_eq!(made.len(), usize::try_from(ROUNDS).expect("a few"));
}
