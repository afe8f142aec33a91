//! `duly dump`

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use duly_db::dump::{self, Options};
use duly_tracker::{RELEASE_TABLES, SESSION_TABLES};

use super::{CommandError, Outcome, backup, expect_database, variables};
use crate::config::{Config, dump_passphrase};
use crate::output::{self, Bar};
use crate::sealing::Seal;
use crate::start;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file to write; - writes to the standard output.
    file: PathBuf,
    /// Leave out who is logged in, links that were mailed and answers kept for repeated requests.
    #[arg(long)]
    without_sessions: bool,
    /// Encrypt for the owner of this age key, age1…; may be given several times. A passphrase is
    /// taken from DULY_DUMP_PASSPHRASE or the file DULY_DUMP_PASSPHRASE_FILE names.
    #[arg(long = "recipient", value_name = "KEY")]
    recipients: Vec<String>,
}

pub(super) async fn run(arguments: Arguments, config: &Config) -> Outcome {
    let passphrase = dump_passphrase(variables()).map_err(|fault| vec![fault])?;
    let seal = Seal::new(passphrase, &arguments.recipients).map_err(CommandError::Wrong)?;
    expect_database(config)?;
    let target = Target::open(&arguments.file)?;
    let db = start::database(config).await?;
    let without = match arguments.without_sessions {
        true => [RELEASE_TABLES, SESSION_TABLES].concat(),
        false => RELEASE_TABLES.to_vec(),
    };
    let options = Options {
        without: &without,
        release: env!("CARGO_PKG_VERSION"),
        made_at: start::now(),
    };
    let mut bar = Bar::new("Dumping");
    let sealed = seal.begin(target).map_err(dump::Error::Write)?;
    let taken = dump::dump(&db, &start::HOUSE, &options, sealed, |progress| {
        bar.show(progress.table, progress.rows, progress.of);
    })
    .await;
    bar.end();
    let published = taken.and_then(|(counts, sealed)| {
        let target = sealed.finish().map_err(dump::Error::Write)?;
        let published = target.publish(&arguments.file);
        published.map(|()| counts).map_err(dump::Error::Write)
    });
    if published.is_ok() {
        backup::note(&db, options.made_at).await;
    }
    db.close().await;
    let counts = published?;
    let rows: u64 = counts.iter().map(|(_, rows)| rows).sum();
    output::complain(format!("Dumped {rows} rows of {} tables.", counts.len()));
    Ok(())
}

/// Where the dump goes. A file has another name until it is whole.
enum Target {
    Stdout(io::Stdout),
    File(File, Partial),
}

/// Removes the file when it was not published.
struct Partial(Option<PathBuf>);

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // What went wrong before is what the operator has to know.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Target {
    fn open(path: &Path) -> Result<Self, CommandError> {
        if path == Path::new("-") {
            let stdout = io::stdout();
            return match stdout.is_terminal() {
                true => Err(CommandError::Wrong(
                    "a dump is not for reading; name a file, or pass it on to another program"
                        .into(),
                )),
                false => Ok(Target::Stdout(stdout)),
            };
        }
        refuse_existing(path)?;
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        let partial = PathBuf::from(name);
        // One that was left behind by a dump that was killed.
        let _ = std::fs::remove_file(&partial);
        let mut options = File::options();
        options.write(true).create_new(true);
        // What people write down is nobody else's business.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&partial).map_err(|error| {
            CommandError::Failed(format!("cannot write {}: {error}", partial.display()))
        })?;
        Ok(Target::File(file, Partial(Some(partial))))
    }

    /// Makes the whole dump durable under its name.
    fn publish(self, path: &Path) -> io::Result<()> {
        match self {
            Target::Stdout(mut stdout) => stdout.flush(),
            Target::File(file, mut partial) => {
                file.sync_all()?;
                if let Some(written) = &partial.0 {
                    std::fs::rename(written, path)?;
                }
                partial.0 = None;
                let folder = path.parent().filter(|folder| *folder != Path::new(""));
                File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
            }
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Stdout(stdout) => stdout.write(bytes),
            Target::File(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Stdout(stdout) => stdout.flush(),
            Target::File(file, _) => file.flush(),
        }
    }
}

/// Refuses to write over a file.
pub(super) fn refuse_existing(path: &Path) -> Outcome {
    match path.try_exists() {
        Ok(false) => Ok(()),
        Ok(true) => Err(CommandError::Failed(format!(
            "{} exists already; name another file",
            path.display()
        ))),
        Err(error) => Err(CommandError::Failed(format!("{}: {error}", path.display()))),
    }
}
