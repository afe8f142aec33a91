//! The trash.

use duly_tracker::Error;
use duly_tracker::tasks::{self, PurgeTrash};
use duly_tracker::testing::{TestTracker, by};
use jiff::SignedDuration;

use super::{change, create, titled, titles};

#[tokio::test]
async fn a_deleted_task_can_be_restored_for_thirty_days() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = create(
        &app,
        ann,
        serde_json::json!({ "title": "Pay", "labels": ["home"] }),
    )
    .await;
    tasks::delete(&app, &by(ann), task.id, Some(1))
        .await
        .unwrap();
    assert!(titles(&app, ann, &[]).await.is_empty());
    assert_eq!(titles(&app, ann, &[("trash", "true")]).await, ["Pay"]);
    let changed = change(
        &app,
        ann,
        task.id,
        serde_json::json!({ "title": "x" }),
        None,
    )
    .await;
    assert!(
        matches!(changed, Err(Error::NotFound(_))),
        "what is in the trash is not changed"
    );
    assert!(matches!(
        tasks::delete(&app, &by(ann), task.id, None).await,
        Err(Error::NotFound(_))
    ));

    app.clock.advance(SignedDuration::from_hours(24 * 30));
    purge(&app).await;
    let restored = tasks::restore(&app, &by(ann), task.id).await.unwrap();
    assert_eq!(
        (
            restored.title.as_str(),
            restored.deleted_at,
            restored.version
        ),
        ("Pay", None, 3)
    );
    assert_eq!(titles(&app, ann, &[("label", "home")]).await, ["Pay"]);
}

#[tokio::test]
async fn then_it_is_gone() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let kept = titled(&app, ann, "Kept").await;
    for number in 0..250 {
        let task = titled(&app, ann, &format!("Task {number}")).await;
        tasks::delete(&app, &by(ann), task.id, None).await.unwrap();
    }
    app.clock.advance(SignedDuration::from_hours(24 * 30 + 1));
    tasks::delete(&app, &by(ann), kept.id, None).await.unwrap();
    purge(&app).await;
    assert_eq!(
        titles(&app, ann, &[("trash", "true")]).await,
        ["Kept"],
        "more than one batch"
    );
}

async fn purge(app: &TestTracker) {
    let mut tx = app.db.begin();
    app.queue.push(&mut tx, &PurgeTrash {}).await.unwrap();
    tx.commit().await.unwrap();
    app.run_jobs().await;
}
