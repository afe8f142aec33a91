//! `duly import` and `duly export`

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use duly_tracker::Tracker;
use duly_tracker::activity::{Actor, Way};
use duly_tracker::transfer::{self, ExportFormat, Format, Options, Outcome as RowOutcome, Report};
use duly_tracker::users::{Account, admin};

use super::user::{nobody, read};
use super::{CommandError, Outcome};
use crate::config::Config;
use crate::{output, start};

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// The address of the account that gets the tasks.
    #[arg(long)]
    user: String,
    /// The file; - reads the standard input.
    file: PathBuf,
    /// taskwarrior, todotxt, ics, todoist or duly; found out from the file when left out.
    #[arg(long)]
    format: Option<String>,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Import the good rows even when others are refused.
    #[arg(long)]
    keep_going: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// The address of the account.
    #[arg(long)]
    user: String,
    /// json (can be imported again), csv, todotxt or ics.
    #[arg(long, default_value = "json")]
    format: String,
    /// The file to write; the standard output when left out.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

pub(super) async fn import(arguments: ImportArguments, config: &Config) -> Outcome {
    let format = arguments
        .format
        .as_deref()
        .filter(|format| *format != "auto");
    let format = format
        .map(|text| read::<Format>("--format", text))
        .transpose()?;
    let bytes = content(&arguments.file)?;
    let tracker = start::tracker(config).await?;
    let account = account(&tracker, &arguments.user).await?;
    let options = Options {
        format,
        dry_run: arguments.dry_run,
        keep_going: arguments.keep_going,
    };
    output::progress(format!("Reading {} …", arguments.file.display()));
    let zone = account.time_zone.zone();
    let by = Actor::new(account.id, Way::Import);
    let report = transfer::import(&tracker, &by, &zone, bytes, options).await;
    output::end_progress();
    let report = report?;
    print(&report);
    match report.stopped {
        true => Err(CommandError::Failed(format!(
            "{} of {} rows were refused, so nothing was imported; correct them or add --keep-going",
            report.refused, report.total
        ))),
        false => Ok(()),
    }
}

fn content(file: &Path) -> Result<Vec<u8>, CommandError> {
    let read = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    read.map_err(|error| CommandError::Failed(format!("cannot read {}: {error}", file.display())))
}

async fn account(tracker: &Tracker, email: &str) -> Result<Account, CommandError> {
    let address = read("--user", email)?;
    admin::find(tracker, &address)
        .await
        .map_err(|error| nobody(email, error))
}

fn print(report: &Report) {
    for row in &report.rows {
        let what = match row.outcome {
            RowOutcome::Refused => "refused",
            RowOutcome::Changed => "changed",
            RowOutcome::Created | RowOutcome::Unchanged => continue,
        };
        let title = row.title.as_deref().unwrap_or("(no title)");
        output::say(format!(
            "line {}: {what}: {title}: {}",
            row.line,
            row.reasons.join("; ")
        ));
    }
    for note in &report.notes {
        output::say(format!("note: {note}"));
    }
    let new = report.created + report.changed;
    let verb = match (report.dry_run, report.stopped) {
        (true, _) => "would be imported",
        (false, true) => "could have been imported",
        (false, false) => "imported",
    };
    output::say(format!(
        "{} rows: {new} {verb} ({} of them changed), {} here already, {} refused",
        report.total, report.changed, report.unchanged, report.refused
    ));
}

pub(super) async fn export(arguments: ExportArguments, config: &Config) -> Outcome {
    let format: ExportFormat = read("--format", &arguments.format)?;
    let tracker = start::tracker(config).await?;
    let account = account(&tracker, &arguments.user).await?;
    let zone = account.time_zone.zone();
    let mut export = transfer::export(&tracker, account.id, &zone, format).await?;
    let mut file = match &arguments.output {
        Some(path) => Some(std::fs::File::create(path).map_err(|error| {
            CommandError::Failed(format!("cannot write {}: {error}", path.display()))
        })?),
        None => None,
    };
    while let Some(chunk) = export.next_chunk().await? {
        let written = match &mut file {
            Some(file) => file.write_all(&chunk),
            None => output::write(&chunk),
        };
        written.map_err(|error| super::failed(&error))?;
    }
    if let Some(file) = file {
        file.sync_all().map_err(|error| super::failed(&error))?;
    }
    Ok(())
}
