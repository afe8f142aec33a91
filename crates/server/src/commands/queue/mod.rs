//! `duly queue`

mod chosen;
mod moving;
mod status;
mod tags;

use clap::{Subcommand, ValueEnum};
use duly_queue::store::{
    AttemptRecord, By, Filter, JobRecord, Listing, Operations, Pause, Paused, Retried, Retrying,
    State,
};
use duly_queue::{AttemptOutcome, JobId};
use duly_tracker::Tracker;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use self::chosen::{Chosen, What, Which};
use super::{CommandError, Outcome};
use crate::config::Config;
use crate::{output, start};

/// So many jobs are changed by one command at most.
const MOST: u32 = 100_000;

/// So many are changed by one transaction.
const AT_ONCE: usize = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print how the queues are doing, and who works on them.
    Status,
    /// List jobs.
    #[command(after_help = "Example: duly queue list --state failed --kind send_reminder")]
    List {
        /// In which state.
        #[arg(long, value_enum, default_value_t = InState::Ready)]
        state: InState,
        #[command(flatten)]
        which: Which,
        /// How many to list.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show a job with all its attempts.
    #[command(after_help = "Example: duly queue show 01998f2c-3a9a-7c7e-9f57-0e4d7d2b8c11")]
    Show {
        /// The job.
        id: Uuid,
    },
    /// Try failed jobs again, with all their tries.
    #[command(
        after_help = "Example: duly queue retry --kind send_reminder --per-second 10\n         duly queue retry 01998f2c-3a9a-7c7e-9f57-0e4d7d2b8c11"
    )]
    Retry {
        #[command(flatten)]
        chosen: Chosen,
        /// So many each second; all at once when left out.
        #[arg(long)]
        per_second: Option<u32>,
    },
    /// End jobs that wait or run.
    #[command(after_help = "Example: duly queue cancel --kind purge_trash")]
    Cancel {
        #[command(flatten)]
        chosen: Chosen,
    },
    /// Delete failed jobs with all that is known of them.
    #[command(after_help = "Example: duly queue forget --text \"no such mailbox\"")]
    Forget {
        #[command(flatten)]
        chosen: Chosen,
    },
    /// Delete failed jobs that were pushed so long ago.
    #[command(after_help = "Example: duly queue prune --days 7")]
    Prune {
        /// How many days ago at least.
        #[arg(long)]
        days: u32,
    },
    /// Take no more jobs from a queue, or of a kind. What runs goes on.
    #[command(
        after_help = "Example: duly queue pause reminders --minutes 30 --reason \"the mail server moves\""
    )]
    Pause {
        #[command(flatten)]
        what: What,
        /// For how long; until it is resumed when left out.
        #[arg(long)]
        minutes: Option<u32>,
        /// Why, for others who operate.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Take jobs from a queue, or of a kind, again.
    #[command(after_help = "Example: duly queue resume reminders")]
    Resume {
        #[command(flatten)]
        what: What,
    },
    /// Print the tags that are watched, and how many jobs have them.
    Tags,
    /// Keep an eye on a tag.
    #[command(after_help = "Example: duly queue watch user:01998f2c-3a9a-7c7e-9f57-0e4d7d2b8c11")]
    Watch {
        /// The tag.
        tag: String,
    },
    /// Keep an eye on a tag no longer.
    #[command(after_help = "Example: duly queue unwatch user:01998f2c-3a9a-7c7e-9f57-0e4d7d2b8c11")]
    Unwatch {
        /// The tag.
        tag: String,
    },
    /// Move all jobs to another store. Nobody may work meanwhile.
    #[command(
        after_help = "Example: DULY_QUEUE__URL=redis://queue.example:6379 duly queue move --to redis"
    )]
    Move {
        /// Where to.
        #[arg(long, value_enum)]
        to: moving::To,
    },
    /// List what operators did, newest first.
    Actions {
        /// How many to list.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
}

/// The states of jobs.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum InState {
    Ready,
    Scheduled,
    Running,
    Failed,
    Done,
    Cancelled,
}

pub(super) async fn run(command: Command, config: &Config) -> Outcome {
    if let Command::Move { to } = command {
        return moving::run(to, config).await;
    }
    let tracker = start::tracker(config).await?;
    let operations = tracker.queue.operations();
    match command {
        Command::Status => status::print(&tracker).await,
        Command::List {
            state,
            which,
            limit,
        } => list(operations, state.into(), &which.filter(), limit).await,
        Command::Show { id } => show(operations, JobId(id)).await,
        Command::Retry { chosen, per_second } => retry(&tracker, chosen, per_second).await,
        Command::Cancel { chosen } => cancel(&tracker, &chosen).await,
        Command::Forget { chosen } => {
            let ids = chosen.find(&tracker, &[State::Failed]).await?;
            match chosen.dry_run {
                true => would("delete", &ids),
                false => forget(operations, &ids).await,
            }
        }
        Command::Prune { days } => {
            let age = SignedDuration::from_hours(24 * i64::from(days));
            let filter = Filter {
                until: tracker.clock.now().checked_sub(age).ok(),
                ..Filter::default()
            };
            let ids = tracker.queue.find(&[State::Failed], &filter, MOST).await;
            forget(operations, &ids.map_err(failed)?).await
        }
        Command::Pause {
            what,
            minutes,
            reason,
        } => pause(&tracker, what, minutes, reason).await,
        Command::Resume { what } => {
            let what = what.read()?;
            output::say(match operations.resume(BY, &what).await.map_err(failed)? {
                true => format!("{} is not paused any more.", called(&what)),
                false => format!("{} was not paused.", called(&what)),
            });
            Ok(())
        }
        Command::Tags => tags::print(operations).await,
        Command::Watch { tag } => tags::watch(operations, &tag).await,
        Command::Unwatch { tag } => tags::unwatch(operations, &tag).await,
        Command::Actions { limit } => actions(operations, limit).await,
        Command::Move { .. } => Ok(()),
    }
}

/// Who acts.
const BY: By<'static> = By("the command line");

fn failed(error: duly_queue::Error) -> CommandError {
    duly_tracker::Error::from(error).into()
}

async fn list(operations: &dyn Operations, state: State, filter: &Filter, limit: u32) -> Outcome {
    let listing = Listing {
        state,
        filter,
        limit,
        after: None,
    };
    let jobs = operations.list(&listing).await.map_err(failed)?;
    for job in &jobs {
        output::say(line(job));
    }
    if jobs.is_empty() {
        output::say("There are no such jobs.");
    }
    Ok(())
}

fn line(job: &JobRecord) -> String {
    let at = job.ended_at.or(job.started_at).or(job.run_at);
    let error = job.error.as_deref().unwrap_or_default();
    let error: String = error.chars().take(80).collect();
    format!(
        "{}  {:<24} {:<11} {}  {}",
        job.id,
        job.kind,
        job.queue.as_str(),
        at.unwrap_or(job.pushed_at),
        error
    )
}

async fn show(operations: &dyn Operations, id: JobId) -> Outcome {
    let Some(job) = operations.job(id).await.map_err(failed)? else {
        let message = format!("there is no job {id}, or it was done and is not kept");
        return Err(CommandError::Failed(message));
    };
    let state = format!("{:?}", job.state).to_lowercase();
    output::say(format!("{} {} in {}: {state}", job.id, job.kind, job.queue));
    output::say(format!("pushed at {}", job.pushed_at));
    if let Some(due) = job.run_at {
        output::say(format!("due at {due}"));
    }
    if !job.tags.is_empty() {
        output::say(format!("tags: {}", job.tags.join(", ")));
    }
    output::say(format!("data: {}", job.payload));
    for attempt in operations.attempts(id).await.map_err(failed)? {
        show_attempt(&attempt);
    }
    Ok(())
}

fn show_attempt(attempt: &AttemptRecord) {
    let outcome = attempt.outcome.map_or("runs", AttemptOutcome::as_str);
    let error = attempt.error.as_deref().unwrap_or_default();
    output::say(format!(
        "attempt {} at {}: {outcome} {error}",
        attempt.number, attempt.started_at
    ));
    for line in &attempt.log.lines {
        let (level, text) = (line.level.as_str(), &line.text);
        output::say(format!("  {:>6} ms {level:<5} {text}", line.after_ms));
    }
    if attempt.log.more > 0 {
        output::say(format!("  … {} more", attempt.log.more));
    }
}

async fn retry(tracker: &Tracker, chosen: Chosen, per_second: Option<u32>) -> Outcome {
    let ids = chosen.find(tracker, &[State::Failed]).await?;
    if chosen.dry_run {
        return would("try again", &ids);
    }
    let retrying = Retrying {
        per_second,
        payload: None,
    };
    let retried = tracker.queue.retry(BY, &ids, &retrying).await;
    let retried = retried.map_err(failed)?;
    let count = |wanted: fn(&Retried) -> bool| retried.iter().filter(|it| wanted(it)).count();
    let queued = count(|it| *it == Retried::Queued);
    output::say(format!("{queued} jobs wait again."));
    let held_up = count(|it| matches!(it, Retried::Duplicate(_)));
    if held_up > 0 {
        output::say(format!(
            "{held_up} stay failed: another job with the same unique key waits or runs."
        ));
    }
    Ok(())
}

async fn cancel(tracker: &Tracker, chosen: &Chosen) -> Outcome {
    let states = [State::Ready, State::Scheduled, State::Running];
    let ids = chosen.find(tracker, &states).await?;
    if chosen.dry_run {
        return would("end", &ids);
    }
    let mut ended = 0;
    let operations = tracker.queue.operations();
    for ids in ids.chunks(AT_ONCE) {
        ended += operations.cancel(BY, ids).await.map_err(failed)?.len();
    }
    output::say(format!("Ended {ended} jobs."));
    Ok(())
}

/// Says what a dry run would have done.
fn would(what: &str, ids: &[JobId]) -> Outcome {
    output::say(format!("Would {what} {} jobs.", ids.len()));
    Ok(())
}

async fn forget(operations: &dyn Operations, ids: &[JobId]) -> Outcome {
    let mut gone = 0;
    for ids in ids.chunks(AT_ONCE) {
        gone += operations.forget(BY, ids).await.map_err(failed)?.len();
    }
    output::say(format!("Deleted {gone} failed jobs."));
    Ok(())
}

async fn pause(tracker: &Tracker, what: What, minutes: Option<u32>, reason: String) -> Outcome {
    let since = tracker.clock.now();
    let length = minutes.map(|minutes| SignedDuration::from_mins(i64::from(minutes)));
    let pause = Pause {
        what: what.read()?,
        since,
        until: length.map(|length| since.checked_add(length).unwrap_or(Timestamp::MAX)),
        by: BY.0.to_owned(),
        reason,
    };
    let operations = tracker.queue.operations();
    operations.pause(BY, &pause).await.map_err(failed)?;
    output::say(match pause.until {
        Some(until) => format!("{} is paused until {until}.", called(&pause.what)),
        None => format!("{} is paused until it is resumed.", called(&pause.what)),
    });
    Ok(())
}

async fn actions(operations: &dyn Operations, limit: u32) -> Outcome {
    let actions = operations.actions(limit, None).await.map_err(failed)?;
    for action in &actions {
        output::say(format!(
            "{}  {} by {}: {} {}",
            action.at, action.action, action.by, action.target, action.detail
        ));
    }
    if actions.is_empty() {
        output::say("Nobody has done anything yet.");
    }
    Ok(())
}

fn called(what: &Paused) -> String {
    match what {
        Paused::Queue(queue) => format!("The queue {queue}"),
        Paused::Kind(kind) => format!("The kind {kind}"),
    }
}

impl From<InState> for State {
    fn from(state: InState) -> Self {
        match state {
            InState::Ready => State::Ready,
            InState::Scheduled => State::Scheduled,
            InState::Running => State::Running,
            InState::Failed => State::Failed,
            InState::Done => State::Done,
            InState::Cancelled => State::Cancelled,
        }
    }
}
