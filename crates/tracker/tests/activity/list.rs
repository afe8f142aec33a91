//! Reading a task's log page by page.

use duly_tracker::activity::{Activity, list};
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::{Error, Page, TaskId};
use serde_json::json;

use super::{change, create, version};

#[tokio::test]
async fn pages_are_newest_first_and_leave_nothing_out() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let by = by(ann);
    let id = create(&app, &by, json!({ "title": "Task 0" })).await.id;
    let other = create(&app, &by, json!({ "title": "Another" })).await.id;
    for number in 1..7 {
        let title = format!("Task {number}");
        change(&app, &by, id, json!({ "title": title }))
            .await
            .unwrap();
        change(&app, &by, other, json!({ "title": title }))
            .await
            .unwrap();
    }
    let version = version(&app, ann).await;
    let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let before = app.db.counters();
        let page: Page<Activity> = list(
            &mut app.db.read(ann.0, version),
            ann,
            id,
            3,
            cursor.as_deref(),
        )
        .await
        .unwrap();
        let after = app.db.counters();
        assert_eq!(after.statements - before.statements, 1);
        assert_eq!(after.round_trips - before.round_trips, 1);
        pages += 1;
        seen.extend(page.data);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, 3);
    let said: Vec<_> = seen
        .iter()
        .map(|entry| entry.changes["title"]["to"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        said,
        [
            "Task 6", "Task 5", "Task 4", "Task 3", "Task 2", "Task 1", ""
        ]
    );
    assert!(seen.iter().is_sorted_by(|newer, older| newer.at > older.at));
}

#[tokio::test]
async fn entries_of_one_instant_are_neither_repeated_nor_left_out() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let by = by(ann);
    let id = create(&app, &by, json!({ "title": "Task 0" })).await.id;
    for number in 1..10 {
        let input = serde_json::from_value::<duly_tracker::tasks::TaskChangeInput>(
            json!({ "title": format!("Task {number}") }),
        );
        let change = input.unwrap().parse(duly_tracker::input::Reader::new());
        duly_tracker::tasks::change(&app, &by, id, change.unwrap(), None)
            .await
            .unwrap();
    }
    let version = version(&app, ann).await;
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = list(
            &mut app.db.read(ann.0, version),
            ann,
            id,
            1,
            cursor.as_deref(),
        )
        .await
        .unwrap();
        seen.extend(page.data.into_iter().map(|entry| entry.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 10);
    assert!(seen.iter().is_sorted_by(|newer, older| newer > older));
}

#[tokio::test]
async fn a_log_is_its_owners_alone() {
    let app = TestTracker::new().await;
    let (ann, bob) = (app.user("Ann").await, app.user("Bob").await);
    let id = create(&app, &by(ann), json!({ "title": "Pay" })).await.id;
    let version = version(&app, bob).await;
    for id in [id, TaskId(ann.0)] {
        let told = list(&mut app.db.read(bob.0, version), bob, id, 50, None).await;
        assert!(matches!(told, Err(Error::NotFound("task"))));
    }
    let wrong = list(
        &mut app.db.read(ann.0, version),
        ann,
        id,
        50,
        Some("nonsense"),
    )
    .await;
    assert!(matches!(wrong, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_task_from_before_the_log_has_an_empty_one() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let id = create(&app, &by(ann), json!({ "title": "Pay" })).await.id;
    let mut tx = app.db.begin();
    tx.execute(duly_db::query("DELETE FROM activity"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let version = version(&app, ann).await;
    let page = list(&mut app.db.read(ann.0, version), ann, id, 50, None)
        .await
        .unwrap();
    assert_eq!(page, Page::whole(Vec::new()));
}
