//! The commands of `duly`, one file each.

mod backup;
mod config;
mod db;
mod doctor;
mod dump;
mod feedback;
mod healthcheck;
mod limits;
mod mail;
mod migrate;
mod queue;
mod restore;
mod serve;
mod transfer;
mod user;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::api::document;
use crate::config::{Config, Fault, Loaded};
use crate::logging::{self, Stream};
use crate::supervision::LentSockets;
use crate::traces::{Traces, WrongTraces};
use crate::{output, start};

/// Tasks, and reminders that come once.
#[derive(Debug, Parser)]
#[command(name = "duly", version, after_help = "Start with: duly serve")]
struct Cli {
    /// The settings file (duly.toml in this folder when there is one).
    #[arg(long, global = true, env = "DULY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run Duly.
    #[command(
        after_help = "Example: duly serve\n         DULY_HTTP__LISTEN=0.0.0.0:8080 duly serve"
    )]
    Serve(serve::Arguments),
    /// Run jobs, and nothing else.
    #[command(
        after_help = "Example: duly work --queues urgent,default,reminders --slots 10 --max-time 3600"
    )]
    Work(work::Arguments),
    /// Bring the database up to date; `serve` does it too.
    #[command(after_help = "Example: duly migrate --dry-run")]
    Migrate(migrate::Arguments),
    /// Look after the database's tables.
    #[command(subcommand, after_help = "Example: duly db partition tasks")]
    Db(db::Command),
    /// Look after accounts.
    #[command(
        subcommand,
        after_help = "Example: duly user create --name Ann --email ann@example.org --admin"
    )]
    User(user::Command),
    /// See how often somebody has asked, and let them in again.
    #[command(
        subcommand,
        after_help = "Example: duly limits show\n         duly limits clear ann@example.org"
    )]
    Limits(limits::Command),
    /// See the jobs that run later, try failed ones again, pause and resume.
    #[command(
        subcommand,
        after_help = "Example: duly queue status\n         duly queue list --state failed"
    )]
    Queue(queue::Command),
    /// Bring tasks in from a file of Taskwarrior, todo.txt, iCalendar, Todoist or Duly.
    #[command(
        after_help = "Example: task export > tasks.json\n         duly import --user ann@example.org tasks.json --dry-run"
    )]
    Import(transfer::ImportArguments),
    /// Write somebody's tasks to a file.
    #[command(
        after_help = "Example: duly export --user ann@example.org --format csv --output tasks.csv"
    )]
    Export(transfer::ExportArguments),
    /// Write everything to one file that every database takes: SQLite, PostgreSQL, MariaDB.
    #[command(
        after_help = "Example: duly dump duly.dump\n         duly dump - | ssh new.example.org duly restore -"
    )]
    Dump(dump::Arguments),
    /// Fill an empty database from a dump.
    #[command(
        after_help = "Example: duly restore duly.dump\n         DULY_DUMP_PASSPHRASE_FILE=/run/secrets/dump duly restore duly.dump"
    )]
    Restore(restore::Arguments),
    /// Copy SQLite's database while Duly runs.
    #[command(after_help = "Example: duly backup duly-backup.db")]
    Backup(backup::Arguments),
    /// Find out what is wrong with this installation.
    #[command(
        after_help = "Exit code 0: nothing has to be put right, though there may be warnings; 1: something has; 2: the command is written wrong.\nExample: duly doctor\n         duly doctor --json | jq '.checks[] | select(.status != \"ok\")'"
    )]
    Doctor(doctor::Arguments),
    /// Say whether the process that runs here is ready, for containers: exit code 0 or 1.
    #[command(after_help = "Example: duly healthcheck")]
    Healthcheck,
    /// Print the OpenAPI document.
    #[command(after_help = "Example: duly openapi > openapi.json")]
    Openapi,
    /// Print the settings in force and where each comes from.
    #[command(after_help = "Example: duly config\n         duly config check")]
    Config(config::Arguments),
    /// Try whether mail can be sent, and take what mail servers report.
    #[command(
        subcommand,
        after_help = "Example: duly mail test --to ann@example.org\n         duly mail feedback < report.eml"
    )]
    Mail(mail::Command),
    /// Print a script that completes commands in your shell.
    #[command(after_help = "Example: duly completions bash > /etc/bash_completion.d/duly")]
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It could not: exit code 1.
    #[error("{0}")]
    Failed(String),
    /// It was asked the wrong way, or the settings or the servers they name are set up wrong: exit
    /// code 2.
    #[error("{0}")]
    Wrong(String),
    /// It was refused for a reason that scripts tell apart by an exit code of its own.
    #[error("{1}")]
    Refused(u8, String),
}

impl From<duly_tracker::Error> for CommandError {
    fn from(error: duly_tracker::Error) -> Self {
        match error {
            duly_tracker::Error::Invalid(_) => CommandError::Wrong(error.to_string()),
            duly_tracker::Error::Misconfigured(reason) => CommandError::Wrong(reason),
            duly_tracker::Error::Unavailable(reason) => CommandError::Failed(reason),
            other => CommandError::Failed(other.to_string()),
        }
    }
}

impl From<WrongTraces> for CommandError {
    fn from(error: WrongTraces) -> Self {
        CommandError::Wrong(error.to_string())
    }
}

impl From<Vec<Fault>> for CommandError {
    fn from(faults: Vec<Fault>) -> Self {
        let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
        CommandError::Wrong(format!(
            "the settings are wrong:\n{}\nput them right; `duly config check` says whether they are",
            lines.join("\n")
        ))
    }
}

/// What commands answer.
pub(crate) type Outcome = Result<(), CommandError>;

/// Runs the command named by the arguments of this process.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(format!("duly: {error}"));
            match error {
                CommandError::Failed(_) => ExitCode::from(1),
                CommandError::Wrong(_) => ExitCode::from(2),
                CommandError::Refused(code, _) => ExitCode::from(code),
            }
        }
    }
}

fn dispatch(cli: Cli) -> Outcome {
    let settings = || load(cli.config.as_deref());
    match cli.command {
        Command::Openapi => {
            output::write(document::text().as_bytes()).map_err(|error| failed(&error))
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "duly", &mut script);
            output::write(&script).map_err(|error| failed(&error))
        }
        Command::Config(arguments) => config::run(&arguments, &settings()?),
        Command::Doctor(arguments) => {
            block_on(doctor::run(&arguments, read(cli.config.as_deref())))?
        }
        Command::Healthcheck => block_on(healthcheck::run(settings()?.config))?,
        Command::Serve(arguments) => work_on(settings()?, |config, lent| {
            serve::run(arguments, config, lent)
        }),
        Command::Work(arguments) => work_on(settings()?, |config, lent| {
            work::run(arguments, config, lent)
        }),
        Command::Migrate(arguments) => with_settings(settings()?, |config| async move {
            migrate::run(arguments, &config).await
        }),
        Command::Db(command) => with_settings(settings()?, |config| async move {
            db::run(command, &config).await
        }),
        Command::User(command) => with_settings(settings()?, |config| async move {
            user::run(command, &config).await
        }),
        Command::Limits(command) => with_settings(settings()?, |config| async move {
            limits::run(command, &config).await
        }),
        Command::Queue(command) => with_settings(settings()?, |config| async move {
            queue::run(command, &config).await
        }),
        Command::Import(arguments) => with_settings(settings()?, |config| async move {
            transfer::import(arguments, &config).await
        }),
        Command::Export(arguments) => with_settings(settings()?, |config| async move {
            transfer::export(arguments, &config).await
        }),
        Command::Dump(arguments) => with_settings(settings()?, |config| async move {
            dump::run(arguments, &config).await
        }),
        Command::Restore(arguments) => with_settings(settings()?, |config| async move {
            restore::run(arguments, &config).await
        }),
        Command::Backup(arguments) => with_settings(settings()?, |config| async move {
            backup::run(arguments, &config).await
        }),
        Command::Mail(mail::Command::Feedback) => feed(settings()),
        Command::Mail(command) => with_settings(settings()?, |config| async move {
            mail::run(command, &config).await
        }),
    }
}

/// A mail server that is told anything but "later" loses its report.
fn feed(settings: Result<Loaded, CommandError>) -> Outcome {
    let config = settings.map_err(feedback::later)?.config;
    logging::start(&config.log, Stream::Errors, None, None);
    block_on(feedback::run(&config, std::io::stdin()))?
}

fn load(named: Option<&std::path::Path>) -> Result<Loaded, CommandError> {
    Ok(read(named)?)
}

fn read(named: Option<&std::path::Path>) -> Result<Loaded, Vec<Fault>> {
    crate::config::load(named, variables())
}

/// A variable that is not text cannot be one of ours.
fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Refuses to go on where opening the database would make it.
fn expect_database(config: &Config) -> Outcome {
    match config.database.file() {
        Some(path) if !path.exists() => Err(CommandError::Failed(format!(
            "there is no database at {}; see database.url in the settings",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Runs what works until it is told to stop, with its log and its traces.
fn work_on<F: Future<Output = Outcome>>(
    loaded: Loaded,
    work: impl FnOnce(Config, LentSockets) -> F,
) -> Outcome {
    let config = loaded.config;
    // Before there are threads.
    let lent = LentSockets::take().map_err(CommandError::Wrong)?;
    block_on(async {
        let traces = crate::config::traces(variables())
            .map(Traces::start)
            .transpose()?;
        let reports = start::error_reports(&config);
        logging::start(
            &config.log,
            Stream::Usual,
            traces.as_ref(),
            reports.as_ref(),
        );
        let outcome = work(config, lent).await;
        if let Some(reports) = reports {
            reports.end().await;
        }
        if let Some(traces) = traces {
            traces.end().await;
        }
        outcome
    })?
}

fn with_settings<F: Future<Output = Outcome>>(
    loaded: Loaded,
    work: impl FnOnce(Config) -> F,
) -> Outcome {
    block_on(work(loaded.config))?
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    Ok(runtime.map_err(|error| failed(&error))?.block_on(work))
}

fn failed(error: &dyn std::error::Error) -> CommandError {
    CommandError::Failed(error.to_string())
}
