//! Months are made ahead, and what is old goes.

use std::time::Duration;

use duly_db::{Clock as _, query};
use duly_tracker::jobs::LookAfterPartitions;
use duly_tracker::partitions::{Misplaced, look_after, misplaced, prepare};
use duly_tracker::testing::{TestTracker, by};
use jiff::SignedDuration;
use serde_json::json;

use super::{count, create, has_partitions, plan};

const DAY: u64 = 86_400;

async fn notify(app: &TestTracker, slot: &str) {
    let user = app.user(&format!("Ann{slot}")).await;
    let mut tx = app.db.begin();
    let insert = query(
        "INSERT INTO notifications (user_id, id, kind, task_id, slot, state, message_id, \
         attempts, planned_at, updated_at) VALUES (?1, ?1, 'due', ?1, ?2, 'sent', '', 1, ?3, ?3)",
    );
    let insert = insert.bind(user).bind(slot).bind(app.clock.now());
    tx.execute(insert).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_too_old_goes_and_the_rest_stays() {
    let app = TestTracker::with(|settings| {
        settings.activity_keep = Duration::from_secs(40 * DAY);
        settings.notifications_keep = Duration::from_secs(60 * DAY);
    })
    .await;
    prepare(&app.db, app.clock.now()).await.unwrap();
    let ann = app.user("Ann").await;
    for _ in 0..3 {
        create(&app, &by(ann), json!({ "title": "Old" })).await;
    }
    notify(&app, "2026-11-24").await;
    look_after(&app).await.unwrap();
    assert_eq!(count(&app.db, "activity").await, 3, "nothing is old yet");
    app.clock.advance(SignedDuration::from_hours(24 * 41));
    // 3 January: 40 days ago it was 24 November, so November is not over on servers.
    create(&app, &by(ann), json!({ "title": "New" })).await;
    notify(&app, "2027-01-04").await;
    look_after(&app).await.unwrap();
    let kept = if has_partitions(&app) { 4 } else { 1 };
    assert_eq!(count(&app.db, "activity").await, kept);
    app.clock.advance(SignedDuration::from_hours(24 * 60));
    // 4 March: what is of November is older than 90 days, and what is of January than 40.
    create(&app, &by(ann), json!({ "title": "Newest" })).await;
    let mut tx = app.db.begin();
    app.queue
        .push(&mut tx, &LookAfterPartitions {})
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.run_jobs().await;
    let kept = if has_partitions(&app) { 2 } else { 1 };
    assert_eq!(
        count(&app.db, "activity").await,
        kept,
        "January 23 is kept on servers"
    );
    assert_eq!(count(&app.db, "notifications").await, 1, "2027-01-04");
    assert!(misplaced(&app.db).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_age_beyond_all_calendars_keeps_everything() {
    let app = TestTracker::with(|settings| settings.activity_keep = Duration::MAX).await;
    let ann = app.user("Ann").await;
    create(&app, &by(ann), json!({ "title": "Pay" })).await;
    app.clock.advance(SignedDuration::from_hours(24 * 365 * 5));
    look_after(&app).await.unwrap();
    assert_eq!(count(&app.db, "activity").await, 1);
}

#[tokio::test]
async fn rows_that_no_month_was_made_for_are_told_and_find_their_place() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    create(&app, &by(ann), json!({ "title": "Early" })).await;
    notify(&app, "2031-05-05").await;
    let found = misplaced(&app.db).await.unwrap();
    if !has_partitions(&app) {
        assert!(found.is_empty());
        return;
    }
    let rows_of = |table| Misplaced { table, rows: 1 };
    assert_eq!(found, [rows_of("activity"), rows_of("notifications")]);
    prepare(&app.db, app.clock.now()).await.unwrap();
    let found = misplaced(&app.db).await.unwrap();
    assert_eq!(found, [rows_of("notifications")], "2031 is far away");
    assert_eq!(count(&app.db, "notifications").await, 1);
}

#[tokio::test]
async fn frequent_queries_look_at_the_months_they_need() {
    let app = TestTracker::new().await;
    if !has_partitions(&app) {
        return;
    }
    prepare(&app.db, app.clock.now()).await.unwrap();
    let ann = app.user("Ann").await;
    let task = create(&app, &by(ann), json!({ "title": "Pay" })).await;
    notify(&app, "2026-11-24").await;
    let all = ["2026_11", "2026_12", "2027_01", "2027_02", "default"];
    for (statement, needed) in [
        (
            "UPDATE notifications SET state = 'sent' WHERE user_id = ?1 AND slot = '2026-11-24'",
            &all[..1],
        ),
        (
            "SELECT id FROM notifications WHERE user_id = ?1 AND slot = '2026-11-24'",
            &all[..1],
        ),
        (
            "SELECT id FROM activity WHERE user_id = ?1 AND at < '2026-11-30 00:00:00'",
            &all[..1],
        ),
    ] {
        let plan = plan(&app.db, statement, ann).await;
        for month in all {
            let is_needed = needed.contains(&month);
            // PostgreSQL never leaves its default partition out of a range.
            let may_be = is_needed || month == "default";
            assert!(may_be || !plan.contains(month), "{statement}: {plan}");
            assert!(!is_needed || plan.contains(month), "{statement}: {plan}");
        }
    }
    assert_eq!(count(&app.db, "activity").await, 1, "{task:?}");
}
