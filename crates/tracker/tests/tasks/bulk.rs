//! Changing many at once.

use duly_tracker::idempotency::Recorded;
use duly_tracker::tasks::{self, BulkInput, Task};
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::{Error, UserId};
use serde_json::json;

use super::{titled, titles, version};

async fn bulk(
    app: &TestTracker,
    owner: UserId,
    json: serde_json::Value,
) -> Result<Vec<Task>, Error> {
    let (ids, action) = serde_json::from_value::<BulkInput>(json).unwrap().parse()?;
    match tasks::bulk(app, &by(owner), ids, action, None).await? {
        Recorded::Fresh(page) => Ok(page.data),
        Recorded::Replayed(_) => unreachable!("no key was given"),
    }
}

#[tokio::test]
async fn many_are_changed_deleted_and_restored_at_once() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(titled(&app, ann, &format!("Task {number}")).await.id);
    }
    let before = version(&app, ann).await.number();
    let changed = bulk(
        &app,
        ann,
        json!({ "ids": ids, "change": { "priority": "high" } }),
    )
    .await
    .unwrap();
    assert!(
        changed
            .iter()
            .all(|task| task.priority.name() == "high" && task.version == 2)
    );
    assert_eq!(
        changed.iter().map(|task| task.id).collect::<Vec<_>>(),
        ids,
        "in the order named"
    );
    assert_eq!(
        version(&app, ann).await.number(),
        before + 1,
        "one change to what is seen"
    );
    bulk(&app, ann, json!({ "ids": ids, "delete": true }))
        .await
        .unwrap();
    assert!(titles(&app, ann, &[]).await.is_empty());
    assert_eq!(titles(&app, ann, &[("trash", "true")]).await.len(), 3);
    bulk(&app, ann, json!({ "ids": ids, "restore": true }))
        .await
        .unwrap();
    assert_eq!(titles(&app, ann, &[]).await.len(), 3);
}

#[tokio::test]
async fn one_foreign_id_stops_all() {
    let app = TestTracker::new().await;
    let (ann, bob) = (app.user("Ann").await, app.user("Bob").await);
    let own = titled(&app, bob, "Own").await;
    let foreign = titled(&app, ann, "Foreign").await;
    let refused = bulk(
        &app,
        bob,
        json!({ "ids": [own.id, foreign.id], "delete": true }),
    )
    .await;
    let Err(Error::Invalid(errors)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (errors[0].field.as_str(), errors[0].code),
        ("ids[1]", "not_found")
    );
    assert_eq!(titles(&app, bob, &[]).await, ["Own"], "nothing was changed");
    assert_eq!(titles(&app, ann, &[]).await, ["Foreign"]);
}

#[tokio::test]
async fn exactly_one_wish_is_needed() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let id = titled(&app, ann, "Task").await.id;
    for wish in [
        json!({ "ids": [id] }),
        json!({ "ids": [id], "delete": true, "change": { "title": "x" } }),
        json!({ "ids": [id], "delete": false }),
        json!({ "delete": true }),
        json!({ "ids": ["nonsense"], "delete": true }),
        json!({ "ids": vec![id; 1001], "delete": true }),
    ] {
        assert!(
            matches!(bulk(&app, ann, wish.clone()).await, Err(Error::Invalid(_))),
            "{wish}"
        );
    }
    let nested = bulk(
        &app,
        ann,
        json!({ "ids": [id], "change": { "due_date": "soon" } }),
    )
    .await;
    let Err(Error::Invalid(errors)) = nested else {
        panic!("{nested:?}")
    };
    assert_eq!(errors[0].field, "change.due_date");
}
