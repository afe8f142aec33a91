//! What people see of the ledger.

use duly_tracker::notifications::{self, Kind, State};
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::{Error, tasks};
use serde_json::json;

use crate::{at, change, due, receipts};

#[tokio::test]
async fn newest_first_with_the_title_of_today_in_one_query() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = due(&app, ann, "Pay rent", "2026-11-24").await;
    due(&app, ann, "Old", "2026-11-01").await;
    at(&app, "2026-11-23T08:00:00Z").await;
    due(&app, ann, "Next", "2026-11-25").await;
    at(&app, "2026-11-24T08:00:00Z").await;
    change(&app, ann, &task, json!({ "title": "Pay the rent" })).await;
    let before = app.db.counters().statements;
    let found = receipts(&app, ann).await;
    assert_eq!(app.db.counters().statements - before, 1);
    let seen: Vec<(Kind, Option<&str>, &str)> = found
        .iter()
        .map(|it| (it.kind, it.task_title.as_deref(), it.slot.as_str()))
        .collect();
    assert_eq!(seen.len(), 4);
    assert!(seen[..2].contains(&(Kind::Due, Some("Next"), "2026-11-25")));
    assert!(seen[..2].contains(&(Kind::Overdue, None, "2026-11-24")));
    assert!(seen[2..].contains(&(Kind::Due, Some("Pay the rent"), "2026-11-24")));
    assert!(seen[2..].contains(&(Kind::Overdue, None, "2026-11-23")));
    assert!(
        found
            .iter()
            .all(|it| it.state == State::Sent && it.sent_at.is_some())
    );
    assert!(
        found
            .iter()
            .all(|it| (it.kind == Kind::Overdue) == it.task_id.is_none())
    );
}

#[tokio::test]
async fn as_json() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = due(&app, ann, "Pay rent", "2026-11-24").await;
    at(&app, "2026-11-23T08:00:00Z").await;
    let found = receipts(&app, ann).await.remove(0);
    assert_eq!(
        serde_json::to_value(&found).unwrap(),
        json!({
            "id": found.id, "kind": "due", "task_id": task.id, "task_title": "Pay rent",
            "slot": "2026-11-24", "state": "sent", "planned_at": "2026-11-23T08:00:00Z",
            "sent_at": "2026-11-23T08:00:00Z", "attempts": 1, "reason": null,
        })
    );
}

#[tokio::test]
async fn pages_of_all_and_of_one_task() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let ben = app.user("Ben").await;
    let mut tasks = Vec::new();
    for number in 0..25 {
        tasks.push(due(&app, ann, &format!("{number}"), "2026-11-24").await);
        due(&app, ben, "Of Ben", "2026-11-24").await;
    }
    at(&app, "2026-11-23T08:00:00Z").await;
    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = notifications::list(&mut app.db.read_fresh(), ann, None, 10, cursor.as_deref())
            .await
            .unwrap();
        seen.extend(page.data);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by(|newer, older| newer.id > older.id));
    assert!(
        seen.iter()
            .all(|it| it.task_title.as_deref() != Some("Of Ben"))
    );
    let one = notifications::list(&mut app.db.read_fresh(), ann, Some(tasks[3].id), 10, None)
        .await
        .unwrap();
    assert_eq!(one.data.len(), 1);
    assert_eq!(
        (one.data[0].task_title.as_deref(), one.next_cursor),
        (Some("3"), None)
    );
    let of_ben = notifications::list(&mut app.db.read_fresh(), ben, Some(tasks[3].id), 10, None)
        .await
        .unwrap();
    assert!(of_ben.data.is_empty(), "nobody reads another's receipts");
    let wrong =
        notifications::list(&mut app.db.read_fresh(), ann, None, 10, Some("nonsense")).await;
    assert!(matches!(wrong, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_purged_task_leaves_its_receipts() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = due(&app, ann, "Pay rent", "2026-11-24").await;
    at(&app, "2026-11-23T08:00:00Z").await;
    tasks::delete(&app, &by(ann), task.id, None).await.unwrap();
    let mut tx = app.db.begin();
    tx.execute(duly_db::query("DELETE FROM tasks"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let found = receipts(&app, ann).await.remove(0);
    assert_eq!((found.task_id, found.task_title), (Some(task.id), None));
}

#[tokio::test]
async fn every_step_of_a_promise_is_a_new_version_for_its_owner() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    due(&app, ann, "Pay rent", "2026-11-24").await;
    let version = async || {
        let mut conn = app.db.read_fresh();
        duly_db::versions::current(&mut conn, ann.0)
            .await
            .unwrap()
            .unwrap()
            .number()
    };
    let before = version().await;
    at(&app, "2026-11-23T08:00:00Z").await;
    assert_eq!(version().await - before, 3, "promised, sending, sent");
    let before = version().await;
    at(&app, "2026-11-24T08:00:00Z").await;
    assert_eq!(
        version().await,
        before,
        "a look that finds nothing new changes nothing"
    );
}
