//! `duly work`

use std::time::Duration;

use clap::Args;
use duly_queue::{DrainReport, QueueName, WorkerOptions};
use duly_tracker::jobs;

use super::serve::{finish, heed_signals, start_worker, worker_options};
use super::{CommandError, Outcome};
use crate::config::{Config, size};
use crate::node::{Node, Stop};
use crate::operations::Operations;
use crate::supervision::{Doing, LentSockets, tell};
use crate::{logging, process, start};

/// Jobs that run when the worker is told to stop have this long to end, if nothing else is said.
const DRAIN: u64 = 30;

/// How often the memory of the process is looked at.
const LOOK: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The queues to serve, most important first; all of them when left out.
    #[arg(long, value_delimiter = ',')]
    queues: Vec<String>,
    /// How many jobs to run at once; worker.slots when left out.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    slots: Option<u16>,
    /// Stop after so many seconds, for whoever starts it again.
    #[arg(long)]
    max_time: Option<u64>,
    /// Stop when the process has more memory than this, for example 512MiB.
    #[arg(long, value_parser = |text: &str| size(text).ok_or("write a size like 512MiB"))]
    max_memory: Option<u64>,
    /// How many seconds jobs that run have to end when it stops; then they are given back.
    #[arg(long, default_value_t = DRAIN)]
    drain: u64,
}

pub(super) async fn run(arguments: Arguments, config: Config, lent: LentSockets) -> Outcome {
    let options = options(&arguments, &config)?;
    let lent = lent.only_for_operators().map_err(CommandError::Wrong)?;
    let (node, stop) = (Node::starting(config.http.clone()), Stop::default());
    let telling = tell(node.clone(), stop.told.clone(), Vec::new());
    let operations = Operations::new(node.clone(), "worker");
    let _seen = operations.serve(&config.operations, lent).await;
    let tracker = start::tracker_for(&config, &[]).await?;
    start::relay(&tracker, &config).await?;
    heed_signals(stop.clone())?;
    let (slots, queues) = (options.slots, names(&options.queues));
    let worker = start_worker(&tracker, options, &operations);
    node.work(tracker.clone());
    telling.ready(Doing {
        serves: None,
        works: Some(worker.watch()),
    });
    logging::say(
        &config.log,
        format!(
            "Duly {} works on {queues} with {slots} slots",
            env!("CARGO_PKG_VERSION")
        ),
    );
    tokio::select! {
        () = stop.told.cancelled() => {}
        () = after(arguments.max_time) => {
            tracing::info!("stopping: its time is over");
        }
        memory = grown_above(arguments.max_memory) => {
            tracing::info!(memory, "stopping: it has more memory than it may");
        }
    }
    // It may have told itself.
    stop.told.cancel();
    node.drain();
    let drain = Duration::from_secs(arguments.drain);
    let drained = tokio::select! {
        drained = worker.drain(drain) => drained,
        () = stop.at_once.cancelled() => DrainReport::default(),
    };
    if drained.unfinished > 0 {
        let jobs = drained.unfinished;
        tracing::info!(jobs, "jobs did not end in time and were given back");
    }
    finish(tracker).await;
    Ok(())
}

fn options(arguments: &Arguments, config: &Config) -> Result<WorkerOptions, CommandError> {
    let mut options = worker_options(config);
    if let Some(slots) = arguments.slots {
        options.slots = slots.into();
    }
    if !arguments.queues.is_empty() {
        let known = jobs::registry().queues();
        options.queues = Vec::new();
        for name in &arguments.queues {
            let queue = QueueName::from(name.trim().to_owned());
            if !known.contains(&queue) && queue != QueueName::DEFAULT {
                return Err(CommandError::Wrong(format!(
                    "there is no queue {name}; known are {}",
                    names(&known)
                )));
            }
            if !options.queues.contains(&queue) {
                options.queues.push(queue);
            }
        }
    }
    Ok(options)
}

fn names(queues: &[QueueName]) -> String {
    let names: Vec<&str> = queues.iter().map(QueueName::as_str).collect();
    names.join(", ")
}

async fn after(seconds: Option<u64>) {
    match seconds {
        Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        None => std::future::pending().await,
    }
}

/// Ends when the process has more memory than this; answers how much.
async fn grown_above(limit: Option<u64>) -> u64 {
    let Some(limit) = limit else {
        return std::future::pending().await;
    };
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        let memory = (process::about().memory)();
        if memory > limit {
            return memory;
        }
    }
}
