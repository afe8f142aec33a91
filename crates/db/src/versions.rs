//! The numbered states of what an owner can see.
//!
//! Every owner of visible data has one row in `versions`. The last statement of every
//! transaction that changes something the owner can see raises its number; the lock on the row
//! makes the order of the numbers the order of the commits. So a number names one visible state:
//! an answer labelled with it can be recognised as unchanged (`ETag`), or as too old.

use std::sync::Arc;

use uuid::Uuid;

use crate::dump::{Kind as Column, Table};
use crate::migrate::MigrationSet;
use crate::{Conn, Engine, FromRow, FromValue, Query, Result, Row, Tx, Value, dialect, query};

/// The migrations of this module's table.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    owner: "db",
    migrations: &[crate::migration!("0001_versions")],
};

/// What is in this module's table.
pub const TABLES: &[Table] = &[Table {
    name: "versions",
    key: &["owner_id"],
    columns: &[
        ("owner_id", Column::Id),
        ("data", Column::Number),
        ("auth", Column::Number),
        ("changed", Column::Number),
    ],
}];

/// One visible state of an owner's data. Later states have larger numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(i64);

impl Version {
    /// The version of this number, which somebody has kept.
    #[must_use]
    pub fn of(number: i64) -> Self {
        Version(number)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }
}

impl FromValue for Version {
    fn from_value(value: &Value) -> Result<Self> {
        i64::from_value(value).map(Version)
    }
}

/// Which of an owner's two numbers to raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What the owner sees: tasks, labels, settings, receipts.
    Data,
    /// What the owner may do: sessions, tokens, password, role. Raises `Data` too.
    Auth,
}

/// Starts counting for a new owner.
///
/// # Errors
/// Whatever the engine says.
pub async fn start(tx: &mut Tx, owner: Uuid) -> Result<()> {
    let changed = dialect::change_cursor(tx.engine());
    let statement = query(format!(
        "INSERT INTO versions (owner_id, data, auth, changed) VALUES (?1, 1, 1, {changed})"
    ));
    tx.execute(statement.bind(owner)).await.map(|_| ())
}

/// Raises the owner's number. This is the last statement before the commit, so that the lock on
/// the row is held as briefly as possible; it travels with the commit, which fails when the owner
/// is unknown.
pub fn raise(tx: &mut Tx, owner: Uuid, kind: Kind) {
    let statement = raise_statement(kind, tx.engine());
    tx.raise(owner, kind, statement.bind(owner).expecting(1));
}

/// A version that a commit has raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raised {
    /// Whose.
    pub owner: Uuid,
    /// Which of the two numbers, or both.
    pub kind: Kind,
    /// The version of visible data that the commit has made.
    pub version: Version,
}

/// A change that travels with the next step of its transaction.
#[derive(Debug)]
pub(crate) struct Deferred {
    pub(crate) query: Query,
    /// Whose version it raises.
    pub(crate) raises: Option<(Uuid, Kind)>,
}

impl Deferred {
    pub(crate) fn new(query: Query) -> Self {
        Deferred {
            query,
            raises: None,
        }
    }

    pub(crate) fn raising(query: Query, owner: Uuid, kind: Kind) -> Self {
        Deferred {
            query,
            raises: Some((owner, kind)),
        }
    }
}

/// Is told which versions a commit has raised, after it is durable and before the writer is.
///
/// It must not fail and should not take long: the writer waits for it.
#[async_trait::async_trait]
pub trait Watcher: Send + Sync + std::fmt::Debug {
    /// These versions are what everybody has to see from now on.
    async fn committed(&self, raised: &[Raised]);
}

/// All who watch, in the order in which they are told.
pub(crate) type Watchers = Arc<[Arc<dyn Watcher>]>;

fn raise_statement(kind: Kind, engine: Engine) -> Query {
    let changed = dialect::change_cursor(engine);
    let auth = match kind {
        Kind::Data => "",
        Kind::Auth => "auth = auth + 1, ",
    };
    query(dialect::answering(engine, ("data", "data + 1"), |data| {
        format!("UPDATE versions SET {data}, {auth}changed = {changed} WHERE owner_id = ?1")
    }))
}

pub(crate) fn data_of(owner: Uuid) -> Query {
    query("SELECT data FROM versions WHERE owner_id = ?1").bind(owner)
}

/// The owner's current version of visible data.
///
/// # Errors
/// Whatever the engine says.
pub async fn current(conn: &mut Conn, owner: Uuid) -> Result<Option<Version>> {
    conn.optional_row(data_of(owner))
        .await?
        .map(|row| row.get("data"))
        .transpose()
}

/// An owner's two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Versions {
    /// What the owner sees.
    pub data: Version,
    /// What the owner may do.
    pub auth: i64,
}

impl FromRow for Versions {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Versions {
            data: row.get("data")?,
            auth: row.get("auth")?,
        })
    }
}

/// Up to where somebody who tails the table has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(i64);

impl Cursor {
    /// The cursor of this number, which somebody has kept.
    #[must_use]
    pub fn of(number: i64) -> Self {
        Cursor(number)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }
}

/// An owner whose versions have been raised, and the numbers they have now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub owner: Uuid,
    /// What they are now.
    pub versions: Versions,
}

/// How many changes are read at a time: fewer are all there are.
pub const PAGE: u16 = 10_000;

/// Where to begin for what is committed from now on.
///
/// # Errors
/// Whatever the engine says.
pub async fn newest(conn: &mut Conn, engine: Engine) -> Result<Cursor> {
    let horizon = dialect::change_horizon(engine);
    let row = conn.optional_row(query(format!("SELECT {horizon} AS horizon")));
    let horizon = row.await?.map(|row| row.get("horizon")).transpose()?;
    Ok(Cursor(horizon.unwrap_or_default()))
}

/// Whose versions have been raised since, at most [`PAGE`], and where to go on. Each commit is seen
/// once at least, and some are seen again.
///
/// # Errors
/// Whatever the engine says.
pub async fn since(
    conn: &mut Conn,
    engine: Engine,
    cursor: Cursor,
) -> Result<(Vec<Change>, Cursor)> {
    let horizon = dialect::change_horizon(engine);
    let statement = query(format!(
        "SELECT owner_id, data, auth, changed, {horizon} AS horizon FROM versions \
         WHERE changed >= ?1 ORDER BY changed LIMIT {PAGE}"
    ));
    let rows = conn.rows(statement.bind(cursor.0)).await?;
    let mut changes = Vec::with_capacity(rows.len());
    for row in &rows {
        changes.push(Change {
            owner: row.get("owner_id")?,
            versions: Versions::from_row(row)?,
        });
    }
    let more = rows.len() >= usize::from(PAGE);
    let next = match rows.last() {
        None => cursor.0,
        Some(last) if more => last.get("changed")?,
        Some(last) => cursor.0.max(last.get("horizon")?),
    };
    Ok((changes, Cursor(next)))
}
