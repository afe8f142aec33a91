//! The SQL of tasks.

use duly_db::{Conn, Query, Result, Tx, Value, dialect, placeholders, query};
use jiff::Timestamp;
use jiff::civil::{Date, Time, date};

use super::{DueTime, Task};
use crate::id::{TaskId, UserId};
use crate::statistics::Changes;
use crate::tasks::text::folded;

/// Stands for "no due date", after every real one.
const NO_DATE: Date = date(9999, 12, 31);
/// Stands for "no time of day", after every real one.
const NO_MINUTE: i64 = 1440;

/// How many labels one statement writes. As tasks have as many as they like, there are statements of
/// every number up to this one, and each connection keeps them ready.
const LABELS: usize = 100;

/// Every column a [`Task`] is read from.
pub(crate) const COLUMNS: &str = "id, title, description, status, due_date, due_minute, priority, \
     labels, completed_at, created_at, updated_at, version, snoozed_until, muted, deleted_at";

pub(crate) fn date_key(date: Option<Date>) -> Date {
    date.unwrap_or(NO_DATE)
}

pub(crate) fn minute_key(time: Option<Time>) -> i64 {
    time.map_or(NO_MINUTE, |time| DueTime(time).minute())
}

/// A task of its owner, in the trash or not.
pub(crate) async fn find(conn: &mut Conn, owner: UserId, id: TaskId) -> Result<Option<Task>> {
    let text = format!("SELECT {COLUMNS} FROM tasks WHERE user_id = ?1 AND id = ?2");
    conn.optional(query(text).bind(owner).bind(id).brief())
        .await
}

/// Like [`find`], for a change: whoever else changes the task waits until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, owner: UserId, id: TaskId) -> Result<Option<Task>> {
    let text = format!(
        "SELECT {COLUMNS} FROM tasks WHERE user_id = ?1 AND id = ?2{}",
        dialect::for_update(tx.engine())
    );
    tx.optional(query(text).bind(owner).bind(id)).await
}

/// The owner's tasks among the given ids, for changes, in an order in which nobody waits in a
/// circle.
pub(crate) async fn lock_all(tx: &mut Tx, owner: UserId, ids: &[TaskId]) -> Result<Vec<Task>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(200) {
        let list = placeholders(2, some.len());
        let text = format!(
            "SELECT {COLUMNS} FROM tasks WHERE user_id = ?1 AND id IN ({list}) ORDER BY id{}",
            dialect::for_update(tx.engine())
        );
        found.extend(
            tx.all(query(text).bind(owner).bind_all(some.iter().copied()))
                .await?,
        );
    }
    Ok(found)
}

/// Writes a new task and its labels. The figures are for the caller to write, once for all that is changed.
pub(crate) fn insert(tx: &mut Tx, owner: UserId, task: &Task, figures: &mut Changes) {
    figures.add(task);
    tx.defer(insert_rows(owner, &[task]));
    for statement in insert_labels(owner, &[task]) {
        tx.defer(statement);
    }
}

/// Writes new tasks and their labels, many per statement; for the figures see [`insert`].
pub(crate) async fn insert_all(
    tx: &mut Tx,
    owner: UserId,
    tasks: &[&Task],
    figures: &mut Changes,
) -> Result<()> {
    tasks.iter().for_each(|task| figures.add(task));
    for some in tasks.chunks(100) {
        tx.execute(insert_rows(owner, some)).await?;
        for statement in insert_labels(owner, some) {
            tx.execute(statement).await?;
        }
    }
    Ok(())
}

fn insert_rows(owner: UserId, tasks: &[&Task]) -> Query {
    let text = format!(
        "INSERT INTO tasks (user_id, id, title, description, status, is_open, due_date, \
         due_minute, priority, labels, snoozed_until, muted, completed_at, created_at, \
         updated_at, deleted_at, version, title_folded, description_folded) VALUES {}",
        value_lists(tasks.len(), 19)
    );
    let bind = |statement: Query, task: &&Task| bind_row(statement.bind(owner).bind(task.id), task);
    tasks.iter().fold(query(text), bind)
}

/// `(?1, ?2), (?3, ?4)` for two rows of two columns.
pub(crate) fn value_lists(rows: usize, columns: usize) -> String {
    let lists: Vec<String> = (0..rows)
        .map(|row| format!("({})", placeholders(row * columns + 1, columns)))
        .collect();
    lists.join(", ")
}

/// Writes a changed task when its version is still that of `before`; answers whether it was. For the figures see
/// [`insert`].
pub(crate) async fn update(
    tx: &mut Tx,
    owner: UserId,
    before: &Task,
    task: &Task,
    figures: &mut Changes,
) -> Result<bool> {
    let statement = query(
        "UPDATE tasks SET title = ?3, description = ?4, status = ?5, is_open = ?6, due_date = ?7, \
         due_minute = ?8, priority = ?9, labels = ?10, snoozed_until = ?11, muted = ?12, \
         completed_at = ?13, created_at = ?14, updated_at = ?15, deleted_at = ?16, version = ?17, \
         title_folded = ?18, description_folded = ?19 \
         WHERE user_id = ?1 AND id = ?2 AND version = ?20",
    );
    let statement = bind_row(statement.bind(owner).bind(task.id), task).bind(before.version);
    let written = tx.execute(statement).await? == 1;
    if written {
        figures.replace(before, task);
    }
    if written && before.labels != task.labels {
        let delete = query("DELETE FROM task_labels WHERE user_id = ?1 AND task_id = ?2");
        tx.defer(delete.bind(owner).bind(task.id));
        for statement in insert_labels(owner, &[task]) {
            tx.defer(statement);
        }
    }
    Ok(written)
}

fn bind_row(statement: Query, task: &Task) -> Query {
    statement
        .bind(&task.title)
        .bind(&task.description)
        .bind(task.status)
        .bind(task.status.is_open() && task.deleted_at.is_none())
        .bind(date_key(task.due_date))
        .bind(minute_key(task.due_time))
        .bind(task.priority)
        .bind(Value::Json(
            task.labels.iter().map(String::as_str).collect(),
        ))
        .bind(task.snoozed_until)
        .bind(task.muted)
        .bind(task.completed_at)
        .bind(task.created_at)
        .bind(task.updated_at)
        .bind(task.deleted_at)
        .bind(task.version)
        .bind(folded(&task.title))
        .bind(folded(&task.description))
}

fn insert_labels(owner: UserId, tasks: &[&Task]) -> Vec<Query> {
    let labels: Vec<(TaskId, &String)> = tasks
        .iter()
        .flat_map(|task| task.labels.iter().map(|label| (task.id, label)))
        .collect();
    let statement = |some: &[(TaskId, &String)]| {
        let text = format!(
            "INSERT INTO task_labels (user_id, label_folded, task_id, label) VALUES {}",
            value_lists(some.len(), 4)
        );
        some.iter().fold(query(text), |statement, (task, label)| {
            statement
                .bind(owner)
                .bind(folded(label))
                .bind(*task)
                .bind(*label)
        })
    };
    labels.chunks(LABELS).map(statement).collect()
}

/// Deletes for good what has been in the trash since before `before`, at most `limit` tasks of
/// any owner; answers which they were. What refers to a task goes after it: partitioned tasks have
/// no foreign key to do it on MariaDB, and whoever labels a task locks it first.
pub(crate) async fn purge(
    tx: &mut Tx,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<(UserId, TaskId)>> {
    let select = query(format!(
        "SELECT user_id, id FROM tasks WHERE deleted_at < ?1 ORDER BY deleted_at LIMIT ?2{}",
        dialect::for_update_of_free_rows(tx.engine())
    ));
    let rows = tx.rows(select.bind(before).bind(limit)).await?;
    let mut purged = Vec::with_capacity(rows.len());
    for row in &rows {
        let (owner, id): (UserId, TaskId) = (row.get("user_id")?, row.get("id")?);
        let delete = query("DELETE FROM tasks WHERE user_id = ?1 AND id = ?2");
        tx.execute(delete.bind(owner).bind(id)).await?;
        for table in ["task_labels", "import_sources"] {
            let text = format!("DELETE FROM {table} WHERE user_id = ?1 AND task_id = ?2");
            tx.defer(query(text).bind(owner).bind(id));
        }
        purged.push((owner, id));
    }
    Ok(purged)
}
