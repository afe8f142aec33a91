//! `duly db`

use std::time::{Duration, Instant};

use clap::{Subcommand, ValueEnum};
use duly_db::Error;
use duly_db::partitions::yearly::{Layout, Outcome as Done, Progress, Step, convert};
use duly_tracker::tasks;

use super::{CommandError, Outcome};
use crate::config::Config;
use crate::{output, start};

/// How many rows are copied at once.
const BATCH: u32 = 1000;

/// How often the bar moves.
const BLINK: Duration = Duration::from_millis(100);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Take a table apart into partitions, or put it together again, while Duly runs.
    #[command(
        after_help = "Example: duly db partition tasks\n         duly db partition tasks --undo\n\nOn PostgreSQL, MariaDB and MySQL. It can be stopped at any time and started again."
    )]
    Partition {
        /// Which table.
        #[arg(value_enum)]
        table: Table,
        /// What a partition holds.
        #[arg(long, value_enum, default_value = "year")]
        by: By,
        /// Put it together again.
        #[arg(long, conflicts_with = "by")]
        undo: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Table {
    /// The tasks.
    Tasks,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum By {
    /// The tasks that were written in one year.
    Year,
}

pub(super) async fn run(command: Command, config: &Config) -> Outcome {
    let Command::Partition {
        table: Table::Tasks,
        by: By::Year,
        undo,
    } = command;
    let wanted = if undo { Layout::Whole } else { Layout::ByYear };
    let db = start::database(config).await?;
    let mut bar = Bar::new();
    let now = start::now();
    let done = convert(&db, &tasks::BY_YEAR, wanted, now, BATCH, &mut |progress| {
        bar.show(progress);
    })
    .await;
    output::end_progress();
    db.close().await;
    output::say(said(wanted, done.map_err(refused)?)?);
    Ok(())
}

fn refused(error: Error) -> CommandError {
    CommandError::Failed(match error {
        Error::Busy => "the tasks were in use all the time, or another `duly db partition` runs; \
             nothing is lost: try again later"
            .into(),
        other => format!("{other}\nnothing is lost: once the cause is gone, start it again"),
    })
}

fn said(wanted: Layout, done: Done) -> Result<String, CommandError> {
    let state = match wanted {
        Layout::ByYear => "partitioned by year",
        Layout::Whole => "one table",
    };
    match done {
        Done::Converted { rows } => Ok(format!("The tasks are {state} now ({rows} rows).")),
        Done::Abandoned => Ok(format!(
            "The tasks are {state}. What an interrupted run had begun is removed."
        )),
        Done::Already => Err(CommandError::Failed(format!(
            "the tasks are {state} already"
        ))),
        Done::NotNeeded => Err(CommandError::Failed(
            "SQLite has no partitions and needs none: it finds rows of a large table as fast"
                .into(),
        )),
    }
}

/// How far it has come: a bar for whoever watches, a line every tenth for a log.
struct Bar {
    started: Instant,
    shown: Option<Instant>,
    /// How many rows were there when it began.
    first: Option<u64>,
    tenth: u64,
}

impl Bar {
    fn new() -> Self {
        Bar {
            started: Instant::now(),
            shown: None,
            first: None,
            tenth: 0,
        }
    }

    fn show(&mut self, progress: Progress) {
        let Progress { step, rows, total } = progress;
        let percent = (rows * 100).checked_div(total).unwrap_or(100);
        if !output::is_watched() {
            let tenth = percent / 10 + u64::from(step == Step::Finishing);
            if tenth > self.tenth {
                self.tenth = tenth;
                output::complain(format!("{}: {rows} of {total} rows", word(step)));
            }
            return;
        }
        if step == Step::Copying && self.shown.is_some_and(|shown| shown.elapsed() < BLINK) {
            return;
        }
        self.shown = Some(Instant::now());
        let first = *self.first.get_or_insert(rows);
        let seconds = self.started.elapsed().as_secs().max(1);
        let speed = rows.saturating_sub(first) / seconds;
        let full = usize::try_from(percent / 4).unwrap_or(0).min(25);
        output::progress(format!(
            "{} [{}{}] {percent}% {rows} of {total} rows, {speed}/s",
            word(step),
            "#".repeat(full),
            ".".repeat(25 - full),
        ));
    }
}

fn word(step: Step) -> &'static str {
    match step {
        Step::Copying => "copying",
        Step::CatchingUp => "catching up",
        Step::Finishing => "finishing",
    }
}
