//! `duly restore`

use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::path::{Path, PathBuf};

use clap::Args;
use duly_db::dump;
use duly_tracker::partitions;

use super::{CommandError, Outcome, variables};
use crate::config::{Config, dump_passphrase};
use crate::output::{self, Bar};
use crate::sealing::{Closed, Keys};
use crate::start;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The dump; - reads the standard input.
    file: PathBuf,
    /// A file with the age identity that opens the dump. A passphrase is taken from
    /// DULY_DUMP_PASSPHRASE or the file DULY_DUMP_PASSPHRASE_FILE names.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, config: &Config) -> Outcome {
    let passphrase = dump_passphrase(variables()).map_err(|fault| vec![fault])?;
    let identity = arguments.identity.as_deref();
    let keys = Keys::new(passphrase, identity).map_err(CommandError::Wrong)?;
    let file = open(&arguments.file).map_err(|error| {
        CommandError::Failed(format!("cannot read {}: {error}", arguments.file.display()))
    })?;
    // The whole dump is found right before the database is touched.
    let verified = dump::verify(content(&file, &keys)?)?;
    let db = start::database(config).await?;
    let mut bar = Bar::new("Restoring");
    let source = content(&file, &keys)?;
    let restored = dump::restore(
        &db,
        &start::HOUSE,
        &verified,
        source,
        start::now(),
        |progress| {
            bar.show(progress.table, progress.rows, progress.of);
        },
    )
    .await;
    bar.end();
    if restored.is_ok() {
        // What this warns of keeps nobody from working; the next start tries again.
        let _ = partitions::prepare(&db, start::now()).await;
    }
    db.close().await;
    restored?;
    let origin = &verified.origin;
    output::say(format!(
        "Restored {} rows of {} tables, as they were at {} (Duly {}).",
        verified.rows(),
        verified.counts.len(),
        origin.made_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        origin.release
    ));
    Ok(())
}

/// A dump is read twice, so what comes from the standard input is put into a file without a name.
fn open(path: &Path) -> io::Result<File> {
    if path != Path::new("-") {
        return File::open(path);
    }
    let mut kept = tempfile::tempfile()?;
    io::copy(&mut io::stdin().lock(), &mut kept)?;
    Ok(kept)
}

/// Reads the dump from its beginning.
fn content<'a>(mut file: &'a File, keys: &Keys) -> Result<Box<dyn Read + 'a>, CommandError> {
    file.rewind().map_err(dump::Error::Read)?;
    Ok(keys.open(file)?)
}

impl From<Closed> for CommandError {
    fn from(closed: Closed) -> Self {
        let code = match closed {
            Closed::NeedsPassphrase | Closed::NeedsIdentity => 15,
            Closed::WrongPassphrase | Closed::WrongIdentity => 16,
            Closed::Damaged => 12,
            Closed::Read(_) => 1,
        };
        CommandError::Refused(code, closed.to_string())
    }
}

/// The codes are documented in `docs/operator/backup.md`.
impl From<dump::Error> for CommandError {
    fn from(error: dump::Error) -> Self {
        let code = match &error {
            dump::Error::NotEmpty { .. } => 10,
            dump::Error::NotADump => 11,
            dump::Error::Damaged(_) => 12,
            dump::Error::NewerFormat { .. } | dump::Error::NewerRelease { .. } => 13,
            dump::Error::NewerSchema { .. } | dump::Error::OlderSchema { .. } => 14,
            dump::Error::Database(error) => return duly_tracker::Error::from(error.clone()).into(),
            dump::Error::NotUpdated(_) | dump::Error::Read(_) | dump::Error::Write(_) => 1,
        };
        CommandError::Refused(code, error.to_string())
    }
}
