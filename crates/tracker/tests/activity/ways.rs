//! Every way of changing a task is written down, once, by whoever did it.

use duly_tracker::activity::{Action, Actor, Way};
use duly_tracker::idempotency::{IdempotencyKey, Idempotent};
use duly_tracker::input::FromText;
use duly_tracker::reminders::actions::{self as links, Action as Link, SnoozeUntil, perform};
use duly_tracker::tasks::{self, NewTaskInput, PurgeTrash};
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::transfer::{self, Options};
use duly_tracker::{Error, TaskId};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{actions, bulk, change, create, log, version};

#[tokio::test]
async fn each_change_of_a_task_is_one_entry() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let by = by(ann);
    let id = create(&app, &by, json!({ "title": "Pay" })).await.id;
    for body in [
        json!({ "priority": "high" }),
        json!({ "status": "in_progress" }),
        json!({ "status": "completed", "title": "Paid" }),
        json!({ "muted": true }),
        json!({ "status": "pending" }),
    ] {
        change(&app, &by, id, body).await.unwrap();
    }
    app.clock.advance(SignedDuration::from_secs(1));
    tasks::delete(&app, &by, id, None).await.unwrap();
    app.clock.advance(SignedDuration::from_secs(1));
    tasks::restore(&app, &by, id).await.unwrap();
    assert_eq!(
        actions(&app, ann, id).await,
        [
            Action::Created,
            Action::Changed,
            Action::Changed,
            Action::Completed,
            Action::Changed,
            Action::Reopened,
            Action::Trashed,
            Action::Restored,
        ]
    );
    for entry in log(&app, ann, id).await {
        assert_eq!((entry.actor, entry.via), (ann, Way::Session));
        assert_eq!(entry.token_name, None);
    }
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let by = by(ann);
    let task = create(&app, &by, json!({ "title": "Pay", "labels": ["a"] })).await;
    let before = app.db.counters().transactions;
    for body in [json!({}), json!({ "title": "Pay", "labels": ["a"] })] {
        change(&app, &by, task.id, body).await.unwrap();
    }
    tasks::restore(&app, &by, task.id).await.unwrap();
    assert_eq!(app.db.counters().transactions, before);
    bulk(
        &app,
        &by,
        json!({ "ids": [task.id], "change": { "title": "Pay" } }),
    )
    .await
    .unwrap();
    assert_eq!(actions(&app, ann, task.id).await, [Action::Created]);
}

#[tokio::test]
async fn what_is_refused_writes_nothing() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let by = by(ann);
    let task = create(&app, &by, json!({ "title": "Pay" })).await;
    let refused = change(&app, &by, task.id, json!({ "due_time": "18:00" })).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
    let moved_on = tasks::delete(&app, &by, task.id, Some(7)).await;
    assert!(matches!(moved_on, Err(Error::VersionMismatch)));
    let nowhere = TaskId(by.user.0);
    let some = json!({ "ids": [task.id, nowhere], "delete": true });
    assert!(matches!(
        bulk(&app, &by, some).await,
        Err(Error::Invalid(_))
    ));
    assert_eq!(actions(&app, ann, task.id).await, [Action::Created]);
}

#[tokio::test]
async fn many_changes_are_one_entry_each_and_few_statements() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let by = by(ann);
    let mut ids = Vec::new();
    for number in 0..150 {
        let task = create(&app, &by, json!({ "title": format!("Task {number}") })).await;
        ids.push(task.id);
    }
    let before = app.db.counters();
    bulk(
        &app,
        &by,
        json!({ "ids": ids, "change": { "priority": "low" } }),
    )
    .await
    .unwrap();
    let after = app.db.counters();
    // One read, one write each, two statements for the log, one for the version.
    assert_eq!(after.statements - before.statements, 1 + 150 + 2 + 1);
    bulk(&app, &by, json!({ "ids": ids, "delete": true }))
        .await
        .unwrap();
    bulk(&app, &by, json!({ "ids": ids, "restore": true }))
        .await
        .unwrap();
    for id in ids {
        let expected = [
            Action::Created,
            Action::Changed,
            Action::Trashed,
            Action::Restored,
        ];
        assert_eq!(actions(&app, ann, id).await, expected);
    }
}

#[tokio::test]
async fn a_request_that_is_sent_twice_is_one_entry() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let mut made = None;
    for _ in 0..2 {
        let body = json!({ "title": "Pay" });
        let key = IdempotencyKey::from_text("k").unwrap();
        let request = Idempotent::new(key, "/api/v1/tasks", body.to_string().as_bytes());
        let new: NewTaskInput = serde_json::from_value(body).unwrap();
        let outcome = tasks::create(&app, &by(ann), new.parse().unwrap(), Some(request)).await;
        made = made.or(outcome.unwrap().fresh());
    }
    assert_eq!(
        actions(&app, ann, made.unwrap().id).await,
        [Action::Created]
    );
}

#[tokio::test]
async fn a_program_is_named_as_its_token_is() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let robot = Actor {
        token_name: Some("Home \u{1f916}".into()),
        ..Actor::new(ann, Way::Token)
    };
    let task = create(&app, &robot, json!({ "title": "Pay" })).await;
    let log = log(&app, ann, task.id).await;
    assert_eq!(
        (log[0].via, log[0].token_name.as_deref()),
        (Way::Token, Some("Home \u{1f916}"))
    );
}

#[tokio::test]
async fn links_in_mails_are_told_from_the_page() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let id = create(&app, &by(ann), json!({ "title": "Pay" })).await.id;
    let snooze = Link::Snooze {
        task: id,
        until: SnoozeUntil::Tomorrow,
    };
    for link in [
        snooze,
        snooze,
        Link::Done { task: id },
        Link::Done { task: id },
    ] {
        app.clock.advance(SignedDuration::from_secs(1));
        perform(&app, &links::token(&app, ann, link)).await.unwrap();
    }
    let log = log(&app, ann, id).await;
    let told: Vec<_> = log.iter().map(|entry| (entry.action, entry.via)).collect();
    assert_eq!(
        told,
        [
            (Action::Completed, Way::MailLink),
            (Action::Changed, Way::MailLink),
            (Action::Created, Way::Session),
        ]
    );
    assert_eq!(
        log[1].changes,
        json!({ "snoozed_until": { "from": null, "to": "2026-11-24" } })
    );
}

#[tokio::test]
async fn each_imported_task_is_one_entry() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let file: String = (0..250)
        .map(|row| format!("(A) 2026-11-20 Task {row}\n"))
        .collect();
    for _ in 0..2 {
        let (file, zone) = (file.clone().into_bytes(), TimeZone::UTC);
        let report = transfer::import(&app, &by(ann), &zone, file, Options::default()).await;
        assert_eq!(report.unwrap().total, 250);
    }
    let rows = app
        .db
        .read_fresh()
        .rows(duly_db::query("SELECT id FROM tasks"))
        .await;
    for row in rows.unwrap() {
        let log = log(&app, ann, row.get("id").unwrap()).await;
        let told: Vec<_> = log.iter().map(|entry| (entry.action, entry.via)).collect();
        assert_eq!(told, [(Action::Created, Way::Import)]);
    }
}

#[tokio::test]
async fn what_is_deleted_for_good_keeps_its_log_for_its_owner_alone() {
    let app = TestTracker::new().await;
    let (ann, bob) = (app.user("Ann").await, app.user("Bob").await);
    let mut ids = Vec::new();
    for owner in [ann, ann, bob] {
        let id = create(&app, &by(owner), json!({ "title": "Pay" })).await.id;
        app.clock.advance(SignedDuration::from_secs(1));
        tasks::delete(&app, &by(owner), id, None).await.unwrap();
        ids.push((owner, id));
    }
    app.clock.advance(SignedDuration::from_hours(24 * 30 + 1));
    let before = version(&app, ann).await;
    let mut tx = app.db.begin();
    app.queue.push(&mut tx, &PurgeTrash {}).await.unwrap();
    tx.commit().await.unwrap();
    app.run_jobs().await;
    assert!(
        version(&app, ann).await > before,
        "the list of the trash is another"
    );
    for (owner, id) in ids {
        let log = log(&app, owner, id).await;
        assert_eq!((log[0].action, log[0].via), (Action::Purged, Way::System));
        assert_eq!(log.len(), 3);
        let other = if owner == ann { bob } else { ann };
        let version = version(&app, other).await;
        let told =
            duly_tracker::activity::list(&mut app.db.read(other.0, version), other, id, 50, None)
                .await;
        assert!(matches!(told, Err(Error::NotFound("task"))));
    }
}
