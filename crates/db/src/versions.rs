//! The numbered states of what an owner can see.
//!
//! Every owner of visible data has one row in `versions`. The last statement of every
//! transaction that changes something the owner can see raises its number; the lock on the row
//! makes the order of the numbers the order of the commits. So a number names one visible state:
//! an answer labelled with it can be recognised as unchanged (`ETag`), or as too old.

use uuid::Uuid;

use crate::dump::{Kind as Column, Table};
use crate::migrate::MigrationSet;
use crate::{Conn, Engine, FromValue, Query, Result, Tx, Value, dialect, query};

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
    #[cfg(test)]
    pub(crate) fn of(number: i64) -> Self {
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
    tx.raise(owner, statement.bind(owner).expecting(1));
}

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

/// The owner's current version of visible data.
///
/// # Errors
/// Whatever the engine says.
pub async fn current(conn: &mut Conn, owner: Uuid) -> Result<Option<Version>> {
    let statement = query("SELECT data FROM versions WHERE owner_id = ?1").bind(owner);
    conn.optional_row(statement)
        .await?
        .map(|row| row.get("data"))
        .transpose()
}
