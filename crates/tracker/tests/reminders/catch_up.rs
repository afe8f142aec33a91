//! After Duly has not run for a while, and around changes of the time zone.

use duly_tracker::reminders;
use duly_tracker::testing::TestTracker;
use serde_json::json;

use crate::{at, create, due, ledger, set, subjects, tick};

#[tokio::test]
async fn three_days_down_end_with_one_mail_per_promise_still_worth_it() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    at(&app, "2026-11-23T08:00:00Z").await;
    due(&app, ann, "Missed", "2026-11-25").await;
    due(&app, ann, "Today", "2026-11-26").await;
    due(&app, ann, "Tomorrow", "2026-11-27").await;
    due(&app, ann, "Later", "2026-11-28").await;
    // Down from Monday noon to Thursday noon, over three times 09:00.
    let mails = at(&app, "2026-11-26T11:00:00Z").await;
    let mut told = subjects(&mails);
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "1 task is overdue",
            "Due today: Today",
            "Due tomorrow: Tomorrow"
        ]
    );
    assert!(tick(&app).await.is_empty());
    let mut entries = ledger(&app, ann).await;
    entries.sort_unstable();
    assert_eq!(
        entries,
        [
            "due 2026-11-26 sent",
            "due 2026-11-27 sent",
            "overdue 2026-11-26 sent"
        ]
    );
}

#[tokio::test]
async fn a_time_that_passed_an_hour_ago_is_recorded_as_missed_and_comes_with_the_overdue() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    at(&app, "2026-11-23T08:00:00Z").await;
    for (title, time) in [("Missed", "14:59"), ("Late", "15:30")] {
        create(
            &app,
            ann,
            json!({ "title": title, "due_date": "2026-11-23", "due_time": time }),
        )
        .await;
    }
    // 16:00 in Berlin.
    assert_eq!(
        subjects(&at(&app, "2026-11-23T15:00:00Z").await),
        ["Due now: Late"]
    );
    let mut entries = ledger(&app, ann).await;
    entries.sort_unstable();
    assert_eq!(
        entries,
        [
            "due_time 2026-11-23T14:59 cancelled: missed while Duly was not running",
            "due_time 2026-11-23T15:30 sent",
        ]
    );
    assert_eq!(
        subjects(&at(&app, "2026-11-24T08:00:00Z").await),
        ["2 tasks are overdue"]
    );
}

#[tokio::test]
async fn a_task_written_down_after_its_time_is_not_announced() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    at(&app, "2026-11-23T14:00:00Z").await;
    create(
        &app,
        ann,
        json!({ "title": "x", "due_date": "2026-11-23", "due_time": "14:30" }),
    )
    .await;
    create(
        &app,
        ann,
        json!({ "title": "y", "due_date": "2026-11-23", "due_time": "15:15" }),
    )
    .await;
    assert_eq!(
        subjects(&at(&app, "2026-11-23T14:15:00Z").await),
        ["Due now: y"]
    );
}

#[tokio::test]
async fn a_time_zone_changed_around_the_hour_repeats_nothing() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    due(&app, ann, "Pay rent", "2026-11-24").await;
    due(&app, ann, "Old", "2026-11-02").await;
    assert_eq!(at(&app, "2026-11-23T08:00:00Z").await.len(), 2);
    // West, where 09:00 is still to come, and back again, and far to the east.
    for zone in [
        "America/New_York",
        "Europe/Berlin",
        "Pacific/Auckland",
        "Europe/Berlin",
    ] {
        set(&app, ann, &format!("time_zone = '{zone}'")).await;
        for hour in 0..5 {
            let told = at(&app, &format!("2026-11-23T{:02}:00:00Z", 9 + hour * 3)).await;
            for mail in &told {
                assert!(
                    mail.subject.contains("overdue"),
                    "{zone} {hour}: {}",
                    mail.subject
                );
            }
        }
    }
    let entries = ledger(&app, ann).await;
    let mut unique = entries.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(entries.len(), unique.len());
    assert_eq!(
        entries
            .iter()
            .filter(|line| line.starts_with("due "))
            .count(),
        1
    );
}

#[tokio::test]
async fn an_hour_moved_to_one_that_has_passed_takes_effect_today() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    set(&app, ann, "reminder_minute = 1080").await;
    due(&app, ann, "Pay rent", "2026-11-24").await;
    assert!(at(&app, "2026-11-23T13:00:00Z").await.is_empty());
    set(&app, ann, "reminder_minute = 540").await;
    assert_eq!(tick(&app).await.len(), 1);
    assert!(at(&app, "2026-11-23T17:00:00Z").await.is_empty());
}

#[tokio::test]
async fn a_clock_that_was_years_ahead_silences_nobody() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    due(&app, ann, "Pay rent", "2026-11-25").await;
    at(&app, "2036-11-23T12:00:00Z").await;
    app.clock.set("2026-11-24T07:00:00Z".parse().unwrap());
    let mended = reminders::reconcile(&app).await.unwrap();
    assert_eq!(mended.brought_back, 1);
    let mut told = tick(&app).await;
    told.extend(at(&app, "2026-11-24T08:00:00Z").await);
    assert_eq!(subjects(&told), ["Due tomorrow: Pay rent"]);
    assert!(at(&app, "2026-11-24T09:00:00Z").await.is_empty());
}
