//! Partitions of MariaDB and MySQL.

use super::PartitionedTable;
use super::ahead::Part;
use super::slice::{Slice, literal};
use crate::server::Session;
use crate::{Engine, Result};

/// Whoever uses the table waits behind us while we wait for it.
const BOUNDS: &str = "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1";

/// All in one statement, which moves the rows they take out of the last one.
pub(super) async fn make(
    session: &mut Session,
    table: &PartitionedTable,
    parts: &[Part],
) -> Result<()> {
    if parts.is_empty() {
        return Ok(());
    }
    session.run(BOUNDS).await?;
    let statement = format!(
        "ALTER TABLE {} REORGANIZE PARTITION {} INTO ({})",
        table.name,
        table.default_partition(),
        definitions(session.engine(), table, parts)?
    );
    session.run(&statement).await
}

/// What each partition is called and where it ends, the one of the rest last.
pub(super) fn definitions(
    engine: Engine,
    table: &PartitionedTable,
    parts: &[Part],
) -> Result<String> {
    let mut text = String::new();
    for part in parts {
        let name = part.slice.name(table.name)?;
        let end = literal(engine, &part.slice.plus(1).start(table.kind)?)?;
        text.push_str(&format!("PARTITION {name} VALUES LESS THAN ({end}), "));
    }
    let default = table.default_partition();
    Ok(format!(
        "{text}PARTITION {default} VALUES LESS THAN (MAXVALUE)"
    ))
}

pub(super) async fn drop_parts(
    session: &mut Session,
    table: &PartitionedTable,
    slices: &[Slice],
) -> Result<()> {
    let names: Result<Vec<String>> = slices.iter().map(|slice| slice.name(table.name)).collect();
    let names = names?;
    if names.is_empty() {
        return Ok(());
    }
    session.run(BOUNDS).await?;
    let statement = format!(
        "ALTER TABLE {} DROP PARTITION {}",
        table.name,
        names.join(", ")
    );
    session.run(&statement).await
}
