//! What comes back at certain times, and what people were promised, as administrators see them; and what
//! people wish of their mails.

use serde_json::{Value, json};

use crate::admin_queues::{administrator, get};
use crate::support::{Client, TestApp};

/// The schedule that deletes what is too long in the trash.
async fn purge(ann: &Client) -> Value {
    let schedules = get(ann, "/api/v1/admin/schedules").await;
    let rows = schedules["data"].as_array().expect("a list");
    let purge = rows.iter().find(|row| row["name"] == "purge_trash");
    purge.expect("it is scheduled").clone()
}

#[tokio::test]
async fn administrators_see_fire_and_pause_what_comes_back() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    let unseen = json!({
        "name": "purge_trash", "cadence": "daily at 02:30", "zone": "UTC", "catch_up": "once",
        "queue": "maintenance", "last_slot": null, "fired_at": null, "late_ms": null,
        "next_at": "2026-11-24T02:30:00Z", "missed": 0, "error": null, "failed_at": null,
        "last_run_ms": null, "pause": null,
    });
    assert_eq!(purge(&ann).await, unseen);
    ann.ask("POST", "/api/v1/admin/schedules/purge_trash/run")
        .await
        .expect(204);
    assert_eq!(app.run_jobs().await, 1);
    let fired = purge(&ann).await;
    assert_eq!(fired["fired_at"], "2026-11-23T07:00:00Z");
    assert_eq!(fired["last_run_ms"], 0, "the clock stands still");
    let why = json!({ "reason": "a backup runs", "minutes": 30 });
    ann.post("/api/v1/admin/schedules/purge_trash/pause", why)
        .await
        .expect(204);
    let pause = &purge(&ann).await["pause"];
    let expected = json!({
        "since": "2026-11-23T07:00:00Z", "until": "2026-11-23T07:30:00Z", "by": "ann@example.org",
        "reason": "a backup runs",
    });
    assert_eq!(*pause, expected);
    ann.ask("POST", "/api/v1/admin/schedules/purge_trash/resume")
        .await
        .expect(204);
    assert_eq!(purge(&ann).await["pause"], Value::Null);
    let actions = get(&ann, "/api/v1/admin/queues/actions").await;
    let rows = actions["data"].as_array().expect("a list").iter();
    let mut told: Vec<&str> = rows
        .filter_map(|action| action["action"].as_str())
        .collect();
    // The clock stands still, so their order is not known.
    told.sort_unstable();
    assert_eq!(told, ["fire", "pause", "resume"]);
    for deed in ["run", "resume"] {
        let path = format!("/api/v1/admin/schedules/none/{deed}");
        ann.ask("POST", &path).await.problem(404, "not_found");
    }
    let wrong = json!({ "minutes": 0 });
    ann.post("/api/v1/admin/schedules/purge_trash/pause", wrong)
        .await
        .wrong_fields(&["minutes out_of_range"]);
}

/// The ids of a page.
fn ids(page: &Value) -> Vec<Value> {
    let rows = page["data"].as_array().expect("a list").iter();
    rows.map(|row| row["id"].clone()).collect()
}

/// The ids of all receipts that fit, one on a page.
async fn pages(ann: &Client, filter: &str) -> Vec<Value> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/admin/receipts?limit=1{filter}{cursor}");
        let page = get(ann, &path).await;
        seen.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn administrators_see_the_receipts_of_everybody_and_no_titles() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    let ben = app.user("ben").await;
    for (client, day) in [
        (&ann, "2026-11-24"),
        (&ben, "2026-11-24"),
        (&ben, "2026-11-23"),
    ] {
        client
            .task(json!({ "title": "Secret", "due_date": day }))
            .await;
    }
    app.clock
        .set("2026-11-23T12:00:00Z".parse().expect("an instant"));
    duly_tracker::reminders::dispatch_due(&app)
        .await
        .expect("the database works");
    app.run_jobs().await;
    let all = ann.get("/api/v1/admin/receipts").await.expect(200);
    assert!(!all.text().contains("Secret"));
    let all = all.json();
    let rows = all["data"].as_array().expect("a list");
    assert_eq!(rows.len(), 3);
    let first = rows.first().expect("a row");
    assert_eq!(
        (&first["state"], &first["late_ms"]),
        (&json!("sent"), &json!(0))
    );
    assert!(
        first["message_id"]
            .as_str()
            .expect("an id")
            .starts_with("due-")
    );
    let bens = get(
        &ann,
        "/api/v1/admin/receipts?user=Ben@example.org&state=sent",
    )
    .await;
    let emails: Vec<&Value> = bens["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["user_email"])
        .collect();
    assert_eq!(emails, ["ben@example.org", "ben@example.org"]);
    for filter in ["", "&user=ben@example.org", "&state=sent"] {
        let whole = get(&ann, &format!("/api/v1/admin/receipts?limit=200{filter}")).await;
        assert_eq!(pages(&ann, filter).await, ids(&whole), "{filter}");
    }
    let nothing = get(&ann, "/api/v1/admin/receipts?state=bounced").await;
    assert_eq!(nothing["data"], json!([]));
    ann.get("/api/v1/admin/receipts?state=lost&user=nobody")
        .await
        .wrong_fields(&["state unknown_value", "user invalid"]);
    ann.get("/api/v1/admin/receipts?user=nobody@example.org")
        .await
        .wrong_fields(&["user unknown"]);
}

#[tokio::test]
async fn people_say_which_mails_they_want_and_when_none() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let wishes = json!({
        "digest": { "is_on": true, "day": "friday", "hour": 17 },
        "escalation": "all", "quiet_hours": { "from": "22:00", "to": "07:00" }, "mails_a_day": 5,
    });
    let changed = ann
        .patch("/api/v1/me", wishes.clone())
        .await
        .expect(200)
        .json();
    let seen = get(&ann, "/api/v1/me").await;
    for (name, value) in wishes.as_object().expect("an object") {
        assert_eq!((&changed[name], &seen[name]), (value, value));
    }
    let none = json!({ "quiet_hours": null, "mails_a_day": null, "mail_stopped": null });
    let changed = ann.patch("/api/v1/me", none).await.expect(200).json();
    assert_eq!(changed["quiet_hours"], Value::Null);
    assert_eq!(changed["mails_a_day"], Value::Null);
    let wrong = json!({
        "digest": null, "escalation": "some", "quiet_hours": { "from": "22:00" }, "mails_a_day": 0,
        "mail_stopped": "yes",
    });
    ann.patch("/api/v1/me", wrong).await.wrong_fields(&[
        "digest not_null",
        "escalation unknown_value",
        "quiet_hours invalid",
        "mails_a_day out_of_range",
        "mail_stopped invalid",
    ]);
}
