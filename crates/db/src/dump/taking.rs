//! Writing a dump.

use std::collections::BTreeSet;
use std::io::Write;

use jiff::Timestamp;

use super::error::Error;
use super::file::{Counts, Head, Origin, Writer};
use super::{Progress, Schema, Table};
use crate::migrate::{self, Mode};
use crate::{Conn, Db, Engine, Value, dialect, query};

/// How many rows are read at once, and about how many bytes they may have in the file. So a dump
/// needs little memory, however large the database is.
const CHUNK_ROWS: usize = 500;
const CHUNK_BYTES: usize = 1024 * 1024;

/// What to dump and what to write about it.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// Tables that are left out.
    pub without: &'a [&'a str],
    /// The release that makes the dump.
    pub release: &'a str,
    /// When it is made.
    pub made_at: Timestamp,
}

/// Writes one consistent state of the database, while it is in use.
///
/// Answers how many rows of each table there are, and the target.
///
/// # Errors
/// [`Error::OlderSchema`] when migrations are missing; else whatever the database or the target
/// says. The target holds the beginning of a dump then, which no restore takes.
pub async fn dump<W: Write>(
    db: &Db,
    schema: &Schema<'_>,
    options: &Options<'_>,
    target: W,
    mut progress: impl FnMut(Progress<'_>),
) -> Result<(Counts, W), Error> {
    let report = migrate::run(db, schema.sets, options.made_at, Mode::DryRun).await?;
    if !report.applied.is_empty() {
        return Err(Error::OlderSchema {
            missing: report.applied,
        });
    }
    let without: BTreeSet<&str> = options.without.iter().copied().collect();
    let tables = || {
        schema
            .all_tables()
            .filter(|table| !without.contains(table.name))
    };
    let mut conn = db.begin_reading_without_limits().await?;
    let mut of = 0;
    for table in tables() {
        of += count(&mut conn, table).await?;
    }
    let origin = Origin {
        release: options.release.to_owned(),
        made_at: options.made_at,
        migrations: report.present,
    };
    let mut writer = Writer::begin(target, origin).map_err(Error::Write)?;
    let mut done = 0;
    for table in tables() {
        writer.table(head(table)).map_err(Error::Write)?;
        let mut walk = Walk::new(db.engine(), table)?;
        while let Some(rows) = walk.next_chunk(&mut conn).await? {
            let mut bytes = 0;
            for row in &rows {
                bytes += writer.row(row).map_err(Error::Write)?;
            }
            walk.adapt(rows.len(), bytes);
            done += u64::try_from(rows.len()).unwrap_or(u64::MAX);
            progress(Progress {
                table: table.name,
                rows: done,
                of,
                held: rows.len(),
            });
        }
    }
    if done != of {
        let reason = format!("{of} rows were counted and {done} found; is an index damaged?");
        return Err(crate::Error::Other(reason).into());
    }
    writer.finish().map_err(Error::Write)
}

async fn count(conn: &mut Conn, table: &Table) -> Result<u64, Error> {
    let statement = query(format!("SELECT COUNT(*) AS total FROM {}", table.name));
    let row = conn.optional_row(statement).await?;
    Ok(row.map(|row| row.get("total")).transpose()?.unwrap_or(0))
}

fn head(table: &Table) -> Head {
    let columns = table.columns.iter();
    Head {
        name: table.name.to_owned(),
        columns: columns
            .map(|(name, kind)| ((*name).to_owned(), *kind))
            .collect(),
    }
}

/// A walk over all rows of a table in the order of its key.
struct Walk<'a> {
    table: &'a Table,
    first: String,
    further: String,
    /// The key of the last row that was read.
    after: Option<Vec<Value>>,
    limit: usize,
}

impl<'a> Walk<'a> {
    fn new(engine: Engine, table: &'a Table) -> Result<Self, Error> {
        let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let select = format!("SELECT {} FROM {}", columns.join(", "), table.name);
        let order = format!("ORDER BY {}", table.key.join(", "));
        let after = dialect::keyset_after(engine, table.key, 1, false)?;
        Ok(Walk {
            table,
            first: format!("{select} {order} LIMIT ?1"),
            further: format!(
                "{select} WHERE {after} {order} LIMIT ?{}",
                table.key.len() + 1
            ),
            after: None,
            limit: CHUNK_ROWS / 10,
        })
    }

    async fn next_chunk(&mut self, conn: &mut Conn) -> Result<Option<Vec<Vec<Value>>>, Error> {
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX);
        let statement = match self.after.take() {
            None => query(self.first.clone()).bind(limit),
            Some(key) => query(self.further.clone()).bind_all(key).bind(limit),
        };
        let mut chunk = Vec::with_capacity(self.limit);
        for row in conn.rows(statement).await? {
            let columns = self.table.columns.iter();
            let values: crate::Result<Vec<Value>> =
                columns.map(|(name, kind)| kind.read(&row, name)).collect();
            chunk.push(values?);
        }
        self.after = chunk.last().map(|row| self.key_of(row));
        Ok((!chunk.is_empty()).then_some(chunk))
    }

    fn key_of(&self, row: &[Value]) -> Vec<Value> {
        let value_of = |key: &&str| {
            let mut columns = self.table.columns.iter().zip(row);
            columns.find_map(|((name, _), value)| (name == key).then(|| value.clone()))
        };
        self.table.key.iter().filter_map(value_of).collect()
    }

    /// Makes the next chunk about as large as it may be, going by the one before.
    fn adapt(&mut self, rows: usize, bytes: usize) {
        let row = bytes.checked_div(rows).unwrap_or_default().max(1);
        self.limit = (CHUNK_BYTES / row).clamp(1, CHUNK_ROWS);
    }
}
