//! Who is told what, and when. Tests begin on Monday 23 November 2026, 08:00 in Berlin.

use duly_db::query;
use duly_tracker::testing::{TestTracker, by};
use serde_json::json;

use crate::{at, change, create, due, ledger, set, subjects, tick};

#[tokio::test]
async fn the_day_before_at_nine_once() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    due(&app, ann, "Pay rent", "2026-11-25").await;
    assert!(at(&app, "2026-11-23T08:00:00Z").await.is_empty());
    assert!(at(&app, "2026-11-24T07:59:59Z").await.is_empty());
    let mails = at(&app, "2026-11-24T08:00:00Z").await;
    assert_eq!(subjects(&mails), ["Due tomorrow: Pay rent"]);
    assert_eq!(mails[0].to_email, "ann@example.org");
    assert!(tick(&app).await.is_empty());
    assert!(
        at(&app, "2026-11-25T08:00:00Z").await.is_empty(),
        "the day itself says nothing new"
    );
    assert_eq!(ledger(&app, ann).await, ["due 2026-11-25 sent"]);
}

#[tokio::test]
async fn a_task_written_after_the_hour_for_tomorrow_is_told_of_on_its_day() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    at(&app, "2026-11-23T08:00:00Z").await;
    due(&app, ann, "Pay rent", "2026-11-24").await;
    assert!(at(&app, "2026-11-23T20:00:00Z").await.is_empty());
    assert_eq!(
        subjects(&at(&app, "2026-11-24T08:00:00Z").await),
        ["Due today: Pay rent"]
    );
}

#[tokio::test]
async fn who_joins_after_the_hour_is_first_looked_at_tomorrow() {
    let app = TestTracker::new().await;
    app.clock.set("2026-11-23T12:00:00Z".parse().unwrap());
    let ann = app.user("Ann").await;
    due(&app, ann, "Pay rent", "2026-11-24").await;
    assert!(tick(&app).await.is_empty());
    assert_eq!(at(&app, "2026-11-24T08:00:00Z").await.len(), 1);
}

#[tokio::test]
async fn a_time_of_day_is_told_of_at_that_time() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    at(&app, "2026-11-23T08:00:00Z").await;
    create(
        &app,
        ann,
        json!({ "title": "Call Ben", "due_date": "2026-11-23", "due_time": "18:00" }),
    )
    .await;
    assert!(at(&app, "2026-11-23T16:59:00Z").await.is_empty());
    assert_eq!(
        subjects(&at(&app, "2026-11-23T17:00:00Z").await),
        ["Due now: Call Ben"]
    );
    assert!(at(&app, "2026-11-23T17:01:00Z").await.is_empty());
    assert_eq!(ledger(&app, ann).await, ["due_time 2026-11-23T18:00 sent"]);
}

#[tokio::test]
async fn a_time_that_has_come_is_not_told_of_again_at_the_hour() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    // The hour is 09:00 in Berlin, and it is 08:00.
    for (title, time) in [
        ("Written late", "07:30"),
        ("Before", "08:30"),
        ("At the hour", "09:00"),
        ("After", "10:00"),
    ] {
        create(
            &app,
            ann,
            json!({ "title": title, "due_date": "2026-11-23", "due_time": time }),
        )
        .await;
    }
    assert_eq!(
        subjects(&at(&app, "2026-11-23T07:30:00Z").await),
        ["Due now: Before"]
    );
    let mails = at(&app, "2026-11-23T08:00:00Z").await;
    let mut told = subjects(&mails);
    told.sort_unstable();
    assert_eq!(told, ["Due now: At the hour", "Due today: After"]);
}

#[tokio::test]
async fn several_times_on_one_day_are_each_told_of_at_their_time() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    at(&app, "2026-11-23T08:00:00Z").await;
    for time in ["18:00", "12:00", "15:30"] {
        create(
            &app,
            ann,
            json!({ "title": time, "due_date": "2026-11-23", "due_time": time }),
        )
        .await;
    }
    let mut told = Vec::new();
    for minute in 0..(24 * 4) {
        app.clock.set("2026-11-23T08:00:00Z".parse().unwrap());
        app.clock
            .advance(jiff::SignedDuration::from_mins(minute * 15));
        for mail in tick(&app).await {
            told.push(format!("{} {}", minute * 15, mail.subject));
        }
    }
    assert_eq!(
        told,
        [
            "180 Due now: 12:00",
            "390 Due now: 15:30",
            "540 Due now: 18:00"
        ]
    );
}

#[tokio::test]
async fn a_time_far_ahead_is_found_when_its_day_comes() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    set(&app, ann, "digest = FALSE").await;
    create(
        &app,
        ann,
        json!({ "title": "Fly", "due_date": "2026-12-20", "due_time": "06:15" }),
    )
    .await;
    let mut told = Vec::new();
    for _ in 0..(28 * 24 * 4 + 8) {
        app.clock.advance(jiff::SignedDuration::from_mins(15));
        for mail in tick(&app).await {
            told.push((duly_db::Clock::now(&*app.clock).to_string(), mail.subject));
        }
    }
    let told: Vec<(&str, &str)> = told.iter().map(|(at, what)| (&**at, &**what)).collect();
    assert_eq!(
        told,
        [
            ("2026-12-19T08:00:00Z", "Due tomorrow: Fly"),
            ("2026-12-20T05:15:00Z", "Due now: Fly"),
            ("2026-12-21T08:00:00Z", "1 task is overdue")
        ]
    );
}

#[tokio::test]
async fn another_due_date_is_another_promise() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = due(&app, ann, "Pay rent", "2026-11-24").await;
    assert_eq!(at(&app, "2026-11-23T08:00:00Z").await.len(), 1);
    change(&app, ann, &task, json!({ "due_date": "2026-11-26" })).await;
    assert!(at(&app, "2026-11-24T08:00:00Z").await.is_empty());
    assert_eq!(
        subjects(&at(&app, "2026-11-25T08:00:00Z").await),
        ["Due tomorrow: Pay rent"]
    );
    assert_eq!(
        ledger(&app, ann).await,
        ["due 2026-11-24 sent", "due 2026-11-26 sent"]
    );
}

#[tokio::test]
async fn who_wants_no_reminders_gets_none() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    due(&app, ann, "Pay rent", "2026-11-24").await;
    due(&app, ann, "Old", "2026-11-01").await;
    create(
        &app,
        ann,
        json!({ "title": "Call", "due_date": "2026-11-23", "due_time": "12:00" }),
    )
    .await;
    set(&app, ann, "reminders = FALSE").await;
    for now in [
        "2026-11-23T08:00:00Z",
        "2026-11-23T11:00:00Z",
        "2026-11-24T08:00:00Z",
    ] {
        assert!(at(&app, now).await.is_empty());
    }
    assert!(ledger(&app, ann).await.is_empty());
}

#[tokio::test]
async fn completed_trashed_and_snoozed_tasks_are_not_planned() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let done = due(&app, ann, "Done", "2026-11-24").await;
    change(&app, ann, &done, json!({ "status": "completed" })).await;
    let trashed = due(&app, ann, "Trashed", "2026-11-24").await;
    duly_tracker::tasks::delete(&app, &by(ann), trashed.id, None)
        .await
        .unwrap();
    let snoozed = due(&app, ann, "Snoozed", "2026-11-24").await;
    change(
        &app,
        ann,
        &snoozed,
        json!({ "snoozed_until": "2026-11-24" }),
    )
    .await;
    assert!(at(&app, "2026-11-23T08:00:00Z").await.is_empty());
    assert_eq!(
        subjects(&at(&app, "2026-11-24T08:00:00Z").await),
        ["Due today: Snoozed"]
    );
}

#[tokio::test]
async fn more_tasks_than_one_transaction_writes_are_each_told_of_once() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    for number in 0..230 {
        due(&app, ann, &format!("Task {number}"), "2026-11-24").await;
    }
    let mails = at(&app, "2026-11-23T08:00:00Z").await;
    let mut seen: Vec<&str> = subjects(&mails);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((mails.len(), seen.len()), (230, 230));
}

#[tokio::test]
async fn users_do_not_hear_of_each_other() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let ben = app.user("Ben").await;
    due(&app, ann, "Of Ann", "2026-11-24").await;
    due(&app, ben, "Of Ben", "2026-11-24").await;
    let mails = at(&app, "2026-11-23T08:00:00Z").await;
    let mut told: Vec<(&str, &str)> = mails
        .iter()
        .map(|mail| (&*mail.to_email, &*mail.subject))
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("ann@example.org", "Due tomorrow: Of Ann"),
            ("ben@example.org", "Due tomorrow: Of Ben")
        ]
    );
}

/// The tags of each job of a kind that has run.
async fn tags(app: &TestTracker, kind: &str) -> Vec<Vec<String>> {
    let select = query("SELECT tags FROM finished_jobs WHERE name = ?1 ORDER BY id").bind(kind);
    let rows = app.db.read_fresh().rows(select).await.unwrap();
    let tags = rows.iter().map(|row| row.get::<serde_json::Value>("tags"));
    tags.map(|tags| serde_json::from_value(tags.unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn the_jobs_of_a_task_are_found_by_it() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let mut ids = Vec::new();
    for day in ["2026-11-20", "2026-11-21", "2026-11-24"] {
        ids.push(due(&app, ann, "x", day).await.id);
    }
    at(&app, "2026-11-23T08:00:00Z").await;
    let tag = |index: usize| format!("task:{}", ids[index]);
    let user = format!("user:{ann}");
    let reminder = vec![user.clone(), tag(2)];
    assert_eq!(tags(&app, "send_reminder").await, [reminder]);
    // What is overdue is looked up when it is told.
    assert_eq!(tags(&app, "send_overdue").await, [vec![user]]);
}

#[tokio::test]
async fn a_mail_about_all_is_found_by_some_of_its_tasks() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    set(&app, ann, "mails_a_day = 1").await;
    for _ in 0..30 {
        due(&app, ann, "x", "2026-11-24").await;
    }
    let mails = at(&app, "2026-11-23T08:00:00Z").await;
    assert_eq!(mails.len(), 1);
    let tags = tags(&app, "send_reminder").await;
    assert_eq!((tags.len(), tags[0].len()), (1, 21));
}
