//! `/labels`, `/statistics`, `/notifications`

use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn labels_are_counted() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    ann.task(json!({ "title": "a", "labels": ["home", "Garden"] }))
        .await;
    ann.task(json!({ "title": "b", "labels": ["Home"], "status": "completed" }))
        .await;
    let labels = ann.get("/api/v1/labels").await.expect(200).json();
    let garden = json!({ "name": "Garden", "open": 1, "total": 1 });
    assert_eq!(labels["data"][0], garden);
    assert_eq!(
        (&labels["data"][1]["open"], &labels["data"][1]["total"]),
        (&json!(1), &json!(2))
    );
    ann.get("/api/v1/labels?x=1")
        .await
        .wrong_fields(&["x unknown_parameter"]);
}

#[tokio::test]
async fn statistics_count_what_was_done_when() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let path = "/api/v1/statistics";
    ann.task(json!({ "title": "late", "due_date": "2026-11-20" }))
        .await;
    let task = ann.task(json!({ "title": "b" })).await;
    let task = format!("/api/v1/tasks/{}", task["id"].as_str().expect("an id"));
    ann.patch(&task, json!({ "status": "completed" }))
        .await
        .expect(200);
    let figures = ann.get(path).await.expect(200).json();
    assert_eq!(
        (&figures["open"], &figures["overdue"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        figures["by_status"],
        json!({ "pending": 1, "in_progress": 0, "completed": 1 })
    );
    let days = figures["per_day"].as_array().expect("a list");
    assert_eq!(days.len(), 30);
    assert_eq!(
        days[29],
        json!({ "date": "2026-11-23", "completed": 1, "created": 2 })
    );
    // 23:30 in Berlin is still today there, half an hour later is tomorrow.
    app.advance(15 * 3600 + 1800);
    assert_eq!(ann.get(path).await.json()["completed_today"], 1);
    app.advance(1800);
    let figures = ann.get(path).await.json();
    assert_eq!(
        (&figures["completed_today"], &figures["completed_7_days"]),
        (&json!(0), &json!(1))
    );
}

#[tokio::test]
async fn receipts_tell_what_became_of_each_reminder() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let task = ann
        .task(json!({ "title": "Pay rent", "due_date": "2026-11-24" }))
        .await;
    assert_eq!(
        ann.get("/api/v1/notifications").await.expect(200).json()["data"],
        json!([])
    );
    app.advance(3600);
    duly_tracker::reminders::dispatch_due(&app)
        .await
        .expect("works");
    app.run_jobs().await;
    let id = task["id"].as_str().expect("an id");
    let list = ann
        .get(&format!("/api/v1/notifications?task_id={id}"))
        .await
        .expect(200)
        .json();
    let receipt = &list["data"][0];
    assert_eq!(receipt["state"], "sent");
    assert_eq!(receipt["kind"], "due");
    assert_eq!(receipt["slot"], "2026-11-24");
    assert_eq!(receipt["task_title"], "Pay rent");
    assert_ne!(receipt["sent_at"], Value::Null);
    assert_eq!(app.mails.mails().len(), 1);
    let answer = ann
        .get("/api/v1/notifications?task_id=x&limit=0&colour=red")
        .await;
    answer.wrong_fields(&["colour unknown_parameter"]);
    let answer = ann.get("/api/v1/notifications?task_id=x&limit=0").await;
    answer.wrong_fields(&["task_id invalid_id", "limit out_of_range"]);
}
