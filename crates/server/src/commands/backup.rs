//! `duly backup`

use std::path::PathBuf;

use clap::Args;
use duly_db::Db;
use duly_tracker::instance;
use jiff::Timestamp;

use super::dump::refuse_existing;
use super::{CommandError, Outcome, expect_database};
use crate::config::Config;
use crate::{output, start};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file to write.
    file: PathBuf,
}

pub(super) async fn run(arguments: Arguments, config: &Config) -> Outcome {
    if config.database.file().is_none() {
        return Err(CommandError::Wrong(
            "`duly backup` copies the file of SQLite; use pg_dump or mariabackup for the server, \
             or `duly dump`, which works with every database"
                .into(),
        ));
    }
    expect_database(config)?;
    refuse_existing(&arguments.file)?;
    let db = start::database(config).await?;
    let made_at = start::now();
    let copied = db.copy_to(&arguments.file).await;
    if copied.is_ok() {
        note(&db, made_at).await;
    }
    db.close().await;
    copied.map_err(duly_tracker::Error::from)?;
    output::say(format!("The copy is {}.", arguments.file.display()));
    Ok(())
}

/// Has `duly doctor` know of it. A backup that is made is good without that, as one of a database that may not be
/// written.
pub(super) async fn note(db: &Db, made_at: Timestamp) {
    if let Err(error) = instance::note_backup(db, made_at).await {
        tracing::debug!(%error, "it could not be noted that a backup was made");
    }
}
