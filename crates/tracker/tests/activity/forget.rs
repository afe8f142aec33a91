//! Entries that are older than the operator keeps them.

use std::time::Duration;

use duly_db::dialect;
use duly_tracker::activity::{Action, forget_old};
use duly_tracker::jobs::ForgetOldActivity;
use duly_tracker::testing::{TestTracker, by};
use jiff::SignedDuration;
use serde_json::json;

use super::{actions, bulk, change, create};

#[tokio::test]
async fn what_is_too_old_is_forgotten_and_the_rest_is_kept() {
    let app = TestTracker::with(|settings| {
        settings.activity_keep = Duration::from_secs(10 * 86_400);
    })
    .await;
    let ann = app.user("Ann").await;
    let by = by(ann);
    let mut ids = Vec::new();
    for number in 0..400 {
        let task = create(&app, &by, json!({ "title": format!("Task {number}") })).await;
        ids.push(task.id);
    }
    let every = |body| json!({ "ids": ids, "change": body });
    bulk(&app, &by, every(json!({ "priority": "low" })))
        .await
        .unwrap();
    app.clock.advance(SignedDuration::from_hours(24 * 9));
    change(&app, &by, ids[0], json!({ "priority": "high" }))
        .await
        .unwrap();
    assert_eq!(forget_old(&app).await.unwrap(), 0);
    app.clock.advance(SignedDuration::from_hours(24));
    let mut tx = app.db.begin();
    app.queue
        .push(&mut tx, &ForgetOldActivity {})
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.run_jobs().await;
    if dialect::has_partitions(app.db.engine()) {
        // Whole partitions are dropped there, by whoever makes them.
        assert_eq!(actions(&app, ann, ids[1]).await.len(), 2);
        return;
    }
    assert_eq!(actions(&app, ann, ids[0]).await, [Action::Changed]);
    assert!(
        actions(&app, ann, ids[1]).await.is_empty(),
        "more than one batch"
    );
    assert!(actions(&app, ann, ids[399]).await.is_empty());
}

#[tokio::test]
async fn an_age_beyond_all_calendars_keeps_everything() {
    let app = TestTracker::with(|settings| settings.activity_keep = Duration::MAX).await;
    let ann = app.user("Ann").await;
    let id = create(&app, &by(ann), json!({ "title": "Pay" })).await.id;
    app.clock
        .advance(SignedDuration::from_hours(24 * 365 * 100));
    assert_eq!(forget_old(&app).await.unwrap(), 0);
    assert_eq!(actions(&app, ann, id).await, [Action::Created]);
}
