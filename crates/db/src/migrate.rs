//! Bringing a schema up to date, one plain SQL file at a time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{Db, Engine, Error, Result, Tx, query};

/// One step of a schema. The file has the same name on every engine.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// For example `0001_tasks`; never changes once released.
    pub name: &'static str,
    /// The SQL for SQLite. Statements end with `;` at the end of a line.
    pub sqlite: &'static str,
    /// The SQL for PostgreSQL.
    pub postgres: &'static str,
    /// The SQL for MariaDB and MySQL.
    pub mysql: &'static str,
}

/// The step whose files are `migrations/<engine>/<name>.sql` in the calling crate.
#[macro_export]
macro_rules! migration {
    ($name:literal) => {
        $crate::migrate::Migration {
            name: $name,
            sqlite: $crate::migration!(@file "sqlite", $name),
            postgres: $crate::migration!(@file "postgres", $name),
            mysql: $crate::migration!(@file "mysql", $name),
        }
    };
    (@file $engine:literal, $name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/migrations/",
            $engine,
            "/",
            $name,
            ".sql"
        ))
    };
}

/// The steps of one crate, in order.
#[derive(Debug, Clone, Copy)]
pub struct MigrationSet {
    /// The crate they belong to, for example `queue`.
    pub owner: &'static str,
    /// Oldest first.
    pub migrations: &'static [Migration],
}

/// What [`run`] did or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Steps that were there already, as `owner/name`.
    pub present: Vec<String>,
    /// Steps that were applied now (or would be, when only looking).
    pub applied: Vec<String>,
}

/// Whether to change the schema or only to say what would be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Apply what is missing.
    Apply,
    /// Only report what is missing.
    DryRun,
}

/// Applies every missing step of the sets, in the given order, in one transaction.
///
/// # Errors
/// [`Error::Other`] when an applied step's text has changed since, or when the database was
/// written by a newer release; else whatever the engine says. Nothing is changed then.
pub async fn run(db: &Db, sets: &[MigrationSet], now: Timestamp, mode: Mode) -> Result<Report> {
    // Rewriting a large table takes longer than a request may.
    let mut tx = db.begin_without_limits();
    tx.execute(query(
        "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY NOT NULL, \
         checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    ))
    .await?;
    let mut known = recorded(&mut tx).await?;
    let mut report = Report::default();
    for set in sets {
        for migration in set.migrations {
            let name = format!("{}/{}", set.owner, migration.name);
            let text = text_for(db.engine(), migration);
            let checksum = checksum(text);
            match known.remove(&name) {
                Some(found) if found == checksum => report.present.push(name),
                Some(_) => {
                    return Err(Error::Other(format!(
                        "migration {name} was changed after it had been applied; \
                         restore its text and add a new one instead"
                    )));
                }
                None => {
                    if mode == Mode::Apply {
                        apply(&mut tx, text, &name, &checksum, now).await?;
                    }
                    report.applied.push(name);
                }
            }
        }
    }
    if !known.is_empty() {
        let names: Vec<String> = known.into_keys().collect();
        return Err(Error::Other(format!(
            "the database was written by a newer release; this one does not know its migrations {}",
            names.join(", ")
        )));
    }
    match mode {
        Mode::Apply => tx.commit().await?,
        Mode::DryRun => drop(tx),
    }
    Ok(report)
}

async fn recorded(tx: &mut Tx) -> Result<BTreeMap<String, String>> {
    let rows = tx
        .rows(query("SELECT name, checksum FROM schema_migrations"))
        .await?;
    rows.iter()
        .map(|row| Ok((row.get("name")?, row.get("checksum")?)))
        .collect()
}

async fn apply(
    tx: &mut Tx,
    text: &'static str,
    name: &str,
    checksum: &str,
    now: Timestamp,
) -> Result<()> {
    for statement in statements(text) {
        tx.execute(query(statement.clone()))
            .await
            .map_err(|error| {
                Error::Other(format!("migration {name} failed: {error}; in: {statement}"))
            })?;
    }
    let record =
        query("INSERT INTO schema_migrations (name, checksum, applied_at) VALUES (?1, ?2, ?3)")
            .bind(name)
            .bind(checksum)
            .bind(now);
    tx.execute(record).await.map(|_| ())
}

fn text_for(engine: Engine, migration: &Migration) -> &'static str {
    match engine {
        Engine::Sqlite => migration.sqlite,
        Engine::Postgres => migration.postgres,
        Engine::MariaDb | Engine::MySql => migration.mysql,
    }
}

/// Statements end with a semicolon at the end of a line; comment lines fall away.
fn statements(text: &'static str) -> impl Iterator<Item = String> {
    text.split(";\n").filter_map(|part| {
        let lines: Vec<&str> = part
            .lines()
            .filter(|line| !line.trim_start().starts_with("--"))
            .collect();
        let statement = lines.join("\n").trim().to_owned();
        (!statement.is_empty()).then_some(statement)
    })
}

fn checksum(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
