//! What an entry says of a change.

use duly_tracker::testing::{TestTracker, by};
use serde_json::{Value, json};

use super::{change, create, log};

#[tokio::test]
async fn every_field_that_is_different_is_named_with_both_values() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let by = by(ann);
    let new = json!({ "title": "Pay", "due_date": "2026-11-24", "labels": ["a", "b"] });
    let id = create(&app, &by, new).await.id;
    let body = json!({
        "title": "Pay rent",
        "description": "To Marlow",
        "status": "completed",
        "due_date": "2026-11-26",
        "due_time": "18:00",
        "priority": "high",
        "labels": ["b"],
        "snoozed_until": "2026-11-25",
        "muted": true,
    });
    change(&app, &by, id, body).await.unwrap();
    change(&app, &by, id, json!({ "due_date": null }))
        .await
        .unwrap();
    let log = log(&app, ann, id).await;
    assert_eq!(
        log[1].changes,
        json!({
            "title": { "from": "Pay", "to": "Pay rent" },
            "description": "changed",
            "status": { "from": "pending", "to": "completed" },
            "due_date": { "from": "2026-11-24", "to": "2026-11-26" },
            "due_time": { "from": null, "to": "18:00" },
            "priority": { "from": "none", "to": "high" },
            "labels": { "from": ["a", "b"], "to": ["b"] },
            "snoozed_until": { "from": null, "to": "2026-11-25" },
            "muted": { "from": false, "to": true },
        })
    );
    assert_eq!(
        log[0].changes,
        json!({
            "due_date": { "from": "2026-11-26", "to": null },
            "due_time": { "from": "18:00", "to": null },
        })
    );
    assert_eq!(log[2].changes, json!({}));
}

#[tokio::test]
async fn an_entry_stays_small_however_much_is_changed() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let by = by(ann);
    let longest = |letter: &str| {
        let labels: Vec<String> = (10..30)
            .map(|number| format!("{}{number}", letter.repeat(48)))
            .collect();
        json!({
            "title": letter.repeat(500),
            "description": letter.repeat(20_000),
            "labels": labels,
        })
    };
    let id = create(&app, &by, longest("😀")).await.id;
    change(&app, &by, id, longest("😁")).await.unwrap();
    let changes = &log(&app, ann, id).await[0].changes;
    assert_eq!(changes["description"], Value::from("changed"));
    assert_eq!(
        changes["labels"]["to"][19],
        format!("{}29", "😁".repeat(48))
    );
    let size = changes.to_string().len();
    assert!((8_000..16_000).contains(&size), "{size} bytes");
}
