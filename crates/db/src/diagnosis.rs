//! What a database says about its own health, for `duly doctor`.

use jiff::Timestamp;

use crate::{Db, Error, Result, dialect, query};

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

/// What a server says about its connections and its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerDiagnosis {
    /// How many connections everybody together may have, without those kept for its administrators.
    pub connections: u64,
    /// How many are open.
    pub open: u64,
    /// What time it is there.
    pub now: Timestamp,
}

/// Asks the primary; [`None`] on SQLite, which has neither.
///
/// # Errors
/// Whatever the engine says.
pub async fn diagnose_server(db: &Db) -> Result<Option<ServerDiagnosis>> {
    let Some(asked) = dialect::about_server(db.engine()) else {
        return Ok(None);
    };
    let row = db.read_fresh().optional_row(asked).await?;
    let row = row.ok_or_else(|| Error::Other("the server said nothing about itself".into()))?;
    let now = Timestamp::from_microsecond(row.get("microseconds")?)
        .map_err(|error| Error::Other(error.to_string()))?;
    Ok(Some(ServerDiagnosis {
        connections: row.get("connections")?,
        open: row.get("taken")?,
        now,
    }))
}
