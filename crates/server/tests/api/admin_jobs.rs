//! What is kept of jobs, tags that are watched, and how many jobs would be changed

use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::admin_queues::{administrator, get};
use crate::support::{Client, TestApp};

const DAY: i64 = 86_400;

async fn forgot_password(client: &Client) {
    let body = json!({ "email": "ann@example.org" });
    client
        .post("/api/v1/password/forgot", body)
        .await
        .expect(202);
}

#[tokio::test]
async fn what_a_job_that_is_done_has_logged_is_shown() {
    let subscriber = tracing_subscriber::registry().with(duly_queue::job_logs());
    // Another test of the same process may have done it.
    let _ = tracing::subscriber::set_global_default(subscriber);
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    let body = json!({ "title": "Call mother" });
    let task = ann.post("/api/v1/tasks", body).await.expect(201).json();
    let id = task["id"].as_str().expect("an id");
    ann.delete(&format!("/api/v1/tasks/{id}")).await.expect(204);
    app.advance(100 * DAY);
    let ann = app.log_in("ann").await;
    ann.ask("POST", "/api/v1/admin/schedules/purge_trash/run")
        .await
        .expect(204);
    app.run_jobs().await;
    let done = get(&ann, "/api/v1/admin/jobs?state=done&kind=purge_trash").await;
    let id = done["data"][0]["id"].as_str().expect("one is done");
    let details = get(&ann, &format!("/api/v1/admin/jobs/{id}")).await;
    let attempt = &details["history"][0];
    assert_eq!(
        (&attempt["outcome"], &attempt["number"], &attempt["error"]),
        (&json!("done"), &json!(1), &Value::Null)
    );
    assert!(attempt["worker"].is_string() && attempt["ended_at"].is_string());
    let line = &attempt["log"][0];
    assert_eq!(
        (&line["level"], &line["text"]),
        (&json!("info"), &json!("deleted from the trash tasks=1"))
    );
    assert!(line["after_ms"].is_u64() && line["target"].is_string());
    assert_eq!(attempt["log_more"], 0);
}

#[tokio::test]
async fn tags_are_watched_until_somebody_stops() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    app.run_jobs().await;
    let body = json!({
        "name": "bob", "email": "bob@example.org", "password": "a long enough password",
        "time_zone": "UTC",
    });
    app.anonymous()
        .post("/api/v1/register", body)
        .await
        .expect(201);
    let waiting = get(&ann, "/api/v1/admin/jobs").await;
    let tag = waiting["data"][0]["tags"][0].as_str().expect("whose it is");
    let path = format!("/api/v1/admin/job-tags/{tag}");
    for tag in [&path, &path, "/api/v1/admin/job-tags/a%2Fb%20%22c%22"] {
        ann.ask("PUT", tag).await.expect(204);
    }
    let watched = get(&ann, "/api/v1/admin/job-tags").await;
    let [odd, of_ann] = &watched["data"].as_array().expect("a list")[..] else {
        panic!("two are watched: {watched}");
    };
    assert_eq!(
        (&odd["tag"], &odd["ready"]),
        (&json!("a/b \"c\""), &json!(0))
    );
    assert_eq!(
        (&of_ann["tag"], &of_ann["ready"], &of_ann["by"]),
        (&json!(tag), &json!(1), &json!("ann@example.org"))
    );
    app.run_jobs().await;
    let watched = get(&ann, "/api/v1/admin/job-tags").await;
    assert_eq!(watched["data"][1]["ready"], 0);
    assert!(watched["data"][1]["done"].as_u64() >= Some(1), "{watched}");
    ann.delete(&path).await.expect(204);
    ann.delete(&path).await.expect(204);
    let watched = get(&ann, "/api/v1/admin/job-tags").await;
    assert_eq!(watched["data"].as_array().map(Vec::len), Some(1));
    let actions = get(&ann, "/api/v1/admin/queues/actions").await;
    assert_eq!(
        (&actions["data"][0]["action"], &actions["data"][0]["target"]),
        (&json!("unwatch"), &json!(tag))
    );
    let long = format!("/api/v1/admin/job-tags/{}", "a".repeat(201));
    ann.ask("PUT", &long).await.problem(422, "invalid");
}

#[tokio::test]
async fn jobs_are_counted_before_they_are_changed() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    app.run_jobs().await;
    forgot_password(&ann).await;
    let waiting = get(&ann, "/api/v1/admin/jobs").await;
    let job = &waiting["data"][0];
    let count = async |action: &str, jobs: Value| {
        let body = json!({ "action": action, "jobs": jobs });
        ann.post("/api/v1/admin/jobs/count", body).await
    };
    let ids = json!({ "ids": [job["id"], "01998f2c-3a9a-7c7e-9f57-0e4d7d2b8c11"] });
    let pushed_at = &job["pushed_at"];
    for (action, jobs, expected) in [
        ("cancel", ids.clone(), 1),
        ("retry", ids, 0),
        ("cancel", json!({ "kind": job["kind"] }), 1),
        ("cancel", json!({ "state": "ready" }), 1),
        ("cancel", json!({ "state": "scheduled" }), 0),
        ("cancel", json!({ "owner": "nobody" }), 0),
        ("cancel", json!({ "since": pushed_at }), 1),
        ("cancel", json!({ "until": pushed_at }), 0),
        ("cancel", json!({ "fingerprint": "1f2e3d4c5b6a7988" }), 0),
        ("forget", json!({ "kind": job["kind"] }), 0),
    ] {
        let counted = count(action, jobs.clone()).await.expect(200).json();
        let expected = json!({ "jobs": expected, "more": false });
        assert_eq!(counted, expected, "{action} {jobs}");
    }
    for (action, jobs) in [
        ("run", json!({ "kind": "a" })),
        ("cancel", json!({ "state": "failed" })),
        ("cancel", json!({ "state": "asleep" })),
        ("cancel", json!({ "since": "yesterday" })),
        ("cancel", json!({})),
    ] {
        count(action, jobs).await.problem(422, "invalid");
    }
    let other = json!({ "state": "scheduled", "kind": job["kind"] });
    let none = ann.post("/api/v1/admin/jobs/cancel", other).await;
    assert_eq!(none.expect(200).json()["jobs"], json!([]));
    let these = json!({ "state": "ready", "since": pushed_at });
    let cancelled = ann.post("/api/v1/admin/jobs/cancel", these).await;
    assert_eq!(cancelled.expect(200).json()["jobs"], json!([job["id"]]));
}

#[tokio::test]
async fn an_administrator_keeps_filters_of_their_own() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    let bob = app.user("bob").await;
    app.promote("bob").await;
    let path = "/api/v1/admin/job-filters/Mails%20that%20fail";
    let save = async |body: Value| ann.ask("PUT", path).json(&body).await;
    save(json!({ "state": "done" })).await.expect(204);
    let filter = json!({ "state": "failed", "text": "421" });
    save(filter).await.expect(204);
    let saved = get(&ann, "/api/v1/admin/job-filters").await;
    let [one] = &saved["data"].as_array().expect("a list")[..] else {
        panic!("there is one: {saved}");
    };
    assert_eq!(
        (&one["name"], &one["state"], &one["text"], &one["kind"]),
        (
            &json!("Mails that fail"),
            &json!("failed"),
            &json!("421"),
            &Value::Null
        )
    );
    let others = get(&bob, "/api/v1/admin/job-filters").await;
    assert_eq!(others["data"], json!([]));
    bob.delete(path).await.expect(204);
    let saved = get(&ann, "/api/v1/admin/job-filters").await;
    assert_eq!(saved["data"].as_array().map(Vec::len), Some(1));
    save(json!({ "state": "asleep" }))
        .await
        .problem(422, "invalid");
    for number in 1..50 {
        let path = format!("/api/v1/admin/job-filters/{number}");
        ann.ask("PUT", &path).json(&json!({})).await.expect(204);
    }
    let one_more = ann.ask("PUT", "/api/v1/admin/job-filters/50");
    one_more.json(&json!({})).await.problem(422, "invalid");
    save(json!({ "kind": "a" })).await.expect(204);
    ann.delete(path).await.expect(204);
    let left = get(&ann, "/api/v1/admin/job-filters").await;
    assert_eq!(left["data"].as_array().map(Vec::len), Some(49));
}
