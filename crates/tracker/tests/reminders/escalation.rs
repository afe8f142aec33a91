//! The second mail about a task that is still open an hour after its time.

use duly_queue::QueueName;
use duly_queue::store::{Filter, Listing, State};
use duly_tracker::reminders::{self, actions};
use duly_tracker::testing::TestTracker;
use serde_json::json;

use crate::{at, change, create, ledger, set, subjects};

fn call(priority: &str) -> serde_json::Value {
    json!({ "title": "Call Ben", "due_date": "2026-11-23", "due_time": "18:00", "priority": priority })
}

#[tokio::test]
async fn a_task_of_high_priority_is_told_of_once_more() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    create(&app, ann, call("high")).await;
    assert_eq!(
        subjects(&at(&app, "2026-11-23T17:00:00Z").await),
        ["Due now: Call Ben"]
    );
    assert!(at(&app, "2026-11-23T17:59:00Z").await.is_empty());
    let mails = at(&app, "2026-11-23T18:00:00Z").await;
    assert_eq!(subjects(&mails), ["Still open: Call Ben"]);
    assert!(
        mails[0]
            .text
            .contains("No more second mails about open tasks: "),
        "{}",
        mails[0].text
    );
    assert!(at(&app, "2026-11-23T19:00:00Z").await.is_empty());
    let expected = [
        "due_time 2026-11-23T18:00 sent",
        "escalated 2026-11-23T18:00 sent",
    ];
    assert_eq!(ledger(&app, ann).await, expected);
}

#[tokio::test]
async fn it_goes_ahead_of_other_reminders() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    create(&app, ann, call("high")).await;
    at(&app, "2026-11-23T17:00:00Z").await;
    app.clock.set("2026-11-23T18:00:00Z".parse().unwrap());
    reminders::dispatch_due(&app).await.unwrap();
    // The plan makes the job that sends it.
    let registry = duly_tracker::jobs::registry();
    app.queue.run_due(&registry, &app, 1).await.unwrap();
    let listing = Listing {
        state: State::Ready,
        filter: &Filter::default(),
        limit: 10,
        after: None,
    };
    let waiting = app.queue.operations().list(&listing).await.unwrap();
    let kinds: Vec<_> = waiting
        .iter()
        .map(|job| (job.kind.as_str(), &job.queue))
        .collect();
    assert_eq!(kinds, [("send_escalation", &QueueName::URGENT)]);
}

#[tokio::test]
async fn it_is_sent_of_the_tasks_somebody_wants_it_of() {
    for (wish, priority, count) in [
        ("high", "medium", 0),
        ("all", "none", 1),
        ("all", "high", 1),
        ("off", "high", 0),
    ] {
        let app = TestTracker::new().await;
        let ann = app.user("Ann").await;
        set(&app, ann, &format!("escalation = '{wish}'")).await;
        create(&app, ann, call(priority)).await;
        at(&app, "2026-11-23T17:00:00Z").await;
        let told = at(&app, "2026-11-23T18:00:00Z").await.len();
        assert_eq!(told, count, "{wish} {priority}");
    }
}

#[tokio::test]
async fn a_task_that_is_done_muted_or_moved_is_left_alone() {
    for changed in [
        json!({ "status": "completed" }),
        json!({ "muted": true }),
        json!({ "snoozed_until": "2026-11-24" }),
        json!({ "due_time": "20:30" }),
    ] {
        let app = TestTracker::new().await;
        let ann = app.user("Ann").await;
        let task = create(&app, ann, call("high")).await;
        at(&app, "2026-11-23T17:00:00Z").await;
        change(&app, ann, &task, changed.clone()).await;
        assert!(
            at(&app, "2026-11-23T18:00:00Z").await.is_empty(),
            "{changed}"
        );
    }
}

#[tokio::test]
async fn it_is_sent_past_midnight_of_a_task_due_just_before() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let late = json!({ "title": "Lock up", "due_date": "2026-11-23", "due_time": "23:30", "priority": "high" });
    create(&app, ann, late).await;
    at(&app, "2026-11-23T22:30:00Z").await;
    assert_eq!(
        subjects(&at(&app, "2026-11-23T23:30:00Z").await),
        ["Still open: Lock up"]
    );
}

#[tokio::test]
async fn one_click_ends_them() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let action = actions::Action::Unsubscribe {
        mail: actions::MailKind::Escalations,
    };
    let token = actions::token(&app, ann, action);
    let offer = actions::describe(&app, &token).await.unwrap();
    assert_eq!(
        offer.sentence,
        "Send you no more second mails about tasks that are still open?"
    );
    assert_eq!(offer.button, Some("No more second mails"));
    actions::perform(&app, &token).await.unwrap();
    assert_eq!(actions::describe(&app, &token).await.unwrap().button, None);
    create(&app, ann, call("high")).await;
    at(&app, "2026-11-23T17:00:00Z").await;
    assert!(at(&app, "2026-11-23T18:00:00Z").await.is_empty());
}
