//! A demo account with believable data: six weeks of somebody's life.

mod tasks;

use std::sync::Arc;

use duly_db::Clock;
use duly_tracker::activity::{Actor, Way};
use duly_tracker::idempotency::Recorded;
use duly_tracker::input::{FromText, Reader};
use duly_tracker::tasks::{NewTaskInput, Task, TaskChangeInput, change, create};
use duly_tracker::users::admin::{self, NewUser};
use duly_tracker::users::password::Password;
use duly_tracker::users::{Email, PersonName, Role, TimeZoneName};
use duly_tracker::{Error, Result, Tracker};
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::de::DeserializeOwned;
use serde_json::json;

use tasks::{DemoTask, TASKS};

/// The address of the demo account.
pub const EMAIL: &str = "demo@example.org";

/// The password of the demo account.
pub const PASSWORD: &str = "just looking around";

/// Makes the demo account with its tasks, unless it is there already.
///
/// # Errors
/// When the database fails.
pub async fn fill(tracker: &Tracker) -> Result<()> {
    let email = checked::<Email>("email", EMAIL)?;
    match admin::find(tracker, &email).await {
        Err(Error::NotFound(_)) => {}
        found => return found.map(|_| ()),
    }
    let account = admin::create(
        tracker,
        NewUser {
            name: checked::<PersonName>("name", "Robin")?,
            email,
            password: Some(checked::<Password>("password", PASSWORD)?),
            role: Role::User,
            time_zone: TimeZoneName::utc(),
        },
    )
    .await?;
    let today = TimeZone::UTC.to_datetime(tracker.clock.now()).date();
    let by = Actor::new(account.id, Way::Session);
    for task in TASKS {
        write(tracker, &by, today, task).await?;
    }
    Ok(())
}

fn checked<T: FromText>(field: &str, text: &str) -> Result<T> {
    T::from_text(text).map_err(|wrong| Error::field(field, wrong.code, wrong.message))
}

/// Writes a task down when it would have been, and completes it when it would have been.
async fn write(tracker: &Tracker, by: &Actor, today: Date, demo: &DemoTask) -> Result<()> {
    let due = demo
        .due
        .map(|days| today.saturating_add(i64::from(days).days()).to_string());
    let new: NewTaskInput = input(json!({
        "title": demo.title,
        "description": demo.description,
        "due_date": due,
        "due_time": demo.time,
        "priority": demo.priority,
        "labels": demo.labels,
        "status": if demo.begun { "in_progress" } else { "pending" },
    }))?;
    let then = at(tracker, today, demo.written);
    let task = match create(&then, by, new.parse()?, None).await? {
        Recorded::Fresh(task) => task,
        Recorded::Replayed(_) => return Err(Error::Internal("a task without a key".into())),
    };
    match demo.done {
        Some(days) => complete(&at(tracker, today, days), by, &task).await,
        None => Ok(()),
    }
}

async fn complete(tracker: &Tracker, by: &Actor, task: &Task) -> Result<()> {
    let done: TaskChangeInput = input(json!({ "status": "completed" }))?;
    change(tracker, by, task.id, done.parse(Reader::new())?, None)
        .await
        .map(|_| ())
}

fn input<T: DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::Internal(error.to_string()))
}

/// The tracker as it was at ten in the morning so many days ago, but never in the future.
fn at(tracker: &Tracker, today: Date, days_ago: u8) -> Tracker {
    let day = today.saturating_sub(i64::from(days_ago).days());
    let now = tracker.clock.now();
    let then = day.to_datetime(time(10, 0, 0, 0)).to_zoned(TimeZone::UTC);
    let then = then.map_or(now, |then| then.timestamp().min(now));
    Tracker {
        clock: Arc::new(Stopped(then)),
        ..tracker.clone()
    }
}

/// A clock that shows one instant.
#[derive(Debug)]
struct Stopped(Timestamp);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }
}
