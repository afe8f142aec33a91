//! `duly import` and `duly export`

use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use duly_tracker::Tracker;
use duly_tracker::activity::{Actor, Way};
use duly_tracker::transfer::{
    self, ExportFormat, Format, LARGEST_FILE, Options, Outcome as RowOutcome, Report, ReportRow,
    Step,
};
use duly_tracker::users::{Account, admin};

use super::user::{nobody, read};
use super::{CommandError, Outcome};
use crate::config::Config;
use crate::output::{self, Bar};
use crate::start;

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// The address of the account that gets the tasks.
    #[arg(long)]
    user: String,
    /// The file; - reads the standard input. A file of Taskwarrior, todo.txt or Duly may be of any
    /// size; what comes by a pipe, and any other file, has at most 10 MiB and 50000 rows.
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
    let content = open(&arguments.file).map_err(|error| {
        CommandError::Failed(format!("cannot read {}: {error}", arguments.file.display()))
    })?;
    let tracker = start::tracker(config).await?;
    let account = account(&tracker, &arguments.user).await?;
    let options = Options {
        format,
        dry_run: arguments.dry_run,
        keep_going: arguments.keep_going,
    };
    let zone = account.time_zone.zone();
    let by = Actor::new(account.id, Way::Import);
    output::progress(format!("Reading {} …", arguments.file.display()));
    let mut bar = Bar::new(if options.dry_run {
        "Checking"
    } else {
        "Importing"
    });
    let report = match content {
        Content::File(file) => {
            let tell = |step: Step<'_>| show(&mut bar, step);
            transfer::import_file(&tracker, &by, &zone, file, options, tell).await
        }
        Content::Bytes(bytes) => {
            let report = transfer::import(&tracker, &by, &zone, bytes, options).await;
            report.inspect(|report| report.rows.iter().for_each(say_row))
        }
    };
    bar.end();
    let report = report?;
    say_report(&report);
    match report.stopped {
        true => Err(CommandError::Failed(format!(
            "{} of {} rows were refused, so nothing was imported; correct them or add --keep-going",
            report.refused, report.total
        ))),
        false => Ok(()),
    }
}

/// What is to be imported.
enum Content {
    /// A file, which can be read more than once.
    File(File),
    /// What came by a pipe.
    Bytes(Vec<u8>),
}

fn open(path: &Path) -> std::io::Result<Content> {
    if path == Path::new("-") {
        return drain(std::io::stdin());
    }
    let file = File::open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(Content::File(file)),
        false => drain(file),
    }
}

/// Reads what can be read once only, and is therefore kept in memory.
fn drain(pipe: impl Read) -> std::io::Result<Content> {
    let most = u64::try_from(LARGEST_FILE).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    pipe.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LARGEST_FILE {
        return Err(std::io::Error::other(format!(
            "it has more than {} MiB; write it to a file and name that, because what is larger is \
             read twice",
            LARGEST_FILE / 1024 / 1024
        )));
    }
    Ok(Content::Bytes(bytes))
}

fn show(bar: &mut Bar, step: Step<'_>) {
    match step {
        Step::Judged(rows) => output::progress(format!("Reading … {rows} rows")),
        Step::Row(row) => say_row(row),
        Step::Told { rows, of } => {
            let number = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
            bar.show("", number(rows), number(of));
        }
    }
}

async fn account(tracker: &Tracker, email: &str) -> Result<Account, CommandError> {
    let address = read("--user", email)?;
    admin::find(tracker, &address)
        .await
        .map_err(|error| nobody(email, error))
}

fn say_row(row: &ReportRow) {
    let what = match row.outcome {
        RowOutcome::Refused => "refused",
        RowOutcome::Changed => "changed",
        RowOutcome::Created | RowOutcome::Unchanged => return,
    };
    let title = row.title.as_deref().unwrap_or("(no title)");
    output::end_progress();
    output::say(format!(
        "line {}: {what}: {title}: {}",
        row.line,
        row.reasons.join("; ")
    ));
}

fn say_report(report: &Report) {
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
        Some(path) => Some(File::create(path).map_err(|error| {
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
