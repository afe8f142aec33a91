//! Tables that only grow, and tasks that are taken apart into years.
#![expect(clippy::unwrap_used, reason = "these are tests")]

mod growing;
mod years;

use duly_db::{Db, Engine, dialect, query};
use duly_tracker::activity::Actor;
use duly_tracker::input::Reader;
use duly_tracker::tasks::{self, NewTaskInput, TaskChangeInput};
use duly_tracker::testing::TestTracker;
use duly_tracker::{TaskId, UserId};
use serde_json::Value;

fn has_partitions(app: &TestTracker) -> bool {
    dialect::has_partitions(app.db.engine())
}

/// Writes a task down from the JSON a client would send.
async fn create(app: &TestTracker, by: &Actor, json: Value) -> TaskId {
    let new: NewTaskInput = serde_json::from_value(json).unwrap();
    let outcome = tasks::create(app, by, new.parse().unwrap(), None).await;
    outcome.unwrap().fresh().unwrap().id
}

async fn change(app: &TestTracker, by: &Actor, id: TaskId, json: Value) {
    let input: TaskChangeInput = serde_json::from_value(json).unwrap();
    let change = input.parse(Reader::new()).unwrap();
    tasks::change(app, by, id, change, None).await.unwrap();
}

async fn count(db: &Db, table: &str) -> i64 {
    let count = query(format!("SELECT COUNT(*) AS total FROM {table}"));
    let row = db.read_fresh().optional_row(count).await.unwrap();
    row.unwrap().get("total").unwrap()
}

/// Which partitions a statement about `?1` looks at, as far as the engine says.
async fn plan(db: &Db, statement: &str, owner: UserId) -> String {
    let (explain, column) = match db.engine() {
        Engine::Postgres => ("EXPLAIN", "QUERY PLAN"),
        _ => ("EXPLAIN PARTITIONS", "partitions"),
    };
    let rows = db
        .read_fresh()
        .rows(query(format!("{explain} {statement}")).bind(owner))
        .await;
    let lines = rows.unwrap();
    let lines = lines.iter().map(|row| row.get(column).unwrap());
    lines.collect::<Vec<String>>().join("\n")
}
