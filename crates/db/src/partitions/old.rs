//! Dropping what has grown old.

use std::time::Duration;

use jiff::Timestamp;

use super::ahead::existing;
use super::slice::{Slice, bound};
use super::{PartitionedTable, catalog, mysql, postgres, turn};
use crate::{Db, Engine, Result, Row, Value, query};

/// How long to wait for another node that changes the partitions.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many rows one transaction deletes, so that others can write in between.
const BATCH: usize = 500;

/// What went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Partitions.
    pub partitions: Vec<String>,
    /// Rows that were deleted one by one: on SQLite, or in the partition of the rest.
    pub rows: u64,
}

/// Drops what is older than an instant: whole partitions, which go when all of them is older; on
/// SQLite rows, some at a time.
///
/// # Errors
/// [`crate::Error::Busy`] and [`crate::Error::Conflict`] when the table was in use: later it may
/// not be.
pub async fn drop_older(db: &Db, table: &PartitionedTable, before: Timestamp) -> Result<Dropped> {
    if db.engine() == Engine::Sqlite {
        let rows = delete_older(db, table, before).await?;
        return Ok(Dropped {
            rows,
            ..Dropped::default()
        });
    }
    let mut session = db.session().await?;
    let partitions = catalog::partitions(session.engine(), table.name);
    let kept = Slice::of(table.period, before);
    let is_ours = turn::take(&mut session, table.name, PATIENCE).await?;
    let there = existing(table, &session.rows(partitions).await?)?;
    let (true, Some(mut old)) = (is_ours, there) else {
        return Ok(Dropped::default());
    };
    old.retain(|slice| *slice < kept);
    let mut rows = 0;
    match session.engine() {
        Engine::Postgres => {
            postgres::drop_parts(&mut session, table, &old).await?;
            let start = kept.start(table.kind)?;
            rows = postgres::delete_older(&mut session, table, start).await?;
        }
        _ => mysql::drop_parts(&mut session, table, &old).await?,
    }
    let partitions: Result<_> = old.iter().map(|slice| slice.name(table.name)).collect();
    Ok(Dropped {
        partitions: partitions?,
        rows,
    })
}

async fn delete_older(db: &Db, table: &PartitionedTable, before: Timestamp) -> Result<u64> {
    let (name, column, keys) = (table.name, table.column, table.key.join(", "));
    let select = format!("SELECT {keys} FROM {name} WHERE {column} < ?1 LIMIT {BATCH}");
    let conditions: Vec<String> = (1..)
        .zip(table.key)
        .map(|(number, key)| format!("{key} = ?{number}"))
        .collect();
    let delete = format!("DELETE FROM {name} WHERE {}", conditions.join(" AND "));
    let mut deleted = 0;
    loop {
        let old = query(select.clone()).bind(bound(table.kind, before));
        // Looking for them keeps no writer waiting.
        let rows = db.read_fresh().rows(old).await?;
        let mut tx = db.begin();
        for row in &rows {
            tx.defer(query(delete.clone()).bind_all(key_of(table, row)?));
        }
        tx.commit().await?;
        deleted += u64::try_from(rows.len()).unwrap_or(0);
        if rows.len() < BATCH {
            return Ok(deleted);
        }
    }
}

fn key_of(table: &PartitionedTable, row: &Row) -> Result<Vec<Value>> {
    let columns = table.key.iter();
    columns.map(|column| row.get(column)).collect()
}
