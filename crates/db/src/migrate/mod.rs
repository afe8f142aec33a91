//! Bringing a schema up to date, one plain SQL file at a time.
//!
//! Many nodes may start at once: one of them applies what is missing, the others wait for it.
//! SQLite and PostgreSQL apply everything or nothing. MariaDB and MySQL keep each statement that
//! changes a table as soon as it has run, so a run that stops halfway is taken up again where it
//! stopped.

mod apply;
mod ledger;

use std::collections::BTreeMap;

use futures_util::FutureExt;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{Conn, Db, Engine, Error, Result};
use ledger::{Record, Standing};

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

/// Applies every missing step of the sets, in the given order.
///
/// # Errors
/// [`Error::Other`] when an applied step's text has changed since, when the database was written
/// by a newer release, or when nobody can know how far an earlier run came (on MariaDB and MySQL;
/// the message says what to do); else whatever the engine says. Nothing is changed then, but for
/// the statements MariaDB or MySQL has kept.
pub async fn run(db: &Db, sets: &[MigrationSet], now: Timestamp, mode: Mode) -> Result<Report> {
    match mode {
        // Boxed: what talks to a server is large and deep, and callers are so already.
        Mode::Apply => apply::missing(db, sets, now).boxed().await,
        Mode::DryRun => {
            let plan = Plan::make(&mut db.read_fresh(), db.engine(), sets).await?;
            Ok(plan.report())
        }
    }
}

/// What there is and what is missing.
struct Plan {
    present: Vec<String>,
    missing: Vec<Step>,
}

/// A step that has to be applied, or the rest of it.
struct Step {
    name: String,
    checksum: String,
    text: &'static str,
    standing: Standing,
}

impl Plan {
    async fn make(conn: &mut Conn, engine: Engine, sets: &[MigrationSet]) -> Result<Self> {
        let mut known = ledger::records(conn, engine).await?;
        let mut plan = Plan {
            present: Vec::new(),
            missing: Vec::new(),
        };
        for set in sets {
            for migration in set.migrations {
                let text = text_for(engine, migration);
                let step = Step {
                    name: format!("{}/{}", set.owner, migration.name),
                    checksum: checksum(text),
                    text,
                    standing: Standing::Missing,
                };
                plan.add(step, &mut known)?;
            }
        }
        if known.is_empty() {
            return Ok(plan);
        }
        let names: Vec<String> = known.into_keys().collect();
        Err(Error::Other(format!(
            "the database was written by a newer release; this one does not know its migrations {}",
            names.join(", ")
        )))
    }

    fn add(&mut self, step: Step, known: &mut BTreeMap<String, Record>) -> Result<()> {
        let Some(record) = known.remove(&step.name) else {
            self.missing.push(step);
            return Ok(());
        };
        if record.checksum != step.checksum {
            return Err(Error::Other(format!(
                "migration {} was changed after it had been applied; \
                 restore its text and add a new one instead",
                step.name
            )));
        }
        match record.standing {
            Standing::Applied => self.present.push(step.name),
            Standing::InDoubt { statement } => return Err(in_doubt(&step, statement)),
            standing => self.missing.push(Step { standing, ..step }),
        }
        Ok(())
    }

    fn report(self) -> Report {
        Report {
            present: self.present,
            applied: self.missing.into_iter().map(|step| step.name).collect(),
        }
    }
}

/// `statement` counts from one.
fn in_doubt(step: &Step, statement: usize) -> Error {
    let all: Vec<String> = statements(step.text).collect();
    let text = all.get(statement.saturating_sub(1));
    Error::Other(format!(
        "migration {name} was interrupted in its statement {statement} of {count}, and this \
         server keeps statements one by one. Look whether that one took effect:\n{text}\n\
         If it did, run: UPDATE schema_migrations SET next_statement = {next}, in_doubt = FALSE \
         WHERE name = '{name}'\n\
         If not, run: UPDATE schema_migrations SET in_doubt = FALSE WHERE name = '{name}'\n\
         Then start again; the rest of the migration follows.",
        name = step.name,
        count = all.len(),
        text = text.map_or("", String::as_str),
        next = statement + 1,
    ))
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
