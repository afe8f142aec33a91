//! Planning for many people at once says the same as planning for each alone.

use std::collections::BTreeMap;

use duly_db::{Clock as _, query};
use duly_tracker::testing::TestTracker;
use duly_tracker::{UserId, jobs, reminders};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{at, change, create, due, ledger, set, tick_with_failures};

const EIGHT: &str = "2026-11-23T08:00:00Z";

/// People who differ in what matters to reminders.
async fn people(app: &TestTracker, number: usize) -> Vec<UserId> {
    let mut people = Vec::new();
    for kind in 0..number {
        let one = app.user(&format!("P{kind}")).await;
        due(app, one, "Soon", "2026-11-24").await;
        due(app, one, "Today", "2026-11-23").await;
        due(app, one, "Old", "2026-11-02").await;
        match kind % 9 {
            0 => {
                for (title, time) in [("Call", "08:20"), ("Ring", "10:15"), ("Ask", "07:30")] {
                    let task = json!({ "title": title, "due_date": "2026-11-23",
                        "due_time": time, "priority": "high" });
                    create(app, one, task).await;
                }
            }
            1 => set(app, one, "mails_a_day = 2").await,
            2 => set(app, one, "quiet_from = 480, quiet_to = 660").await,
            3 => set(app, one, "reminders = FALSE").await,
            4 => set(app, one, "overdue_mail = FALSE").await,
            5 => set(app, one, "time_zone = 'Asia/Tokyo'").await,
            6 => {
                let task = due(app, one, "Later", "2026-11-23").await;
                change(app, one, &task, json!({ "snoozed_until": "2026-11-24" })).await;
                let task = due(app, one, "Quiet", "2026-11-03").await;
                change(app, one, &task, json!({ "muted": true })).await;
            }
            7 => set(app, one, "reminder_minute = 645, digest_hour = 10").await,
            _ => {}
        }
        people.push(one);
    }
    people
}

/// Gives each person whose time has come a job of their own, as it was before there were crowds.
async fn dispatch_each(app: &TestTracker) {
    let now = app.clock.now();
    let due = query("SELECT user_id, next_run FROM reminder_schedules WHERE next_run <= ?1");
    let due = app.db.read_fresh().rows(due.bind(now)).await.unwrap();
    let mut tx = app.db.begin();
    for row in due {
        let user: UserId = row.get("user_id").unwrap();
        let slot: Timestamp = row.get("next_run").unwrap();
        let hold = query("UPDATE reminder_schedules SET next_run = ?2 WHERE user_id = ?1");
        let hold = hold.bind(user).bind(now + SignedDuration::from_hours(1));
        tx.execute(hold).await.unwrap();
        let alone = reminders::PlanReminders { user, slot };
        app.queue.push(&mut tx, &alone).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// What everybody was promised, was sent, and when they are looked at next.
async fn outcome(app: &TestTracker, people: &[UserId]) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, one) in people.iter().enumerate() {
        let schedule =
            query("SELECT next_run, last_day FROM reminder_schedules WHERE user_id = ?1");
        let schedule = app.db.read_fresh().optional_row(schedule.bind(*one)).await;
        let schedule = schedule.unwrap().unwrap();
        let next: Timestamp = schedule.get("next_run").unwrap();
        let last: jiff::civil::Date = schedule.get("last_day").unwrap();
        lines.push(format!("P{number} next {next} after {last}"));
        let mut promises = ledger(app, *one).await;
        promises.sort();
        lines.extend(promises);
    }
    let mut mails: Vec<String> = app
        .mails
        .take_mails()
        .into_iter()
        .map(|mail| format!("{}: {}", mail.to_email, mail.subject))
        .collect();
    mails.sort();
    lines.extend(mails);
    lines
}

#[tokio::test]
async fn a_crowd_is_told_what_each_would_be_told_alone() {
    let (together, alone) = (TestTracker::new().await, TestTracker::new().await);
    let crowd = people(&together, 36).await;
    let each = people(&alone, 36).await;
    for now in [
        "2026-11-23T07:40:00Z",
        EIGHT,
        "2026-11-23T08:25:00Z",
        "2026-11-23T10:10:00Z",
        "2026-11-24T08:00:00Z",
        "2026-11-27T15:00:00Z",
        "2026-11-30T09:00:00Z",
    ] {
        for app in [&together, &alone] {
            app.clock.set(now.parse().unwrap());
        }
        reminders::dispatch_due(&together).await.unwrap();
        together.run_jobs().await;
        dispatch_each(&alone).await;
        alone.run_jobs().await;
        let expected = outcome(&alone, &each).await;
        assert_eq!(outcome(&together, &crowd).await, expected, "at {now}");
    }
}

#[tokio::test]
async fn a_crowd_takes_few_statements() {
    const PEOPLE: usize = 100;
    let app = TestTracker::new().await;
    for number in 0..PEOPLE {
        let one = app.user(&format!("P{number}")).await;
        due(&app, one, "Soon", "2026-11-24").await;
    }
    app.clock.set(EIGHT.parse().unwrap());
    let before = app.db.counters();
    assert_eq!(reminders::dispatch_due(&app).await.unwrap(), PEOPLE);
    let dispatched = app.db.counters();
    let known = jobs::registry();
    app.queue.run_due(&known, &*app, 1).await.unwrap();
    let planned = app.db.counters();
    assert!(
        dispatched.statements - before.statements < 10,
        "{before:?} {dispatched:?}"
    );
    // One of them for each: everybody's version is raised.
    let most = u64::try_from(PEOPLE).unwrap() + 50;
    assert!(
        planned.statements - dispatched.statements < most,
        "{dispatched:?} {planned:?}"
    );
    app.run_jobs().await;
    assert_eq!(app.mails.take_mails().len(), PEOPLE);
}

#[tokio::test]
async fn what_was_promised_long_ago_is_not_promised_again() {
    let app = TestTracker::new().await;
    let crowd = people(&app, 9).await;
    at(&app, EIGHT).await;
    let before = outcome(&app, &crowd).await;
    // As if it had been written down in another year, where a crowd does not look.
    let mut tx = app.db.begin();
    for (number, one) in crowd
        .iter()
        .enumerate()
        .filter(|(number, _)| number % 9 == 8)
    {
        let id = uuid::Uuid::from_u128(u128::try_from(number).unwrap());
        let old = "UPDATE notifications SET id = ?2 WHERE user_id = ?1 AND kind = 'overdue'";
        let old = query(old).bind(*one).bind(id);
        assert_eq!(tx.execute(old).await.unwrap(), 1);
    }
    let again = "UPDATE reminder_schedules SET last_day = '2026-11-22', next_run = ?1";
    let again = query(again).bind(app.clock.now());
    tx.execute(again).await.unwrap();
    tx.commit().await.unwrap();
    assert!(at(&app, EIGHT).await.is_empty(), "nobody is told twice");
    assert_eq!(outcome(&app, &crowd).await, before);
}

#[tokio::test]
async fn one_who_cannot_be_planned_for_holds_up_no_others() {
    let app = TestTracker::new().await;
    let mut told = BTreeMap::new();
    for number in 0..10 {
        let one = app.user(&format!("P{number}")).await;
        due(&app, one, "Soon", "2026-11-24").await;
    }
    let mut tx = app.db.begin();
    let broken = "UPDATE users SET time_zone = 'Nowhere' WHERE name = 'P3'";
    tx.execute(query(broken)).await.unwrap();
    tx.commit().await.unwrap();
    app.clock.set(EIGHT.parse().unwrap());
    tick_with_failures(&app).await;
    for mail in app.mails.take_mails() {
        *told.entry(mail.to_email).or_insert(0) += 1;
    }
    assert_eq!(told.len(), 9, "{told:?}");
    assert!(told.values().all(|mails| *mails == 1), "{told:?}");
}
