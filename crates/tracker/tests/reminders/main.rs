//! Mails and reminders, on a real database and over real SMTP.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests"
)]

mod actions;
mod calm;
mod catch_up;
mod crowd;
mod dispatch;
mod escalation;
mod feedback;
mod last_moment;
mod mails;
mod outbox;
mod overdue;
mod planning;
mod receipts;
mod retries;
mod smtp_faults;
mod smtp_server;
mod smtp_settings;
mod smtp_tls;
mod times;
mod weekly;
mod zones;

use duly_db::query;
use duly_tracker::idempotency::Recorded;
use duly_tracker::mail::Mail;
use duly_tracker::notifications::{self, Notification};
use duly_tracker::tasks::{self, NewTaskInput, Task, TaskChangeInput};
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::{UserId, input, jobs, reminders};

/// Writes a task down from the JSON a client would send.
async fn create(app: &TestTracker, owner: UserId, json: serde_json::Value) -> Task {
    let new = serde_json::from_value::<NewTaskInput>(json)
        .unwrap()
        .parse()
        .unwrap();
    match tasks::create(app, &by(owner), new, None).await.unwrap() {
        Recorded::Fresh(task) => task,
        Recorded::Replayed(_) => unreachable!("no key was given"),
    }
}

/// A task that is due on a day.
async fn due(app: &TestTracker, owner: UserId, title: &str, day: &str) -> Task {
    create(
        app,
        owner,
        serde_json::json!({ "title": title, "due_date": day }),
    )
    .await
}

/// Changes a task by the JSON a client would send.
async fn change(app: &TestTracker, owner: UserId, task: &Task, json: serde_json::Value) -> Task {
    let input = serde_json::from_value::<TaskChangeInput>(json).unwrap();
    let change = input.parse(input::Reader::new()).unwrap();
    tasks::change(app, &by(owner), task.id, change, None)
        .await
        .unwrap()
}

/// Changes an account behind the back of `users/`, and tells reminders as `users/` does.
async fn set(app: &TestTracker, user: UserId, columns: &str) {
    let mut tx = app.db.begin();
    let statement = format!("UPDATE users SET {columns} WHERE id = ?1");
    tx.execute(query(statement).bind(user)).await.unwrap();
    reminders::reschedule(app, &mut tx, user).await.unwrap();
    tx.commit().await.unwrap();
}

/// Sets the clock and lets happen what happens then.
async fn at(app: &TestTracker, now: &str) -> Vec<Mail> {
    app.clock.set(now.parse().unwrap());
    tick(app).await
}

/// Lets happen what is due, and answers the mails that were sent.
async fn tick(app: &TestTracker) -> Vec<Mail> {
    reminders::dispatch_due(app).await.unwrap();
    app.run_jobs().await;
    app.mails.take_mails()
}

/// Runs what is due although some of it fails; answers how many jobs failed for good.
async fn tick_with_failures(app: &TestTracker) -> usize {
    reminders::dispatch_due(app).await.unwrap();
    app.queue
        .run_due(&jobs::registry(), app, 10_000)
        .await
        .unwrap()
        .failed
}

fn subjects(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.subject.as_str()).collect()
}

/// All of somebody's receipts, newest first.
async fn receipts(app: &TestTracker, user: UserId) -> Vec<Notification> {
    notifications::list(&mut app.db.read_fresh(), user, None, 200, None)
        .await
        .unwrap()
        .data
}

/// Kind, slot, state and reason of all receipts, oldest first.
async fn ledger(app: &TestTracker, user: UserId) -> Vec<String> {
    let mut lines: Vec<String> = receipts(app, user)
        .await
        .iter()
        .map(|receipt| {
            let reason = receipt
                .reason
                .as_ref()
                .map(|why| format!(": {why}"))
                .unwrap_or_default();
            format!(
                "{} {} {}{reason}",
                receipt.kind.name(),
                receipt.slot,
                receipt.state.name()
            )
        })
        .collect();
    lines.reverse();
    lines
}
