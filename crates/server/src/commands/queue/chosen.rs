//! Which jobs, queues and kinds an operator means.

use clap::Args;
use duly_queue::store::{Filter, Paused, State};
use duly_queue::{JobId, QueueName};
use duly_tracker::{Tracker, jobs};
use jiff::Timestamp;
use uuid::Uuid;

use super::{MOST, failed};
use crate::commands::CommandError;

/// What is known of the jobs that are meant.
#[derive(Debug, Args)]
pub(in crate::commands) struct Which {
    /// Those of a queue.
    #[arg(long)]
    queue: Option<String>,
    /// Those of a kind.
    #[arg(long)]
    kind: Option<String>,
    /// Those with a tag.
    #[arg(long)]
    tag: Option<String>,
    /// Those with this in their data or error, letter by letter.
    #[arg(long)]
    text: Option<String>,
    /// Those of an owner.
    #[arg(long)]
    owner: Option<String>,
    /// Those pushed at this instant or later, for example 2026-11-30T09:00:00Z.
    #[arg(long)]
    since: Option<Timestamp>,
    /// Those pushed before this instant.
    #[arg(long)]
    until: Option<Timestamp>,
}

/// Which jobs are to be changed.
#[derive(Debug, Args)]
pub(in crate::commands) struct Chosen {
    /// These.
    ids: Vec<Uuid>,
    #[command(flatten)]
    which: Which,
    /// All of them.
    #[arg(long)]
    all: bool,
    /// Only say how many.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// A queue or a kind of jobs.
#[derive(Debug, Args)]
pub(in crate::commands) struct What {
    /// The name of a queue; with --kind, of a kind of jobs.
    name: String,
    /// It is a kind of jobs.
    #[arg(long)]
    kind: bool,
}

impl Which {
    pub(super) fn filter(&self) -> Filter {
        Filter {
            queue: self.queue.clone().map(QueueName::from),
            kind: self.kind.clone(),
            tag: self.tag.clone(),
            text: self.text.clone(),
            lane: self.owner.clone(),
            since: self.since,
            until: self.until,
            fingerprint: None,
        }
    }
}

impl Chosen {
    pub(super) async fn find(
        &self,
        tracker: &Tracker,
        states: &[State],
    ) -> Result<Vec<JobId>, CommandError> {
        let filter = self.which.filter();
        let describes = filter != Filter::default() || self.all;
        match (self.ids.is_empty(), describes) {
            (false, false) => Ok(self.ids.iter().copied().map(JobId).collect()),
            (true, true) => tracker.queue.find(states, &filter, MOST).await.map_err(failed),
            (true, false) => Err(CommandError::Wrong(
                "say which jobs: name ids, describe them (--kind, --queue, --tag, --text), or --all"
                    .into(),
            )),
            (false, true) => Err(CommandError::Wrong(
                "name jobs by their ids or describe them, not both".into(),
            )),
        }
    }
}

impl What {
    pub(super) fn read(&self) -> Result<Paused, CommandError> {
        let registry = jobs::registry();
        let (known, what) = match self.kind {
            true => (
                registry.names().into_iter().map(str::to_owned).collect(),
                Paused::Kind(self.name.clone()),
            ),
            false => (
                registry.queues().iter().map(QueueName::to_string).collect(),
                Paused::Queue(QueueName::from(self.name.clone())),
            ),
        };
        let known: Vec<String> = known;
        match known.contains(&self.name) {
            true => Ok(what),
            false => Err(CommandError::Wrong(format!(
                "there is no {}; known are {}",
                self.name,
                known.join(", ")
            ))),
        }
    }
}
