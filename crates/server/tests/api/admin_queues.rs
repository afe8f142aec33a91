//! `/admin/queues` and `/admin/jobs`

use duly_queue::balance::{Balancer, Settings};
use duly_tracker::jobs;
use duly_tracker::mail::SendError;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

pub(crate) async fn administrator(app: &TestApp) -> Client {
    let ann = app.user("ann").await;
    app.promote("ann").await;
    ann
}

/// Mails to so many people, which are refused for good: as many failed jobs.
async fn failed_mails(app: &TestApp, names: &[&str]) {
    for name in names {
        let error = SendError::Permanent(format!("550 no mailbox {}", name.len()));
        app.mails.refuse_next(error);
        let body = json!({
            "name": name, "email": format!("{name}@example.org"), "password": "a long enough password",
            "time_zone": "UTC",
        });
        app.anonymous()
            .post("/api/v1/register", body)
            .await
            .expect(201);
        let report = app
            .queue
            .run_due(&jobs::registry(), &app.tracker, 100)
            .await;
        assert_eq!(report.expect("the store works").failed, 1);
    }
}

pub(crate) async fn get(client: &Client, path: &str) -> Value {
    client.get(path).await.expect(200).json()
}

/// The ids in a list.
fn ids(list: &Value) -> Vec<String> {
    let rows = list["data"].as_array().expect("a list").iter();
    rows.map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn administrators_see_how_queues_are_doing() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    failed_mails(&app, &["bob"]).await;
    let seen = get(&ann, "/api/v1/admin/queues").await;
    let names: Vec<&Value> = seen["queues"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(
        names,
        ["urgent", "default", "reminders", "maintenance"]
            .map(|name| json!(name))
            .iter()
            .collect::<Vec<_>>()
    );
    let urgent = &seen["queues"][0];
    assert_eq!(
        (&urgent["ready"], &urgent["failed"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(urgent["last_hour"]["failed"], 1);
    assert!(urgent["last_hour"]["done"].as_u64() > Some(0), "{urgent}");
    assert!(urgent["last_hour"]["run"]["p95_ms"].is_u64(), "{urgent}");
    assert_eq!(urgent["pause"], Value::Null);
    assert_eq!(seen["workers"], json!([]));
    assert!(
        seen["kinds"]
            .as_array()
            .expect("a list")
            .contains(&json!("send_reminder"))
    );
    let measured = get(&ann, "/api/v1/admin/queues/measures").await;
    let kinds: Vec<&Value> = measured["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["kind"])
        .collect();
    assert!(
        kinds.contains(&&json!("send_email_confirmation")),
        "{measured}"
    );
    forget_failures(&ann).await;
    ann.get("/api/v1/admin/queues/measures?range=1y")
        .await
        .problem(422, "invalid");
}

#[tokio::test]
async fn administrators_are_told_why_a_queue_has_its_slots() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    assert_eq!(
        get(&ann, "/api/v1/admin/queues").await["balance"],
        Value::Null
    );
    let forgotten = json!({ "email": "ann@example.org" });
    ann.post("/api/v1/password/forgot", forgotten)
        .await
        .expect(202);
    let queues = jobs::registry().queues();
    let mut balancer = Balancer::new(app.queue.clone(), queues, Settings::default());
    balancer.tick().await.expect("the store works");
    let balance = &get(&ann, "/api/v1/admin/queues").await["balance"];
    let urgent = &balance["queues"][0];
    assert_eq!(
        (&urgent["name"], &urgent["backlog"]),
        (&json!("urgent"), &json!(1))
    );
    assert!(!urgent["reason"].as_str().expect("a sentence").is_empty());
    let decisions = get(&ann, "/api/v1/admin/queues/decisions").await;
    assert_eq!(&decisions["data"][0], balance);
    app.run_jobs().await;
}

#[tokio::test]
async fn a_failed_job_is_found_shown_and_tried_again() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    failed_mails(&app, &["bob", "eve"]).await;
    let failed = get(&ann, "/api/v1/admin/jobs?state=failed").await;
    let [newest, oldest] = &ids(&failed)[..] else {
        panic!("two failed: {failed}");
    };
    let one = get(&ann, "/api/v1/admin/jobs?state=failed&limit=1").await;
    assert_eq!(ids(&one), std::slice::from_ref(newest));
    let cursor = one["next_cursor"].as_str().expect("there is more");
    let rest = get(
        &ann,
        &format!("/api/v1/admin/jobs?state=failed&limit=1&cursor={cursor}"),
    )
    .await;
    assert_eq!(ids(&rest), std::slice::from_ref(oldest));
    let details = get(&ann, &format!("/api/v1/admin/jobs/{oldest}")).await;
    assert_eq!(
        (&details["state"], &details["kind"]),
        (&json!("failed"), &json!("send_email_confirmation"))
    );
    assert_eq!(details["history"][0]["outcome"], "failed");
    assert!(
        details["error"]
            .as_str()
            .expect("why")
            .contains("550 no mailbox")
    );
    let tag = details["tags"][0].as_str().expect("whose it is").to_owned();
    let by_tag = get(&ann, &format!("/api/v1/admin/jobs?state=failed&tag={tag}")).await;
    assert_eq!(ids(&by_tag), std::slice::from_ref(oldest));
    let groups = get(&ann, "/api/v1/admin/job-failures").await;
    assert_eq!(
        (
            groups["data"].as_array().expect("a list").len(),
            &groups["data"][0]["jobs"]
        ),
        (1, &json!(2))
    );
    let fingerprint = &groups["data"][0]["fingerprint"];
    let body = json!({ "jobs": { "fingerprint": fingerprint }, "per_second": 5 });
    let retried = ann
        .post("/api/v1/admin/jobs/retry", body)
        .await
        .expect(200)
        .json();
    assert_eq!(retried["jobs"].as_array().expect("a list").len(), 2);
    app.advance(1);
    app.run_jobs().await;
    assert_eq!(
        ids(&get(&ann, "/api/v1/admin/jobs?state=failed").await),
        [""; 0]
    );
    let details = get(&ann, &format!("/api/v1/admin/jobs/{oldest}")).await;
    assert_eq!(details["state"], "done");
    let actions = get(&ann, "/api/v1/admin/queues/actions").await;
    assert_eq!(
        (&actions["data"][0]["action"], &actions["data"][0]["by"]),
        (&json!("retry"), &json!("ann@example.org"))
    );
}

#[tokio::test]
async fn jobs_are_cancelled_and_forgotten() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    failed_mails(&app, &["bob"]).await;
    let failed = ids(&get(&ann, "/api/v1/admin/jobs?state=failed").await);
    ann.post(
        "/api/v1/password/forgot",
        json!({ "email": "ann@example.org" }),
    )
    .await
    .expect(202);
    let waiting = ids(&get(&ann, "/api/v1/admin/jobs").await);
    assert_eq!(waiting.len(), 1);
    let both = json!({ "ids": [waiting[0], failed[0]] });
    let cancelled = ann
        .post("/api/v1/admin/jobs/cancel", both.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(cancelled["jobs"], json!(waiting));
    let forgotten = ann
        .post("/api/v1/admin/jobs/forget", both)
        .await
        .expect(200)
        .json();
    assert_eq!(forgotten["jobs"], json!(failed));
    ann.get(&format!("/api/v1/admin/jobs/{}", failed[0]))
        .await
        .problem(404, "not_found");
    let cancelled = get(&ann, "/api/v1/admin/jobs?state=cancelled").await;
    assert_eq!(ids(&cancelled), waiting);
}

#[tokio::test]
async fn a_queue_is_paused_for_a_while_and_resumed() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    let pause = json!({ "reason": "the mail server moves", "minutes": 10 });
    ann.post("/api/v1/admin/queues/urgent/pause", pause)
        .await
        .expect(204);
    ann.post(
        "/api/v1/password/forgot",
        json!({ "email": "ann@example.org" }),
    )
    .await
    .expect(202);
    assert_eq!(app.run_jobs().await, 0);
    let seen = get(&ann, "/api/v1/admin/queues").await;
    let pause = &seen["queues"][0]["pause"];
    assert_eq!(
        (&pause["by"], &pause["reason"]),
        (&json!("ann@example.org"), &json!("the mail server moves"))
    );
    assert!(pause["until"].is_string());
    ann.ask("POST", "/api/v1/admin/queues/urgent/resume")
        .await
        .expect(204);
    assert_eq!(app.run_jobs().await, 1);
    ann.post(
        "/api/v1/admin/job-kinds/send_password_reset/pause",
        json!({}),
    )
    .await
    .expect(204);
    let seen = get(&ann, "/api/v1/admin/queues").await;
    assert_eq!(seen["paused_kinds"][0]["name"], "send_password_reset");
    ann.ask("POST", "/api/v1/admin/job-kinds/send_password_reset/resume")
        .await
        .expect(204);
    for unknown in ["queues/none", "job-kinds/none", "schedules/none"] {
        let path = format!("/api/v1/admin/{unknown}/pause");
        ann.post(&path, json!({})).await.problem(404, "not_found");
    }
}

/// Deletes what failed on purpose.
async fn forget_failures(ann: &Client) {
    let all = json!({ "kind": "send_email_confirmation" });
    ann.post("/api/v1/admin/jobs/forget", all).await.expect(200);
}

#[tokio::test]
async fn wrong_wishes_are_told_and_nothing_is_done() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    failed_mails(&app, &["bob"]).await;
    let kind = json!({ "kind": "send_email_confirmation" });
    for (path, body, wrong) in [
        ("jobs/retry", json!({ "jobs": {} }), "ids required"),
        ("jobs/cancel", json!({ "ids": ["x"] }), "ids invalid"),
        (
            "jobs/forget",
            json!({ "ids": [], "kind": "x" }),
            "ids conflict",
        ),
        (
            "jobs/retry",
            json!({ "jobs": kind, "per_second": 0 }),
            "per_second out_of_range",
        ),
        (
            "jobs/retry",
            json!({ "jobs": { "kind": "x" }, "payload": {} }),
            "payload conflict",
        ),
        (
            "queues/urgent/pause",
            json!({ "minutes": 0 }),
            "minutes out_of_range",
        ),
    ] {
        let answer = ann.post(&format!("/api/v1/admin/{path}"), body).await;
        answer.problem(422, "invalid").wrong_fields(&[wrong]);
    }
    for query in ["state=x", "since=x", "limit=0", "cursor=x", "unknown=x"] {
        let path = format!("/api/v1/admin/jobs?{query}");
        ann.get(&path).await.problem(422, "invalid");
    }
    let odd = [
        "text=%25_%27%22",
        "tag=%22%5D",
        "queue=none",
        "kind=%F0%9F%93%A7",
    ];
    for odd in odd {
        let path = format!("/api/v1/admin/jobs?state=failed&{odd}");
        assert_eq!(ids(&get(&ann, &path).await), [""; 0], "{odd}");
    }
    let failed = get(&ann, "/api/v1/admin/jobs?state=failed").await;
    assert_eq!(ids(&failed).len(), 1);
    forget_failures(&ann).await;
}
