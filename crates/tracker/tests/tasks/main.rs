//! What may be done with tasks, on a real database.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod bulk;
mod change;
mod counts;
mod idempotency;
mod lists;
mod statistics;
mod trash;

use duly_db::{Version, versions};
use duly_tracker::idempotency::Recorded;
use duly_tracker::tasks::{self, NewTaskInput, Task, TaskEntry, TaskFilter};
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::{Error, TaskId, UserId};
use jiff::civil::DateTime;

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

async fn titled(app: &TestTracker, owner: UserId, title: &str) -> Task {
    create(app, owner, serde_json::json!({ "title": title })).await
}

async fn version(app: &TestTracker, owner: UserId) -> Version {
    versions::current(&mut app.db.read_fresh(), owner.0)
        .await
        .unwrap()
        .unwrap()
}

async fn change(
    app: &TestTracker,
    owner: UserId,
    id: TaskId,
    json: serde_json::Value,
    if_match: Option<i64>,
) -> Result<Task, Error> {
    let input: tasks::TaskChangeInput = serde_json::from_value(json).unwrap();
    let change = input.parse(duly_tracker::input::Reader::new())?;
    tasks::change(app, &by(owner), id, change, if_match).await
}

/// What the clock on a wall in Berlin shows.
fn wall(app: &TestTracker) -> DateTime {
    jiff::tz::TimeZone::get("Europe/Berlin")
        .unwrap()
        .to_datetime(app.tracker_now())
}

trait Now {
    fn tracker_now(&self) -> jiff::Timestamp;
}

impl Now for TestTracker {
    fn tracker_now(&self) -> jiff::Timestamp {
        duly_db::Clock::now(self.clock.as_ref())
    }
}

fn filter(parameters: &[(&str, &str)]) -> TaskFilter {
    TaskFilter::parse(parameters.iter().copied()).unwrap()
}

async fn page(
    app: &TestTracker,
    owner: UserId,
    filter: &TaskFilter,
) -> (Vec<String>, Option<String>) {
    let version = version(app, owner).await;
    let page = tasks::list(&mut app.db.read(owner.0, version), owner, filter, wall(app))
        .await
        .unwrap();
    let titles = page.data.iter().map(|entry| match entry {
        TaskEntry::Whole(task) => task.title.clone(),
        TaskEntry::Part(part) => part["title"].as_str().unwrap().to_owned(),
    });
    (titles.collect(), page.next_cursor)
}

async fn titles(app: &TestTracker, owner: UserId, parameters: &[(&str, &str)]) -> Vec<String> {
    page(app, owner, &filter(parameters)).await.0
}
