//! What happens between the promise and the mail: it is looked at again.

use duly_tracker::testing::{TestTracker, by};
use duly_tracker::{UserId, reminders, tasks};
use serde_json::json;

use crate::{at, change, create, due, ledger, set, tick};

/// A promise made while the mail server was down: its job waits.
async fn promised(app: &TestTracker, kind: &str) -> (UserId, tasks::Task) {
    let ann = app.user("Ann").await;
    let task = match kind {
        "due" => due(app, ann, "Pay rent", "2026-11-24").await,
        "due_time" => {
            let json = json!({ "title": "Call", "due_date": "2026-11-23", "due_time": "12:00" });
            at(app, "2026-11-23T08:00:00Z").await;
            app.clock.set("2026-11-23T11:00:00Z".parse().unwrap());
            create_before_due(app, ann, json).await
        }
        _ => due(app, ann, "Old", "2026-11-02").await,
    };
    if kind != "due_time" {
        app.clock.set("2026-11-23T08:00:00Z".parse().unwrap());
    }
    refuse_once(app);
    reminders::dispatch_due(app).await.unwrap();
    app.run_jobs().await;
    assert!(app.mails.mails().is_empty());
    (ann, task)
}

async fn create_before_due(app: &TestTracker, ann: UserId, json: serde_json::Value) -> tasks::Task {
    let due = duly_db::Clock::now(&*app.clock);
    app.clock.advance(jiff::SignedDuration::from_mins(-5));
    let task = create(app, ann, json).await;
    app.clock.set(due);
    task
}

fn refuse_once(app: &TestTracker) {
    app.mails
        .refuse_next(duly_tracker::mail::SendError::Temporary("down".into()));
}

/// Lets the second attempt come, and answers the only line of the ledger.
async fn outcome(app: &TestTracker, user: UserId) -> String {
    app.clock.advance(jiff::SignedDuration::from_mins(2));
    tick(app).await;
    let lines = ledger(app, user).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].clone()
}

#[tokio::test]
async fn unchanged_it_is_sent() {
    let app = TestTracker::new().await;
    let (ann, _) = promised(&app, "due").await;
    assert_eq!(ledger(&app, ann).await, ["due 2026-11-24 queued: down"]);
    assert_eq!(outcome(&app, ann).await, "due 2026-11-24 sent");
}

#[tokio::test]
async fn completed() {
    let app = TestTracker::new().await;
    let (ann, task) = promised(&app, "due").await;
    change(&app, ann, &task, json!({ "status": "completed" })).await;
    assert_eq!(
        outcome(&app, ann).await,
        "due 2026-11-24 cancelled: the task was completed"
    );
}

#[tokio::test]
async fn trashed() {
    let app = TestTracker::new().await;
    let (ann, task) = promised(&app, "due").await;
    tasks::delete(&app, &by(ann), task.id, None).await.unwrap();
    assert_eq!(
        outcome(&app, ann).await,
        "due 2026-11-24 cancelled: the task was deleted"
    );
}

#[tokio::test]
async fn moved() {
    let app = TestTracker::new().await;
    let (ann, task) = promised(&app, "due").await;
    change(&app, ann, &task, json!({ "due_date": "2026-11-30" })).await;
    assert_eq!(
        outcome(&app, ann).await,
        "due 2026-11-24 cancelled: the due date was changed"
    );
}

#[tokio::test]
async fn moved_to_another_time_of_the_same_day() {
    let app = TestTracker::new().await;
    let (ann, task) = promised(&app, "due_time").await;
    change(&app, ann, &task, json!({ "due_time": "20:00" })).await;
    let expected = "due_time 2026-11-23T12:00 cancelled: the due date was changed";
    assert_eq!(outcome(&app, ann).await, expected);
    let mails = at(&app, "2026-11-23T19:00:00Z").await;
    assert_eq!(crate::subjects(&mails), ["Due now: Call"]);
}

#[tokio::test]
async fn snoozed() {
    let app = TestTracker::new().await;
    let (ann, task) = promised(&app, "due").await;
    change(&app, ann, &task, json!({ "snoozed_until": "2026-11-24" })).await;
    assert_eq!(
        outcome(&app, ann).await,
        "due 2026-11-24 cancelled: the task was snoozed"
    );
}

#[tokio::test]
async fn opted_out() {
    let app = TestTracker::new().await;
    let (ann, _) = promised(&app, "due").await;
    set(&app, ann, "reminders = FALSE").await;
    assert_eq!(
        outcome(&app, ann).await,
        "due 2026-11-24 cancelled: reminders were switched off"
    );
}

#[tokio::test]
async fn opted_out_of_overdue_mails() {
    let app = TestTracker::new().await;
    let (ann, _) = promised(&app, "overdue").await;
    set(&app, ann, "overdue_mail = FALSE").await;
    let expected = "overdue 2026-11-23 cancelled: the overdue mail was switched off";
    assert_eq!(outcome(&app, ann).await, expected);
}

#[tokio::test]
async fn nothing_is_overdue_any_more() {
    let app = TestTracker::new().await;
    let (ann, task) = promised(&app, "overdue").await;
    change(&app, ann, &task, json!({ "muted": true })).await;
    let expected = "overdue 2026-11-23 cancelled: nothing is overdue any more";
    assert_eq!(outcome(&app, ann).await, expected);
}

#[tokio::test]
async fn the_account_is_gone() {
    let app = TestTracker::new().await;
    let (ann, _) = promised(&app, "due").await;
    let mut tx = app.db.begin();
    let delete = duly_db::query("DELETE FROM users WHERE id = ?1").bind(ann);
    tx.execute(delete).await.unwrap();
    tx.commit().await.unwrap();
    app.clock.advance(jiff::SignedDuration::from_mins(2));
    assert!(tick(&app).await.is_empty());
}

#[tokio::test]
async fn another_address_gets_it() {
    let app = TestTracker::new().await;
    let (ann, _) = promised(&app, "due").await;
    set(&app, ann, "email = 'new@example.org'").await;
    app.clock.advance(jiff::SignedDuration::from_mins(2));
    assert_eq!(tick(&app).await[0].to_email, "new@example.org");
}

#[tokio::test]
async fn a_task_completed_and_reopened_is_promised_again() {
    let app = TestTracker::new().await;
    let (ann, task) = promised(&app, "due").await;
    change(&app, ann, &task, json!({ "status": "completed" })).await;
    assert_eq!(
        outcome(&app, ann).await,
        "due 2026-11-24 cancelled: the task was completed"
    );
    change(&app, ann, &task, json!({ "status": "pending" })).await;
    let mails = at(&app, "2026-11-24T08:00:00Z").await;
    assert_eq!(crate::subjects(&mails), ["Due today: Pay rent"]);
    assert_eq!(ledger(&app, ann).await, ["due 2026-11-24 sent"]);
}

#[tokio::test]
async fn a_mail_server_down_for_days_is_not_followed_by_a_flood() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    due(&app, ann, "Old", "2026-11-02").await;
    due(&app, ann, "Pay rent", "2026-11-24").await;
    for _ in 0..1000 {
        refuse_once(&app);
    }
    at(&app, "2026-11-23T08:00:00Z").await;
    // The third day, after the jobs of the first have given up and its own mail was promised.
    for hours in 0..=48 {
        app.clock.set("2026-11-23T08:00:00Z".parse().unwrap());
        app.clock.advance(jiff::SignedDuration::from_hours(hours));
        crate::tick_with_failures(&app).await;
    }
    app.mails.accept_again();
    let mut told = Vec::new();
    for _ in 0..20 {
        app.clock.advance(jiff::SignedDuration::from_hours(1));
        told.extend(tick(&app).await);
    }
    assert_eq!(crate::subjects(&told), ["2 tasks are overdue"]);
}
