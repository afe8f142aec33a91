//! The one mail a day about what is overdue.

use duly_tracker::testing::TestTracker;
use serde_json::json;

use crate::{at, change, create, due, ledger, set, subjects, tick};

#[tokio::test]
async fn once_a_day_until_done() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = due(&app, ann, "Pay rent", "2026-11-22").await;
    let mut told = Vec::new();
    for hour in 0..72 {
        app.clock.advance(jiff::SignedDuration::from_hours(1));
        for mail in tick(&app).await {
            told.push((hour, mail.subject));
        }
    }
    let expected = [0, 24, 48].map(|hour| (hour, "1 task is overdue".to_owned()));
    assert_eq!(told, expected);
    change(&app, ann, &task, json!({ "status": "completed" })).await;
    assert!(at(&app, "2026-11-27T08:00:00Z").await.is_empty());
}

#[tokio::test]
async fn silent_while_snoozed_and_when_muted() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let snoozed = due(&app, ann, "Snoozed", "2026-11-20").await;
    let muted = due(&app, ann, "Muted", "2026-11-20").await;
    change(
        &app,
        ann,
        &snoozed,
        json!({ "snoozed_until": "2026-11-25" }),
    )
    .await;
    change(&app, ann, &muted, json!({ "muted": true })).await;
    assert!(at(&app, "2026-11-23T08:00:00Z").await.is_empty());
    assert!(at(&app, "2026-11-24T08:00:00Z").await.is_empty());
    let mails = at(&app, "2026-11-25T08:00:00Z").await;
    assert_eq!(subjects(&mails), ["1 task is overdue"]);
    assert!(mails[0].text.contains("Snoozed") && !mails[0].text.contains("Muted"));
    for body in [&mails[0].text, &mails[0].html] {
        assert!(body.contains("snooze?token="), "{body}");
    }
}

#[tokio::test]
async fn oldest_first_and_a_count_beyond_twenty() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    for number in 1..=22 {
        due(
            &app,
            ann,
            &format!("Task of {number:02}."),
            &format!("2026-10-{:02}", 31 - number),
        )
        .await;
    }
    let mails = at(&app, "2026-11-23T08:00:00Z").await;
    assert_eq!(subjects(&mails), ["22 tasks are overdue"]);
    let text = &mails[0].text;
    let named: Vec<usize> = (1..=22)
        .filter_map(|number| text.find(&format!("Task of {number:02}.")))
        .collect();
    assert_eq!(named.len(), 20);
    assert!(
        named.is_sorted_by(|newer, older| newer > older),
        "the oldest stands first"
    );
    assert!(text.contains("And 2 more."), "{text}");
    assert!(mails[0].html.contains("And 2 more."));
}

#[tokio::test]
async fn twenty_exactly_are_all_named() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    for number in 1..=20 {
        due(&app, ann, "x", &format!("2026-10-{number:02}")).await;
    }
    let mails = at(&app, "2026-11-23T08:00:00Z").await;
    assert!(!mails[0].text.contains("more."), "{}", mails[0].text);
}

#[tokio::test]
async fn a_task_due_today_is_not_overdue_even_after_its_time() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    create(
        &app,
        ann,
        json!({ "title": "x", "due_date": "2026-11-23", "due_time": "08:30" }),
    )
    .await;
    assert_eq!(
        subjects(&at(&app, "2026-11-23T08:00:00Z").await),
        ["Due now: x"]
    );
}

#[tokio::test]
async fn who_wants_reminders_only_gets_no_overdue_mail() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    set(&app, ann, "overdue_mail = FALSE").await;
    due(&app, ann, "Old", "2026-11-01").await;
    due(&app, ann, "New", "2026-11-24").await;
    assert_eq!(
        subjects(&at(&app, "2026-11-23T08:00:00Z").await),
        ["Due tomorrow: New"]
    );
    assert_eq!(ledger(&app, ann).await, ["due 2026-11-24 sent"]);
}
