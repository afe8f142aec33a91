//! Reading the ledger as its owner.

use duly_db::{Conn, query};

use super::Notification;
use crate::id::{NotificationId, TaskId, UserId};
use crate::page::{decode_cursor, encode_cursor};
use crate::{Page, Result};

/// A page of somebody's notifications, newest first; of one task when it is given. `limit` is the
/// most rows to answer.
///
/// # Errors
/// [`crate::Error::Invalid`] for a cursor of another list.
pub async fn list(
    conn: &mut Conn,
    owner: UserId,
    task: Option<TaskId>,
    limit: u32,
    cursor: Option<&str>,
) -> Result<Page<Notification>> {
    let before: Option<NotificationId> = cursor.map(decode_cursor).transpose()?;
    // Ids grow with the time they were made at, and the owner leads the key: the page is a walk
    // down the primary key.
    let mut conditions = vec!["n.user_id = ?1".to_owned()];
    let mut statement_values = vec![duly_db::Value::from(owner)];
    if let Some(before) = before {
        statement_values.push(before.into());
        conditions.push(format!("n.id < ?{}", statement_values.len()));
    }
    if let Some(task) = task {
        statement_values.push(task.into());
        conditions.push(format!("n.task_id = ?{}", statement_values.len()));
    }
    statement_values.push(duly_db::Value::Int(i64::from(limit) + 1));
    let text = format!(
        "SELECT n.id, n.kind, n.task_id, t.title, n.slot, n.state, n.planned_at, n.sent_at, \
         n.attempts, n.reason FROM notifications n \
         LEFT JOIN tasks t ON t.user_id = n.user_id AND t.id = n.task_id \
         WHERE {} ORDER BY n.id DESC LIMIT ?{}",
        conditions.join(" AND "),
        statement_values.len(),
    );
    let mut data: Vec<Notification> = conn.all(query(text).bind_all(statement_values)).await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = data.len() > size;
    data.truncate(size);
    let next_cursor = match data.last() {
        Some(last) if more => Some(encode_cursor(&last.id)?),
        _ => None,
    };
    Ok(Page { data, next_cursor })
}
