//! The tick, alone and in company.

use std::collections::BTreeMap;

use duly_db::random::SystemRandom;
use duly_db::{query, retry};
use duly_tracker::testing::TestTracker;
use duly_tracker::{jobs, reminders};

use crate::{at, due, tick};

#[tokio::test]
async fn nobody_is_due_and_nothing_is_written() {
    let app = TestTracker::new().await;
    app.user("Ann").await;
    let before = app.db.counters();
    assert_eq!(reminders::dispatch_due(&app).await.unwrap(), 0);
    let after = app.db.counters();
    assert_eq!(after.statements - before.statements, 1);
    assert_eq!(after.transactions, before.transactions);
}

#[tokio::test]
async fn more_users_than_one_batch_are_each_looked_at_once() {
    let app = TestTracker::new().await;
    for number in 0..450 {
        let user = app.user(&format!("User{number}")).await;
        if number % 10 == 0 {
            due(&app, user, "x", "2026-11-24").await;
        }
    }
    app.clock.set("2026-11-23T08:00:00Z".parse().unwrap());
    assert_eq!(reminders::dispatch_due(&app).await.unwrap(), 450);
    assert_eq!(reminders::dispatch_due(&app).await.unwrap(), 0);
    assert_eq!(tick(&app).await.len(), 45);
}

#[tokio::test]
async fn two_dispatchers_and_two_planners_racing_promise_once() {
    let app = TestTracker::new().await;
    let mut users = Vec::new();
    for number in 0..30 {
        let user = app.user(&format!("User{number}")).await;
        due(&app, user, "Pay rent", "2026-11-24").await;
        due(&app, user, "Old", "2026-11-01").await;
        users.push(user);
    }
    app.clock.set("2026-11-23T08:00:00Z".parse().unwrap());
    let node = async || {
        // As the worker does with the job that calls it.
        let dispatch = || reminders::dispatch_due(&app);
        let dispatched = retry::on_conflict(&SystemRandom, dispatch).await.unwrap();
        app.queue
            .run_due(&jobs::registry(), &app, 10_000)
            .await
            .unwrap();
        dispatched
    };
    let (one, other) = tokio::join!(node(), node());
    assert_eq!(one + other, 30);
    tick(&app).await;
    // Even the same look at the same user, run twice at the same time, promises once.
    for user in &users {
        let mut tx = app.db.begin();
        let slot = "2026-11-23T08:00:00Z".parse().unwrap();
        for _ in 0..2 {
            let plan = reminders::PlanReminders { user: *user, slot };
            app.queue.push(&mut tx, &plan).await.unwrap();
        }
        let again = "UPDATE reminder_schedules SET last_day = '2026-11-22'";
        tx.execute(query(again)).await.unwrap();
        tx.commit().await.unwrap();
    }
    tokio::join!(node(), node());
    let mut per_key = BTreeMap::new();
    for row in app
        .db
        .read_fresh()
        .rows(query("SELECT message_id FROM notifications"))
        .await
        .unwrap()
    {
        *per_key
            .entry(row.get::<String>("message_id").unwrap())
            .or_insert(0) += 1;
    }
    assert_eq!(per_key.len(), 60);
    assert!(per_key.values().all(|count| *count == 1));
    assert!(
        app.mails.mails().is_empty(),
        "nothing is sent a second time"
    );
}

#[tokio::test]
async fn a_look_that_was_lost_is_made_up_for_within_the_hour() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    due(&app, ann, "Pay rent", "2026-11-24").await;
    app.clock.set("2026-11-23T08:00:00Z".parse().unwrap());
    reminders::dispatch_due(&app).await.unwrap();
    let mut tx = app.db.begin();
    tx.execute(query("DELETE FROM jobs")).await.unwrap();
    tx.commit().await.unwrap();
    assert!(at(&app, "2026-11-23T08:59:00Z").await.is_empty());
    assert_eq!(at(&app, "2026-11-23T09:00:00Z").await.len(), 1);
}

#[tokio::test]
async fn a_year_of_ticks_keeps_every_promise_once() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let first = jiff::civil::date(2026, 11, 25);
    for week in 0..50 {
        let day = first.checked_add(jiff::Span::new().weeks(week)).unwrap();
        due(&app, ann, &format!("Week {week}."), &day.to_string()).await;
    }
    let mut told: BTreeMap<String, u32> = BTreeMap::new();
    let (mut overdue_days, mut weeks) = (0, 0);
    for _ in 0..(365 * 8) {
        app.clock.advance(jiff::SignedDuration::from_hours(3));
        for mail in tick(&app).await {
            if mail.subject.contains("overdue") {
                overdue_days += 1;
            } else if mail.subject.starts_with("Your week: ") {
                weeks += 1;
            } else {
                *told.entry(mail.subject).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(told.len(), 50);
    assert!(told.values().all(|count| *count == 1), "{told:?}");
    // From the day after the first was due to the end of the year, over two changes of the clock.
    assert_eq!(overdue_days, 362);
    assert_eq!(weeks, 52, "from the Monday after the first to the last");
}
