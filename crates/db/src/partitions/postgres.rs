//! Partitions of PostgreSQL.

use super::PartitionedTable;
use super::ahead::Part;
use super::slice::{Slice, literal};
use crate::server::Session;
use crate::{Engine, Error, Result, Value, query};

/// Whoever uses the table waits behind us while we wait for it.
const BOUNDS: &str = "SET lock_timeout = '1s'; SET statement_timeout = '60s'";

pub(super) async fn make(
    session: &mut Session,
    table: &PartitionedTable,
    parts: &[Part],
) -> Result<()> {
    session.run(BOUNDS).await?;
    for part in parts {
        session.run("BEGIN").await?;
        // A failure ends the session, and the transaction with it.
        make_one(session, table, part).await?;
        session.run("COMMIT").await?;
    }
    Ok(())
}

/// A partition cannot be made while the default one holds rows of it. So the default one is
/// locked, its rows are moved into a table of their own, and that becomes the partition.
async fn make_one(session: &mut Session, table: &PartitionedTable, part: &Part) -> Result<()> {
    let (name, default) = (table.name, table.default_partition());
    let made = part.slice.name(name)?;
    let end = bound(table, part.slice.plus(1))?;
    let column = table.column;
    let (start, within) = match part.start {
        None => ("MINVALUE".to_owned(), format!("{column} < {end}")),
        Some(start) => {
            let start = bound(table, start)?;
            let within = format!("{column} >= {start} AND {column} < {end}");
            (start, within)
        }
    };
    session
        .run(&format!("LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE"))
        .await?;
    session
        .run(&format!("CREATE TABLE {made} (LIKE {name} INCLUDING ALL)"))
        .await?;
    if table.is_referenced {
        refuse_rows(session, table, &within).await?;
    } else {
        let moved = format!(
            "WITH moved AS (DELETE FROM {default} WHERE {within} RETURNING *) \
             INSERT INTO {made} SELECT * FROM moved"
        );
        session.run(&moved).await?;
    }
    let attach =
        format!("ALTER TABLE {name} ATTACH PARTITION {made} FOR VALUES FROM ({start}) TO ({end})");
    session.run(&attach).await
}

async fn refuse_rows(session: &mut Session, table: &PartitionedTable, within: &str) -> Result<()> {
    let (name, default) = (table.name, table.default_partition());
    let find = query(format!(
        "SELECT 1 AS found FROM {default} WHERE {within} LIMIT 1"
    ));
    match session.optional_row(find).await? {
        None => Ok(()),
        Some(_) => Err(Error::Other(format!(
            "{default} holds rows that belong to a partition of their own and cannot be moved; \
             run `duly db partition {name} --undo` and then `duly db partition {name}`"
        ))),
    }
}

pub(super) async fn drop_parts(
    session: &mut Session,
    table: &PartitionedTable,
    slices: &[Slice],
) -> Result<()> {
    session.run(BOUNDS).await?;
    for slice in slices {
        session
            .run(&format!("DROP TABLE {}", slice.name(table.name)?))
            .await?;
    }
    Ok(())
}

/// Deletes what lies in the default partition and is older than every other one.
pub(super) async fn delete_older(
    session: &mut Session,
    table: &PartitionedTable,
    before: Value,
) -> Result<u64> {
    let (default, column) = (table.default_partition(), table.column);
    let delete = query(format!("DELETE FROM {default} WHERE {column} < ?1"));
    session.change(delete.bind(before)).await
}

fn bound(table: &PartitionedTable, slice: Slice) -> Result<String> {
    literal(Engine::Postgres, &slice.start(table.kind)?)
}
