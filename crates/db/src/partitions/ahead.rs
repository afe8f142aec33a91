//! Making partitions before their time comes.

use std::time::Duration;

use jiff::Timestamp;

use super::slice::{Slice, slice_of};
use super::{PartitionedTable, catalog, mysql, postgres, turn};
use crate::server::Session;
use crate::{Db, Engine, Query, Result, Row, Value, dialect, query};

/// How long to wait for another node that makes them.
const PATIENCE: Duration = Duration::from_secs(10);

/// No more than this many are made for a past in which nobody made any.
const LONGEST_PAST: i32 = 120;

/// Makes the partitions of this month (or year) and of the `ahead` after it, and of those since
/// the last that is there. The first one takes all that is older, too. Rows that fell into the
/// partition of the rest meanwhile move where they belong. Answers the names of those made;
/// nothing is done to a table that is not partitioned.
///
/// Any number of nodes may do this at once. Each partition is made in a transaction of its own,
/// which gives up when the table is in use for longer than a second.
///
/// # Errors
/// [`crate::Error::Busy`] and [`crate::Error::Conflict`] when the table was in use: later it may
/// not be. [`crate::Error::Other`] when rows lie in the partition of the rest that cannot be moved.
pub async fn make_ahead(
    db: &Db,
    table: &PartitionedTable,
    now: Timestamp,
    ahead: u16,
) -> Result<Vec<String>> {
    let engine = db.engine();
    if !dialect::has_partitions(engine) {
        return Ok(Vec::new());
    }
    // Most of the time there is nothing to do, and nobody's turn has to be waited for.
    let mut conn = db.read_fresh();
    let rows = conn.rows(catalog::partitions(engine, table.name)).await?;
    let this = Slice::of(table.period, now);
    let last = this.plus(i32::from(ahead));
    match existing(table, &rows)? {
        None => return Ok(Vec::new()),
        Some(there) if there.last().is_some_and(|newest| *newest >= last) => {
            return Ok(Vec::new());
        }
        Some(_) => {}
    }
    let mut session = db.session().await?;
    if !turn::take(&mut session, table.name, PATIENCE).await? {
        return Ok(Vec::new());
    }
    let Some(missing) = missing(&mut session, table, this, last).await? else {
        return Ok(Vec::new());
    };
    match engine {
        Engine::Postgres => postgres::make(&mut session, table, &missing).await?,
        _ => mysql::make(&mut session, table, &missing).await?,
    }
    missing
        .iter()
        .map(|part| part.slice.name(table.name))
        .collect()
}

/// A partition to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) slice: Slice,
    /// Where it begins; `None` for the first, which begins with all time.
    pub(super) start: Option<Slice>,
}

/// The parts of the slices from one to another, where `before` is the last there is.
pub(super) fn parts(before: Option<Slice>, first: Slice, last: Slice) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut start = before.map(|before| before.plus(1));
    let mut slice = first;
    while slice <= last {
        parts.push(Part { slice, start });
        slice = slice.plus(1);
        start = Some(slice);
    }
    parts
}

/// The slices a table has partitions for, oldest first; `None` when it is not partitioned.
pub(super) fn existing(table: &PartitionedTable, rows: &[Row]) -> Result<Option<Vec<Slice>>> {
    if rows.is_empty() {
        return Ok(None);
    }
    let names = catalog::names(rows)?;
    let mut slices: Vec<Slice> = names
        .iter()
        .filter_map(|name| Slice::named(table, name))
        .collect();
    slices.sort_unstable();
    Ok(Some(slices))
}

/// `None` when the table has ceased to be partitioned.
async fn missing(
    session: &mut Session,
    table: &PartitionedTable,
    this: Slice,
    last: Slice,
) -> Result<Option<Vec<Part>>> {
    let partitions = catalog::partitions(session.engine(), table.name);
    let Some(there) = existing(table, &session.rows(partitions).await?)? else {
        return Ok(None);
    };
    let before = there.last().copied();
    let first = match before {
        Some(before) => before.plus(1),
        // A database that has just been filled from somewhere else has a past.
        None => oldest(session, table)
            .await?
            .map_or(this, |oldest| oldest.min(this)),
    };
    let first = first.max(this.plus(-LONGEST_PAST));
    Ok(Some(parts(before, first, last)))
}

/// Where the oldest row lies that says a time.
pub(super) async fn oldest(
    session: &mut Session,
    table: &PartitionedTable,
) -> Result<Option<Slice>> {
    let row = session.optional_row(smallest(table)).await?;
    let value: Option<Value> = row.map(|row| row.get::<Value>(table.column)).transpose()?;
    Ok(value.and_then(|value| slice_of(table, &value)))
}

fn smallest(table: &PartitionedTable) -> Query {
    let (column, name) = (table.column, table.name);
    query(format!(
        "SELECT {column} FROM {name} ORDER BY {column} LIMIT 1"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partitions::Period;

    #[test]
    fn each_part_begins_where_the_one_before_it_ends() {
        let month = |text: &str| Slice::of(Period::Month, text.parse().unwrap());
        let november = month("2026-11-01T00:00:00Z");
        let made = parts(None, november, november.plus(2));
        let begins: Vec<Option<Slice>> = made.iter().map(|part| part.start).collect();
        assert_eq!(
            begins,
            [None, Some(november.plus(1)), Some(november.plus(2))]
        );
        // Nobody made any for longer than is made up for.
        let made = parts(Some(november), november.plus(9), november.plus(9));
        assert_eq!(
            made,
            [Part {
                slice: november.plus(9),
                start: Some(november.plus(1))
            }]
        );
        assert!(parts(Some(november), november.plus(1), november).is_empty());
    }
}
