//! `duly queue status`

use std::time::Duration;

use duly_queue::store::{Pause, Paused};
use duly_tracker::{Tracker, jobs};
use jiff::Timestamp;

use super::failed;
use crate::commands::Outcome;
use crate::output;

pub(super) async fn print(tracker: &Tracker) -> Outcome {
    let operations = tracker.queue.operations();
    let now = tracker.clock.now();
    let counts = operations.counts().await.map_err(failed)?;
    let oldest = operations.oldest().await.map_err(failed)?;
    let pauses = operations.pauses().await.map_err(failed)?;
    output::say(format!(
        "{:<14}{:>8}{:>11}{:>9}{:>8}  {:<12}{}",
        "queue", "ready", "scheduled", "running", "failed", "waiting for", "paused"
    ));
    for queue in jobs::registry().queues() {
        let counts = counts.get(&queue).copied().unwrap_or_default();
        let waits = oldest.get(&queue).map(|&since| ago(now, since));
        let pause = pauses
            .iter()
            .find(|pause| pause.what == Paused::Queue(queue.clone()));
        output::say(format!(
            "{:<14}{:>8}{:>11}{:>9}{:>8}  {:<12}{}",
            queue.as_str(),
            counts.ready,
            counts.scheduled,
            counts.running,
            counts.failed,
            waits.unwrap_or_default(),
            pause.map(because).unwrap_or_default()
        ));
    }
    for pause in &pauses {
        if let Paused::Kind(kind) = &pause.what {
            output::say(format!("The kind {kind} is paused {}", because(pause)));
        }
    }
    let decisions = operations.decisions(Timestamp::UNIX_EPOCH, 1).await;
    if let Some(last) = decisions.map_err(failed)?.pop() {
        output::say(format!("\nSlots, as decided at {}:", last.at));
        for one in &last.decision.queues {
            let why = one.explain(last.decision.total_slots);
            output::say(format!("  {:<14}{why}", one.queue.as_str()));
        }
    }
    let workers = operations.workers().await.map_err(failed)?;
    if workers.is_empty() {
        output::say("\nNo worker was heard of within the last minute.");
    }
    for worker in workers {
        output::say(format!(
            "\n{} (process {}, {}): {} of {} slots busy",
            worker.host,
            worker.process,
            worker.version,
            worker.running.len(),
            worker.slots
        ));
        for job in worker.running {
            let runs = Duration::from_millis(job.for_ms);
            output::say(format!("  {} {} for {runs:?}", job.id, job.kind));
        }
    }
    Ok(())
}

fn because(pause: &Pause) -> String {
    let until = pause.until.map(|until| format!(" until {until}"));
    format!(
        "by {}{}: {}",
        pause.by,
        until.unwrap_or_default(),
        pause.reason
    )
}

fn ago(now: Timestamp, since: Timestamp) -> String {
    format!("{} s", now.duration_since(since).as_secs())
}
