//! Tables that are partitioned by time: their months are made ahead and dropped when they are old.
//!
//! PostgreSQL, MariaDB and MySQL keep such tables in partitions, so that what has grown old goes
//! at once and without a trace. The partition `<table>_default` takes rows no other was made for;
//! none should ever be there. On SQLite they are plain tables, and old rows are deleted.
//! [`yearly`] takes a table that is in use apart into years, and puts it together again.

mod ahead;
mod catalog;
mod mysql;
mod old;
mod postgres;
mod slice;
mod turn;
pub mod yearly;

pub use ahead::make_ahead;
pub use old::{Dropped, drop_older};

use crate::{Db, Engine, Result, query};

/// What [`rows_in_default`] counts to.
pub const MOST_COUNTED: u64 = 100_000;

/// A table that is partitioned by time, where the engine has partitions.
#[derive(Debug, Clone, Copy)]
pub struct PartitionedTable {
    /// What it is called.
    pub name: &'static str,
    /// The column that says when.
    pub column: &'static str,
    /// What a row is found by.
    pub key: &'static [&'static str],
    /// How the column says it.
    pub kind: Kind,
    /// How much time a partition holds.
    pub period: Period,
    /// Whether rows of other tables go with its rows. Then no row can be moved to another
    /// partition: they would go.
    pub is_referenced: bool,
}

/// How a column says when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text that begins with a day: `2026-11-23`, `2026-11-23T18:00`.
    Day,
    /// An instant.
    Instant,
    /// Minutes since 1970 UTC.
    Minute,
    /// An id that begins with the time it was made at: a UUID version 7.
    Id,
}

/// How much time a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// Partitions like `activity_2026_11`.
    Month,
    /// Partitions like `tasks_2026`.
    Year,
}

impl PartitionedTable {
    /// The partition of the rest.
    fn default_partition(&self) -> String {
        format!("{}_default", self.name)
    }
}

/// How many rows lie in the partition of the rest, at most [`MOST_COUNTED`]. Any at all mean that
/// months were not made in time, or that a row has a time beyond those made.
///
/// # Errors
/// Whatever the engine says.
pub async fn rows_in_default(db: &Db, table: &PartitionedTable) -> Result<u64> {
    let mut conn = db.read_fresh();
    let default = table.default_partition();
    let place = match db.engine() {
        Engine::Sqlite => return Ok(0),
        Engine::Postgres => default.clone(),
        Engine::MariaDb | Engine::MySql => format!("{} PARTITION ({default})", table.name),
    };
    let partitions = conn
        .rows(catalog::partitions(db.engine(), table.name))
        .await?;
    if !catalog::names(&partitions)?.contains(&default) {
        return Ok(0);
    }
    let count = query(format!(
        "SELECT COUNT(*) AS total FROM (SELECT 1 AS found FROM {place} LIMIT {MOST_COUNTED}) counted"
    ));
    let row = conn.optional_row(count).await?;
    row.map_or(Ok(0), |row| row.get("total"))
}
