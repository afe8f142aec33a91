//! The activity log, on a real database.
#![expect(clippy::unwrap_used, reason = "these are tests")]

mod changes;
mod list;
mod ways;

use duly_db::{Version, versions};
use duly_tracker::activity::{self, Action, Activity, Actor};
use duly_tracker::idempotency::Recorded;
use duly_tracker::input::Reader;
use duly_tracker::tasks::{self, BulkInput, NewTaskInput, Task, TaskChangeInput};
use duly_tracker::testing::TestTracker;
use duly_tracker::{Error, TaskId, UserId};
use jiff::SignedDuration;
use serde_json::Value;

/// Writes a task down from the JSON a client would send.
async fn create(app: &TestTracker, by: &Actor, json: Value) -> Task {
    let new: NewTaskInput = serde_json::from_value(json).unwrap();
    let outcome = tasks::create(app, by, new.parse().unwrap(), None).await;
    outcome.unwrap().fresh().unwrap()
}

/// Changes a task a second later.
async fn change(app: &TestTracker, by: &Actor, id: TaskId, json: Value) -> Result<Task, Error> {
    app.clock.advance(SignedDuration::from_secs(1));
    let input: TaskChangeInput = serde_json::from_value(json).unwrap();
    tasks::change(app, by, id, input.parse(Reader::new())?, None).await
}

/// Changes several tasks a second later.
async fn bulk(app: &TestTracker, by: &Actor, json: Value) -> Result<(), Error> {
    app.clock.advance(SignedDuration::from_secs(1));
    let (ids, action) = serde_json::from_value::<BulkInput>(json).unwrap().parse()?;
    let outcome = tasks::bulk(app, by, ids, action, None).await?;
    assert!(matches!(outcome, Recorded::Fresh(_)));
    Ok(())
}

async fn version(app: &TestTracker, owner: UserId) -> Version {
    let conn = &mut app.db.read_fresh();
    versions::current(conn, owner.0).await.unwrap().unwrap()
}

/// The newest entries of a task's log.
async fn log(app: &TestTracker, owner: UserId, task: TaskId) -> Vec<Activity> {
    let version = version(app, owner).await;
    let page = activity::list(&mut app.db.read(owner.0, version), owner, task, 200, None).await;
    page.unwrap().data
}

/// What was done to a task, the newest last.
async fn actions(app: &TestTracker, owner: UserId, task: TaskId) -> Vec<Action> {
    let log = log(app, owner, task).await;
    log.iter().rev().map(|entry| entry.action).collect()
}
