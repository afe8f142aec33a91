//! What a database says about its own health, for `duly doctor`.

use crate::{Db, Result, query};

/// The health of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The version of the engine.
    pub version: String,
    /// Whether readers and the writer can work at the same time (write-ahead log).
    pub concurrent: bool,
    /// Whether an acknowledged change survives a power cut.
    pub durable: bool,
    /// What is damaged; empty when all is well.
    pub damage: Vec<String>,
}

/// How the engine writes `PRAGMA synchronous = FULL`.
const FULL: i64 = 2;

/// Looks at the whole file, for as long as it takes.
///
/// # Errors
/// When the database cannot be read at all.
pub async fn diagnose(db: &Db) -> Result<Diagnosis> {
    let mut tx = db.begin();
    let text = |row: Option<crate::Row>, name: &str| {
        row.map(|row| row.get::<String>(name))
            .transpose()
            .map(Option::unwrap_or_default)
    };
    let version = tx
        .optional_row(query("SELECT sqlite_version() AS version"))
        .await?;
    let journal = tx.optional_row(query("PRAGMA journal_mode")).await?;
    let synchronous = tx.optional_row(query("PRAGMA synchronous")).await?;
    drop(tx);
    Ok(Diagnosis {
        version: text(version, "version")?,
        concurrent: text(journal, "journal_mode")? == "wal",
        durable: match synchronous {
            Some(row) => row.get::<i64>("synchronous")? >= FULL,
            None => false,
        },
        damage: db.problems().await?,
    })
}
