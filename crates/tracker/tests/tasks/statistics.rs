//! Figures and labels.

use duly_db::{Engine, Version};
use duly_tracker::UserId;
use duly_tracker::statistics::{Statistics, statistics};
use duly_tracker::tasks::{self, labels};
use duly_tracker::testing::{TestTracker, by};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{Now, change, create, titled, version};

async fn figures(
    app: &TestTracker,
    user: UserId,
    version: Version,
    zone: &TimeZone,
) -> duly_tracker::Result<Statistics> {
    let mut conn = app.db.read(user.0, version);
    statistics(&mut conn, user, zone, app.tracker_now()).await
}

#[tokio::test]
async fn figures_are_judged_in_the_owners_zone() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    // Completed at 23:30 on Sunday the 15th, Berlin time; that is 22:30 UTC.
    app.clock.set("2026-11-15T22:30:00Z".parse().unwrap());
    let early = titled(&app, ann, "early").await;
    change(&app, ann, early.id, json!({ "status": "completed" }), None)
        .await
        .unwrap();
    // 00:30 on Monday the 16th in Berlin is still the 15th in UTC.
    app.clock.set("2026-11-15T23:30:00Z".parse().unwrap());
    let monday = titled(&app, ann, "Monday").await;
    change(&app, ann, monday.id, json!({ "status": "completed" }), None)
        .await
        .unwrap();
    app.clock.set("2026-11-22T12:00:00Z".parse().unwrap());
    create(
        &app,
        ann,
        json!({ "title": "late", "due_date": "2026-11-21" }),
    )
    .await;
    create(
        &app,
        ann,
        json!({ "title": "begun", "status": "in_progress" }),
    )
    .await;
    let trashed = titled(&app, ann, "trashed").await;
    tasks::delete(&app, &by(ann), trashed.id, None)
        .await
        .unwrap();

    let version = version(&app, ann).await;
    let figures = figures(&app, ann, version, &zone).await.unwrap();
    assert_eq!((figures.open, figures.overdue), (2, 1));
    assert_eq!(
        (figures.by_status.pending, figures.by_status.in_progress),
        (1, 1)
    );
    assert_eq!(figures.by_status.completed, 2);
    assert_eq!((figures.completed_today, figures.completed_7_days), (0, 1));
    assert_eq!(figures.completed_30_days, 2);
    assert_eq!(figures.per_day.len(), 30);
    let of = |date: &str| {
        let date = date.parse().unwrap();
        figures
            .per_day
            .iter()
            .find(|day| day.date == date)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (of("2026-11-15").completed, of("2026-11-16").completed),
        (1, 1)
    );
    assert_eq!(of("2026-11-22").created, 2);
}

#[tokio::test]
async fn figures_are_of_one_state_and_cost_two_statements() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let version = version(&app, ann).await;
    let before = app.db.counters();
    figures(&app, ann, version, &TimeZone::UTC).await.unwrap();
    let after = app.db.counters();
    assert_eq!(after.statements - before.statements, 2);
    // On a server one state is seen by what lies between a beginning and an end.
    let trips = match app.db.engine() {
        Engine::Sqlite => 1,
        _ => 4,
    };
    assert_eq!(after.round_trips - before.round_trips, trips);
}

#[tokio::test]
async fn an_edit_of_an_old_task_completes_nothing() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let zone = TimeZone::UTC;
    let task = titled(&app, ann, "old").await;
    change(&app, ann, task.id, json!({ "status": "completed" }), None)
        .await
        .unwrap();
    app.clock.advance(SignedDuration::from_hours(48));
    change(&app, ann, task.id, json!({ "title": "edited" }), None)
        .await
        .unwrap();
    let figures = figures(&app, ann, version(&app, ann).await, &zone)
        .await
        .unwrap();
    assert_eq!((figures.completed_today, figures.completed_7_days), (0, 1));
}

#[tokio::test]
async fn labels_are_counted_without_regard_to_case() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    create(
        &app,
        ann,
        json!({ "title": "one", "labels": ["Home", "work"] }),
    )
    .await;
    create(
        &app,
        ann,
        json!({ "title": "two", "labels": ["home"], "status": "completed" }),
    )
    .await;
    let gone = create(&app, ann, json!({ "title": "three", "labels": ["gone"] })).await;
    tasks::delete(&app, &by(ann), gone.id, None).await.unwrap();
    let counted = labels(&mut app.db.read_fresh(), ann).await.unwrap().data;
    let shown: Vec<(String, i64, i64)> = counted
        .into_iter()
        .map(|label| (label.name, label.open, label.total))
        .collect();
    assert_eq!(
        shown,
        [("Home".to_owned(), 1, 2), ("work".to_owned(), 1, 1)]
    );
}
