//! Taking a table apart into years, and putting it together again, while it is in use.
//!
//! Triggers write down which rows change ([`journal`]). Meanwhile the rows are copied into a second
//! table, some at a time in the order of the key ([`copy`]), and those that changed once more. When
//! both tables hold the same, the second one takes the first one's place at once ([`postgres`],
//! [`mysql`]).
//!
//! All progress lies in the database: the second table holds the rows up to its largest key, and
//! the journal what has changed of them. So a run that was killed is simply started again. Nothing
//! is lost whenever it ends: until the places are taken the first table is the only one in use.

mod conversion;
mod copy;
mod journal;
mod mysql;
mod orphans;
mod postgres;

use std::time::Duration;

use jiff::Timestamp;

use super::{PartitionedTable, catalog, turn};
use crate::{Db, Error, Result, dialect};
use conversion::{Conversion, Names, prepare};

/// How long to wait for another one at the same table to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many years are made ahead.
pub const YEARS_AHEAD: u16 = 2;

/// A table that can be partitioned by the years of its ids.
#[derive(Debug, Clone, Copy)]
pub struct YearlyTable {
    /// The table. Its key consists of ids, and the key of a row never changes.
    pub table: PartitionedTable,
    /// Every foreign key of it and to it. MariaDB and MySQL have none where there are partitions:
    /// there, whoever deletes a row of the table has to delete those that refer to it first.
    pub foreign_keys: &'static [ForeignKey],
}

/// A foreign key whose rows go with those they refer to.
#[derive(Debug, Clone, Copy)]
pub struct ForeignKey {
    /// The table that refers.
    pub table: &'static str,
    /// By which columns.
    pub columns: &'static [&'static str],
    /// To which table.
    pub parent: &'static str,
    /// To which of its columns.
    pub parent_columns: &'static [&'static str],
}

/// How a table is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As one.
    Whole,
    /// In partitions of a year.
    ByYear,
}

/// What [`convert`] is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Rows are copied.
    Copying,
    /// What changed meanwhile is copied once more.
    CatchingUp,
    /// The new table takes the place of the old one, and what is left over is tidied up.
    Finishing,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// How many rows are there, an earlier run's included.
    pub rows: u64,
    /// How many there are in all.
    pub total: u64,
}

/// What has become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The table was converted, or what an earlier run had left was finished.
    Converted {
        /// How many rows it had.
        rows: u64,
    },
    /// The table is as wanted; what an interrupted run had begun towards the other layout is gone.
    Abandoned,
    /// The table is as wanted; nothing was done.
    Already,
    /// This engine has no partitions.
    NotNeeded,
}

/// How a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How it is laid out.
    pub layout: Layout,
    /// Whether a conversion has begun and not ended: it runs, or was interrupted.
    pub is_unfinished: bool,
}

/// How a table stands.
///
/// # Errors
/// Whatever the engine says.
pub async fn standing(db: &Db, table: &YearlyTable) -> Result<Standing> {
    let engine = db.engine();
    let names = Names::of(table);
    let mut conn = db.read_fresh();
    if !dialect::has_partitions(engine) {
        return Ok(Standing {
            layout: Layout::Whole,
            is_unfinished: false,
        });
    }
    let partitions = conn.rows(catalog::partitions(engine, names.table)).await?;
    let mut is_unfinished = false;
    for left in [&names.next, &names.old, &names.journal] {
        is_unfinished |= !conn.rows(catalog::columns(engine, left)).await?.is_empty();
    }
    Ok(Standing {
        layout: layout(partitions.is_empty()),
        is_unfinished,
    })
}

fn layout(has_no_partitions: bool) -> Layout {
    match has_no_partitions {
        true => Layout::Whole,
        false => Layout::ByYear,
    }
}

/// Brings a table into another layout, `batch` rows at a time. Others use it all the while; they
/// wait for moments in which triggers are made and the tables change places.
///
/// # Errors
/// [`Error::Busy`] when the table was in use all the time, or another conversion runs;
/// [`Error::Other`] when a foreign key is there that this does not know; else whatever the engine
/// says. The table is in use as before then, and another run goes on from there.
pub async fn convert(
    db: &Db,
    table: &YearlyTable,
    wanted: Layout,
    now: Timestamp,
    batch: u32,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Outcome> {
    if !dialect::has_partitions(db.engine()) {
        return Ok(Outcome::NotNeeded);
    }
    let mut session = db.session().await?;
    if !turn::take(&mut session, table.table.name, PATIENCE).await? {
        return Err(Error::Busy);
    }
    prepare(&mut session).await?;
    let mut conversion = Conversion {
        session,
        table,
        names: Names::of(table),
        wanted,
        now,
        batch,
        report,
        rows: 0,
        total: 0,
    };
    conversion.run().await
}
