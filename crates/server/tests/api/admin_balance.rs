//! `/admin/queues/settings` and `/admin/queues/replay`

use duly_queue::balance::{Balancer, Settings};
use duly_tracker::jobs;
use serde_json::{Value, json};

use crate::admin_queues::{administrator, get};
use crate::support::TestApp;

#[tokio::test]
async fn operators_say_what_a_queue_may_have() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    let of = |settings: &Value, name: &str| -> Value {
        let rows = settings["data"].as_array().expect("a list");
        rows.iter()
            .find(|row| row["queue"] == name)
            .expect("it is served")
            .clone()
    };
    let settings = get(&ann, "/api/v1/admin/queues/settings").await;
    assert_eq!(settings["cooldown_s"], 3);
    let built_in = json!({
        "queue": "urgent", "min": 1, "max": null, "weight": 4, "target_s": 5, "origin": "built-in",
    });
    assert_eq!(of(&settings, "urgent"), built_in);
    let path = "/api/v1/admin/queues/urgent/settings";
    ann.ask("PUT", path)
        .json(&json!({ "max": 6, "target_s": 9 }))
        .await
        .expect(204);
    let settings = get(&ann, "/api/v1/admin/queues/settings").await;
    let said = json!({
        "queue": "urgent", "min": 1, "max": 6, "weight": 4, "target_s": 9, "origin": "operator",
    });
    assert_eq!(of(&settings, "urgent"), said);
    ann.ask("PUT", path)
        .json(&json!({ "min": 7, "weight": 0 }))
        .await
        .wrong_fields(&["weight out_of_range", "max out_of_range"]);
    ann.delete(path).await.expect(204);
    let settings = get(&ann, "/api/v1/admin/queues/settings").await;
    assert_eq!(of(&settings, "urgent"), built_in);
}

/// Three decisions of eight slots, three seconds apart.
async fn decide(app: &TestApp) {
    let worker = duly_queue::store::WorkerRecord {
        id: duly_queue::store::WorkerId(uuid::Uuid::from_u128(5)),
        host: "a".into(),
        process: 1,
        version: "1".into(),
        queues: Vec::new(),
        slots: 8,
        running: Vec::new(),
        memory: 0,
        started_at: duly_db::Clock::now(&*app.clock),
        heard_at: duly_db::Clock::now(&*app.clock),
    };
    app.queue
        .operations()
        .report(&worker)
        .await
        .expect("the store works");
    let mut balancer = Balancer::new(
        app.queue.clone(),
        jobs::registry().queues(),
        Settings::default(),
    );
    for _ in 0..3 {
        let mut tx = app.db.begin();
        let job = duly_tracker::jobs::PurgeSessions {};
        app.queue
            .push(&mut tx, &job)
            .await
            .expect("the store works");
        tx.commit().await.expect("the store works");
        balancer.tick().await.expect("the store works");
        app.clock.advance(jiff::SignedDuration::from_secs(3));
    }
}

#[tokio::test]
async fn operators_see_what_would_have_been() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    decide(&app).await;
    let wish = json!({ "hours": 24, "queues": { "urgent": { "min": 5 } } });
    let replay = ann
        .post("/api/v1/admin/queues/replay", wish)
        .await
        .expect(200)
        .json();
    assert_eq!(replay["decisions"], 2);
    let rows = replay["queues"].as_array().expect("a list");
    let urgent = rows
        .iter()
        .find(|row| row["queue"] == "urgent")
        .expect("it is there");
    assert_eq!(
        (&urgent["max_slots_before"], &urgent["max_slots"]),
        (&json!(1), &json!(5))
    );
    assert_eq!(replay["points"].as_array().expect("a list").len(), 2);
    let wrong = json!({ "hours": 25, "queues": { "urgent": { "min": 3, "max": 2 } } });
    ann.post("/api/v1/admin/queues/replay", wrong)
        .await
        .wrong_fields(&["queues.urgent.max out_of_range", "hours out_of_range"]);
    let unknown = json!({ "hours": 1, "queues": { "none": {} } });
    ann.post("/api/v1/admin/queues/replay", unknown)
        .await
        .problem(404, "not_found");
    app.run_jobs().await;
}
