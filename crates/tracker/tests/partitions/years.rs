//! Tasks that are taken apart into years, and put together again.

use duly_db::partitions::yearly::{Layout, Outcome, convert, standing};
use duly_db::{Clock as _, query};
use duly_tracker::partitions::{misplaced, prepare};
use duly_tracker::tasks::{self, BY_YEAR, PurgeTrash};
use duly_tracker::testing::{TestTracker, by};
use jiff::SignedDuration;
use serde_json::json;

use super::{change, count, create, has_partitions, plan};

async fn converted(app: &TestTracker, wanted: Layout) -> Outcome {
    let now = app.clock.now();
    convert(&app.db, &BY_YEAR, wanted, now, 7, &mut |_| {})
        .await
        .unwrap()
}

#[tokio::test]
async fn everything_works_on_partitioned_tasks() {
    let app = TestTracker::new().await;
    if !has_partitions(&app) {
        assert_eq!(converted(&app, Layout::ByYear).await, Outcome::NotNeeded);
        return;
    }
    prepare(&app.db, app.clock.now()).await.unwrap();
    let by = by(app.user("Ann").await);
    let mut ids = Vec::new();
    for number in 0..20 {
        let json = json!({ "title": format!("Task {number}"), "labels": ["home", "now"] });
        ids.push(create(&app, &by, json).await);
    }
    assert_eq!(
        converted(&app, Layout::ByYear).await,
        Outcome::Converted { rows: 20 }
    );
    assert!(misplaced(&app.db).await.unwrap().is_empty());
    change(
        &app,
        &by,
        ids[0],
        json!({ "title": "Other", "labels": ["work"] }),
    )
    .await;
    create(&app, &by, json!({ "title": "New", "labels": ["work"] })).await;
    let labels = tasks::labels(&mut app.db.read_fresh(), by.user)
        .await
        .unwrap()
        .data;
    let named: Vec<(&str, i64)> = labels
        .iter()
        .map(|one| (one.name.as_str(), one.total))
        .collect();
    assert_eq!(named, [("home", 19), ("now", 19), ("work", 2)]);
    let get = "SELECT title FROM tasks WHERE user_id = ?1 AND id <= ?1";
    let get = plan(&app.db, get, by.user).await;
    assert!(
        get.contains("tasks_2026") && !get.contains("tasks_2027"),
        "{get}"
    );
    // What refers to a task goes with it, whether there is a foreign key or not.
    tasks::delete(&app, &by, ids[1], None).await.unwrap();
    app.clock.advance(SignedDuration::from_hours(24 * 31));
    let mut tx = app.db.begin();
    app.queue.push(&mut tx, &PurgeTrash {}).await.unwrap();
    tx.commit().await.unwrap();
    app.run_jobs().await;
    assert_eq!(count(&app.db, "tasks").await, 20);
    assert_eq!(count(&app.db, "task_labels").await, 38);
    // Years are made by the same job as months.
    app.clock.advance(SignedDuration::from_hours(24 * 365));
    prepare(&app.db, app.clock.now()).await.unwrap();
    create(&app, &by, json!({ "title": "Next year" })).await;
    assert!(misplaced(&app.db).await.unwrap().is_empty());
    assert_eq!(
        converted(&app, Layout::Whole).await,
        Outcome::Converted { rows: 21 }
    );
    assert!(!standing(&app.db, &BY_YEAR).await.unwrap().is_unfinished);
    assert_eq!(count(&app.db, "task_labels").await, 38);
}

#[tokio::test]
async fn the_foreign_keys_are_back_when_tasks_are_one_table_again() {
    let app = TestTracker::new().await;
    if !has_partitions(&app) {
        return;
    }
    let by = by(app.user("Ann").await);
    create(&app, &by, json!({ "title": "Pay", "labels": ["home"] })).await;
    converted(&app, Layout::ByYear).await;
    converted(&app, Layout::Whole).await;
    let mut tx = app.db.begin();
    tx.execute(query("DELETE FROM users")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&app.db, "tasks").await, 0);
    assert_eq!(count(&app.db, "task_labels").await, 0);
}
