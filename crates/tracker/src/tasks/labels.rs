//! The labels an owner uses.

use duly_db::{Conn, Error as DbError, FromRow, Row, query};
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::UserId;
use crate::{Page, Result};

/// One label and how often it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LabelCount {
    /// As written on one of the tasks.
    pub name: String,
    /// On how many open tasks.
    pub open: i64,
    /// On how many tasks outside the trash.
    pub total: i64,
}

impl FromRow for LabelCount {
    fn from_row(row: &Row) -> std::result::Result<Self, DbError> {
        Ok(LabelCount {
            name: row.get("name")?,
            open: row.get("open_tasks")?,
            total: row.get("all_tasks")?,
        })
    }
}

/// Every label on tasks outside the trash, in alphabetical order.
///
/// # Errors
/// When the database fails.
pub async fn labels(conn: &mut Conn, owner: UserId) -> Result<Page<LabelCount>> {
    let statement = query(
        "SELECT MIN(l.label) AS name, COUNT(CASE WHEN t.is_open THEN 1 END) AS open_tasks, \
         COUNT(*) AS all_tasks \
         FROM task_labels l JOIN tasks t ON t.user_id = l.user_id AND t.id = l.task_id \
         WHERE l.user_id = ?1 AND t.deleted_at IS NULL \
         GROUP BY l.label_folded ORDER BY l.label_folded",
    );
    Ok(Page::whole(conn.all(statement.bind(owner)).await?))
}
