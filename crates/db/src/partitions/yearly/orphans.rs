//! Rows that refer to none, where no foreign key has seen to it that they go.

use super::ForeignKey;
use super::copy::{any_of, read_key};
use crate::server::Session;
use crate::{Result, query};

/// How many are deleted at once.
const BATCH: usize = 200;

/// Deletes them.
pub(super) async fn sweep(session: &mut Session, key: &ForeignKey) -> Result<()> {
    let (table, parent) = (key.table, key.parent);
    let columns: Vec<String> = key
        .columns
        .iter()
        .map(|column| format!("c.{column}"))
        .collect();
    let same: Vec<String> = key
        .parent_columns
        .iter()
        .zip(&columns)
        .map(|(theirs, ours)| format!("p.{theirs} = {ours}"))
        .collect();
    let select = format!(
        "SELECT DISTINCT {} FROM {table} c WHERE NOT EXISTS \
         (SELECT 1 FROM {parent} p WHERE {}) LIMIT {BATCH}",
        columns.join(", "),
        same.join(" AND ")
    );
    loop {
        let rows = session.rows(query(select.clone())).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let these = any_of(key.columns, rows.len());
        let mut delete = query(format!("DELETE FROM {table} WHERE {these}"));
        for row in &rows {
            delete = delete.bind_all(read_key(key.columns, row)?);
        }
        session.change(delete).await?;
    }
}
