//! The SQL of imports and exports.

use std::collections::{HashMap, HashSet};

use duly_db::{Conn, Result, Tx, placeholders, query};

use super::Format;
use crate::tasks::{COLUMNS, Task};
use crate::{TaskId, UserId};

/// How many rows one statement names.
const BATCH: usize = 500;

/// Which of these rows were imported before, and the tasks they became.
pub(super) async fn imported(
    conn: &mut Conn,
    owner: UserId,
    source: Format,
    source_ids: &[&str],
) -> Result<HashMap<String, TaskId>> {
    let mut known = HashMap::new();
    for some in source_ids.chunks(BATCH) {
        let list = placeholders(3, some.len());
        let text = format!(
            "SELECT source_id, task_id FROM import_sources \
             WHERE user_id = ?1 AND source = ?2 AND source_id IN ({list})"
        );
        let statement = query(text)
            .bind(owner)
            .bind(source.name())
            .bind_all(some.iter().copied());
        for row in conn.rows(statement).await? {
            known.insert(row.get("source_id")?, row.get("task_id")?);
        }
    }
    Ok(known)
}

/// Which of these ids are the owner's tasks, in the trash or not.
pub(super) async fn existing(
    conn: &mut Conn,
    owner: UserId,
    ids: &[TaskId],
) -> Result<HashSet<TaskId>> {
    let mut found = HashSet::new();
    for some in ids.chunks(BATCH) {
        let list = placeholders(2, some.len());
        let text = format!("SELECT id FROM tasks WHERE user_id = ?1 AND id IN ({list})");
        for row in conn
            .rows(query(text).bind(owner).bind_all(some.iter().copied()))
            .await?
        {
            found.insert(row.get("id")?);
        }
    }
    Ok(found)
}

/// Remembers which rows became which tasks.
pub(super) async fn remember(
    tx: &mut Tx,
    owner: UserId,
    source: Format,
    tasks: &[(&str, &Task)],
) -> Result<()> {
    for some in tasks.chunks(BATCH) {
        let rows: Vec<String> = (0..some.len())
            .map(|row| format!("(?1, ?2, ?{}, ?{})", row * 2 + 3, row * 2 + 4))
            .collect();
        let text = format!(
            "INSERT INTO import_sources (user_id, source, source_id, task_id) VALUES {}",
            rows.join(", ")
        );
        let mut statement = query(text).bind(owner).bind(source.name());
        for (source_id, task) in some {
            statement = statement.bind(*source_id).bind(task.id);
        }
        tx.execute(statement).await?;
    }
    Ok(())
}

/// The owner's tasks that are not in the trash, in the order of their ids, behind `after`.
pub(super) async fn page(
    conn: &mut Conn,
    owner: UserId,
    after: Option<TaskId>,
    limit: u32,
) -> Result<Vec<Task>> {
    let behind = if after.is_some() { "AND id > ?3" } else { "" };
    let text = format!(
        "SELECT {COLUMNS} FROM tasks WHERE user_id = ?1 {behind} AND deleted_at IS NULL \
         ORDER BY id LIMIT ?2"
    );
    let statement = query(text).bind(owner).bind(limit).bind_all(after);
    conn.all(statement).await
}
