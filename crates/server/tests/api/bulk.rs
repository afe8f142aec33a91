//! `/tasks/bulk`

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

const PATH: &str = "/api/v1/tasks/bulk";

async fn three(client: &Client) -> Vec<Value> {
    let mut ids = Vec::new();
    for title in ["a", "b", "c"] {
        ids.push(client.task(json!({ "title": title })).await["id"].clone());
    }
    ids
}

#[tokio::test]
async fn many_tasks_are_changed_deleted_and_restored_at_once() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let ids = three(&ann).await;
    let body = json!({ "ids": ids, "change": { "priority": "high", "due_date": "2026-12-01" } });
    let answer = ann.post(PATH, body).await.expect(200).json();
    let tasks = answer["data"].as_array().expect("a list");
    assert_eq!(
        tasks.iter().map(|task| &task["id"]).collect::<Vec<_>>(),
        ids.iter().collect::<Vec<_>>()
    );
    assert!(
        tasks
            .iter()
            .all(|task| task["priority"] == "high" && task["version"] == 2)
    );
    ann.post(PATH, json!({ "ids": ids, "delete": true }))
        .await
        .expect(200);
    assert!(ann.titles("").await.is_empty());
    assert_eq!(ann.titles("trash=true").await.len(), 3);
    ann.post(PATH, json!({ "ids": ids, "restore": true }))
        .await
        .expect(200);
    assert_eq!(ann.titles("").await.len(), 3);
}

#[tokio::test]
async fn one_unknown_task_stops_all() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let mut ids = three(&ann).await;
    ids.push(bob.task(json!({ "title": "bob's" })).await["id"].clone());
    for body in [
        json!({ "ids": ids, "change": { "title": "taken" } }),
        json!({ "ids": ids, "delete": true }),
        json!({ "ids": ids, "restore": true }),
    ] {
        let answer = ann.post(PATH, body).await.problem(422, "invalid");
        assert!(
            answer.fields()[0].starts_with("ids[3] "),
            "{:?}",
            answer.fields()
        );
    }
    assert_eq!(ann.titles("sort=title").await, ["a", "b", "c"]);
    assert_eq!(bob.titles("").await, ["bob's"]);
}

#[tokio::test]
async fn wrong_wishes_are_named() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let ids = three(&ann).await;
    let many: Vec<&Value> = ids.iter().cycle().take(1001).collect();
    let cases = [
        (json!({ "ids": ids }), "change required"),
        (
            json!({ "ids": ids, "change": {}, "delete": true }),
            "change required",
        ),
        (json!({ "delete": true }), "ids required"),
        (json!({ "ids": ["x"], "delete": true }), "ids invalid_id"),
        (json!({ "ids": [null], "delete": true }), "ids invalid_type"),
        (json!({ "ids": many, "delete": true }), "ids too_many"),
        (
            json!({ "ids": ids, "change": { "title": "" } }),
            "change.title too_short",
        ),
        (
            json!({ "ids": ids, "change": { "colour": 1 } }),
            "change.colour unknown_field",
        ),
        (json!({ "ids": ids, "change": [] }), "change invalid_type"),
    ];
    for (body, expected) in cases {
        ann.post(PATH, body).await.wrong_fields(&[expected]);
    }
}
