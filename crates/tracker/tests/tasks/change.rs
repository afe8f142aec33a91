//! Creating and changing tasks.

use duly_db::Engine;
use duly_tracker::tasks::{NewTaskInput, Status};
use duly_tracker::testing::TestTracker;
use duly_tracker::{Error, tasks};
use jiff::SignedDuration;
use serde_json::json;

use super::{Now, change, create, titled, version};

fn refusals(json: serde_json::Value) -> Vec<(String, &'static str)> {
    match serde_json::from_value::<NewTaskInput>(json)
        .unwrap()
        .parse()
    {
        Err(Error::Invalid(errors)) => errors
            .into_iter()
            .map(|error| (error.field, error.code))
            .collect(),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let wrong = json!({
        "title": " ", "description": 5, "status": "open", "due_date": "0000-01-01",
        "due_time": "25:00", "priority": null, "labels": ["a b"],
    });
    let named = refusals(wrong);
    let expected = [
        ("title", "too_short"),
        ("description", "invalid_type"),
        ("status", "unknown_value"),
        ("due_date", "out_of_range"),
        ("due_time", "invalid_time"),
        ("priority", "not_null"),
        ("labels", "invalid_character"),
    ];
    assert_eq!(
        named,
        expected.map(|(field, code)| (field.to_owned(), code))
    );
    assert_eq!(refusals(json!({})), [("title".to_owned(), "required")]);
    let timed = json!({ "title": "x", "due_time": "10:00" });
    assert_eq!(refusals(timed), [("due_time".to_owned(), "needs_due_date")]);
    for date in [
        "2026-2-3",
        "2026-02-30",
        "10000-01-01",
        "9999-12-31",
        "+02026-1-1",
        "",
        "2026-11-24T10:00",
    ] {
        assert_eq!(
            refusals(json!({ "title": "x", "due_date": date })).len(),
            1,
            "{date}"
        );
    }
    for time in ["7:30", "24:00", "12:60", "12:30:00", "-1:00", "", "1２:30"] {
        let json = json!({ "title": "x", "due_date": "2026-01-01", "due_time": time });
        assert_eq!(refusals(json).len(), 1, "{time}");
    }
}

#[test]
fn unknown_fields_are_refused() {
    let refused = serde_json::from_value::<NewTaskInput>(json!({ "title": "x", "user_id": 1 }));
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("unknown field `user_id`")
    );
}

#[tokio::test]
async fn a_task_comes_back_as_it_was_written() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let written = create(
        &app,
        ann,
        json!({
            "title": "🐝 \u{202e}abc", "description": "# Line\r\n\tmore", "status": "in_progress",
            "due_date": "0001-01-01", "due_time": "00:00", "priority": "low", "labels": ["B", "a"],
        }),
    )
    .await;
    let version = version(&app, ann).await;
    let read = tasks::get(&mut app.db.read(ann.0, version), ann, written.id)
        .await
        .unwrap();
    assert_eq!(read, written);
    assert_eq!(read.labels, ["B", "a"]);
    assert_eq!((read.version, read.status), (1, Status::InProgress));
}

#[tokio::test]
async fn a_new_task_is_one_round_trip_and_a_change_three() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let before = app.db.counters();
    let task = create(&app, ann, json!({ "title": "Pay", "labels": ["a", "b"] })).await;
    let created = app.db.counters();
    assert_eq!(
        created.statements - before.statements,
        5,
        "task, labels, figures, activity, version"
    );
    let in_file = app.db.engine() == Engine::Sqlite;
    // A server is told of the beginning and the end, and answers each statement by itself.
    let trips = if in_file { 1 } else { 7 };
    assert_eq!(created.round_trips - before.round_trips, trips);
    change(&app, ann, task.id, json!({ "title": "Paid" }), None)
        .await
        .unwrap();
    let changed = app.db.counters();
    assert_eq!(
        changed.statements - created.statements,
        4,
        "read, write with its check, activity, version"
    );
    // The last two travel with the commit.
    let trips = if in_file { 3 } else { 6 };
    assert_eq!(changed.round_trips - created.round_trips, trips);
}

#[tokio::test]
async fn completed_at_is_kept_by_the_status() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = titled(&app, ann, "Pay").await;
    app.clock.advance(SignedDuration::from_mins(5));
    let done = change(&app, ann, task.id, json!({ "status": "completed" }), None)
        .await
        .unwrap();
    assert_eq!(done.completed_at, Some(app.tracker_now()));
    app.clock.advance(SignedDuration::from_mins(5));
    let renamed = change(&app, ann, task.id, json!({ "title": "Paid" }), None)
        .await
        .unwrap();
    assert_eq!(
        renamed.completed_at, done.completed_at,
        "an edit does not complete it again"
    );
    let again = change(&app, ann, task.id, json!({ "status": "pending" }), None)
        .await
        .unwrap();
    assert_eq!(again.completed_at, None);
}

#[tokio::test]
async fn changes_merge_and_raise_the_version_once() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = create(
        &app,
        ann,
        json!({
            "title": "Pay", "due_date": "2026-12-01", "due_time": "09:00", "labels": ["home"],
        }),
    )
    .await;
    let before = version(&app, ann).await;
    let changed = change(&app, ann, task.id, json!({ "priority": "high" }), Some(1))
        .await
        .unwrap();
    assert_eq!((changed.version, changed.title.as_str()), (2, "Pay"));
    assert_eq!(version(&app, ann).await.number(), before.number() + 1);
    let same = change(&app, ann, task.id, json!({ "priority": "high" }), None)
        .await
        .unwrap();
    assert_eq!(same.version, 2, "a change that changes nothing is none");
    assert_eq!(version(&app, ann).await.number(), before.number() + 1);
    let undated = change(&app, ann, task.id, json!({ "due_date": null }), None)
        .await
        .unwrap();
    assert_eq!(
        (undated.due_date, undated.due_time),
        (None, None),
        "the time goes with the date"
    );
    let timed = change(&app, ann, task.id, json!({ "due_time": "10:00" }), None).await;
    assert!(matches!(timed, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_change_of_an_old_version_is_refused() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = titled(&app, ann, "Pay").await;
    change(&app, ann, task.id, json!({ "title": "Pay rent" }), Some(1))
        .await
        .unwrap();
    let late = change(&app, ann, task.id, json!({ "title": "Pay tax" }), Some(1)).await;
    assert!(matches!(late, Err(Error::VersionMismatch)));
}

#[tokio::test]
async fn concurrent_changes_of_different_fields_both_win() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = titled(&app, ann, "Pay").await;
    let (one, two) = tokio::join!(
        change(&app, ann, task.id, json!({ "title": "Pay rent" }), None),
        change(&app, ann, task.id, json!({ "priority": "high" }), None),
    );
    one.unwrap();
    two.unwrap();
    let version = version(&app, ann).await;
    let task = tasks::get(&mut app.db.read(ann.0, version), ann, task.id)
        .await
        .unwrap();
    assert_eq!(
        (task.title.as_str(), task.priority.name(), task.version),
        ("Pay rent", "high", 3)
    );
}
