//! The mail about a week. Its time is Monday at nine; tests begin on Monday 23 November 2026, 08:00 in Berlin.

use duly_tracker::UserId;
use duly_tracker::testing::TestTracker;
use serde_json::json;

use crate::{at, change, due, ledger, set, subjects, tick};

/// Somebody who completed two tasks in a week, has one overdue and three due in the next.
async fn week(app: &TestTracker) -> UserId {
    let ann = app.user("Ann").await;
    set(app, ann, "overdue_mail = FALSE").await;
    due(app, ann, "Overdue", "2026-11-20").await;
    for title in ["Shop", "Cook"] {
        let task = due(app, ann, title, "2026-12-20").await;
        app.clock.advance(jiff::SignedDuration::from_hours(30));
        change(app, ann, &task, json!({ "status": "completed" })).await;
    }
    for (title, day) in [
        ("Early", "2026-12-02"),
        ("Late", "2026-12-06"),
        ("Too far", "2026-12-07"),
    ] {
        due(app, ann, title, day).await;
    }
    ann
}

#[tokio::test]
async fn it_tells_what_was_done_and_what_comes() {
    let app = TestTracker::new().await;
    let ann = week(&app).await;
    let mails = at(&app, "2026-11-30T08:00:00Z").await;
    assert_eq!(subjects(&mails), ["Your week: 2 done, 4 open"]);
    let text = &mails[0].text;
    assert!(
        text.contains(
            "Monday 30 November 2026. In the last seven days you completed 2 tasks. 4 open, \
             1 overdue, 2 due in the next seven days."
        ),
        "{text}"
    );
    for named in ["- Shop", "- Cook", "- Early", "- Late"] {
        assert!(text.contains(named), "{named}: {text}");
    }
    assert!(!text.contains("Too far") && !text.contains("And"), "{text}");
    assert!(mails[0].html.contains("What may slip"));
    assert_eq!(ledger(&app, ann).await, ["digest 2026-11-30 sent"]);
}

#[tokio::test]
async fn it_tells_what_may_slip_at_the_pace_of_the_last_weeks() {
    let app = TestTracker::new().await;
    week(&app).await;
    let mails = at(&app, "2026-11-30T08:00:00Z").await;
    let text = &mails[0].text;
    let (_, forecast) = text.split_once("What may slip").unwrap();
    assert!(
        forecast.contains(
            "You complete about 2 a week, and 3 wait until Sunday 6 December 2026.\n- Late\n"
        ),
        "{forecast}"
    );
    assert!(!forecast.contains("- Early"), "{forecast}");
}

#[tokio::test]
async fn it_comes_once_a_week_on_the_day_and_hour_somebody_wants() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    set(
        &app,
        ann,
        "digest_day = 'wednesday', digest_hour = 18, overdue_mail = FALSE",
    )
    .await;
    due(&app, ann, "Old", "2026-11-01").await;
    let mut told = Vec::new();
    for hour in 0..24 * 16 {
        for mail in tick(&app).await {
            told.push((hour, mail.subject));
        }
        app.clock.advance(jiff::SignedDuration::from_hours(1));
    }
    // From Monday 08:00 to Wednesday 18:00 are 58 hours.
    let expected = [58, 58 + 168].map(|hour| (hour, "Your week: 0 done, 1 open".to_owned()));
    assert_eq!(told, expected);
}

#[tokio::test]
async fn who_moves_its_day_gets_no_second_one_in_the_week() {
    let app = TestTracker::new().await;
    let ann = week(&app).await;
    assert_eq!(at(&app, "2026-11-30T08:00:00Z").await.len(), 1);
    set(&app, ann, "digest_day = 'tuesday'").await;
    let mails = at(&app, "2026-12-01T08:00:00Z").await;
    assert_eq!(subjects(&mails), ["Due tomorrow: Early"]);
}

#[tokio::test]
async fn after_a_weekend_without_duly_it_is_made_up_for() {
    let app = TestTracker::new().await;
    week(&app).await;
    let mails = at(&app, "2026-12-01T07:00:00Z").await;
    let mut told = subjects(&mails);
    told.sort_unstable();
    assert_eq!(told, ["Due tomorrow: Early", "Your week: 2 done, 4 open"]);
}

#[tokio::test]
async fn nothing_is_sent_when_there_is_nothing_to_tell_or_it_is_unwanted() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let ben = app.user("Ben").await;
    due(&app, ben, "Early", "2026-12-03").await;
    set(&app, ben, "digest = FALSE").await;
    assert!(at(&app, "2026-11-30T08:00:00Z").await.is_empty());
    let nothing = "digest 2026-11-30 cancelled: there is nothing to tell";
    assert_eq!(ledger(&app, ann).await, [nothing]);
    assert!(ledger(&app, ben).await.is_empty());
}

#[tokio::test]
async fn who_joins_on_its_day_waits_a_week_for_it() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    set(&app, ann, "overdue_mail = FALSE").await;
    due(&app, ann, "Soon", "2026-11-26").await;
    assert!(at(&app, "2026-11-23T08:00:00Z").await.is_empty());
    at(&app, "2026-11-25T08:00:00Z").await;
    let mails = at(&app, "2026-11-30T08:00:00Z").await;
    assert_eq!(subjects(&mails), ["Your week: 0 done, 1 open"]);
}
