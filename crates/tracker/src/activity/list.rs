//! Reading the log of a task as its owner.

use duly_db::{Conn, dialect, query};
use jiff::Timestamp;

use super::Activity;
use crate::id::{ActivityId, TaskId, UserId};
use crate::page::{decode_cursor, encode_cursor};
use crate::{Error, Page, Result};

/// Where a page ended: the instant and the id of its last entry.
type Position = (Timestamp, ActivityId);

/// A page of a task's log, newest first. `limit` is the most entries to answer. The log of a task
/// that is deleted for good can still be read by whoever owned it.
///
/// # Errors
/// [`Error::NotFound`] when the owner has no such task and never had;
/// [`Error::Invalid`] for a cursor of another list.
pub async fn list(
    conn: &mut Conn,
    owner: UserId,
    task: TaskId,
    limit: u32,
    cursor: Option<&str>,
) -> Result<Page<Activity>> {
    let behind: Option<Position> = cursor.map(decode_cursor).transpose()?;
    let condition = match behind {
        Some(_) => {
            let after = dialect::keyset_after(conn.engine(), &["at", "id"], 4, true)?;
            format!("AND {after} ")
        }
        None => String::new(),
    };
    let mut statement = query(format!(
        "SELECT id, at, actor, via, token_name, action, changes FROM activity \
         WHERE user_id = ?1 AND task_id = ?2 {condition}ORDER BY at DESC, id DESC LIMIT ?3"
    ))
    .bind(owner)
    .bind(task)
    .bind(i64::from(limit) + 1);
    if let Some((at, id)) = behind {
        statement = statement.bind(at).bind(id);
    }
    let mut data: Vec<Activity> = conn.all(statement).await?;
    // Nothing may have happened to a task since there is a log, or all of it is too old.
    if data.is_empty() && !is_task(conn, owner, task).await? {
        return Err(Error::NotFound("task"));
    }
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = data.len() > size;
    data.truncate(size);
    let next_cursor = match data.last() {
        Some(last) if more => Some(encode_cursor(&(last.at, last.id))?),
        _ => None,
    };
    Ok(Page { data, next_cursor })
}

/// Whether the owner has such a task, in the trash or not.
async fn is_task(conn: &mut Conn, owner: UserId, task: TaskId) -> Result<bool> {
    let select = query("SELECT id FROM tasks WHERE user_id = ?1 AND id = ?2");
    let found = conn.optional_row(select.bind(owner).bind(task).brief());
    Ok(found.await?.is_some())
}
