//! What the database knows of the queues. All processes tell the same, and none asks for it often.

use std::collections::BTreeMap;
use std::time::Duration;

use duly_queue::{Counts, QueueName, SCHEDULER_LEASE};
use duly_tracker::{Result, Tracker};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// What is known serves for so long.
const KEPT: Duration = Duration::from_secs(5);

/// Whoever asks does not wait for longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the queues are doing.
#[derive(Debug, Clone, Default)]
pub(super) struct QueueFigures {
    /// How many jobs are in which state.
    pub(super) counts: BTreeMap<QueueName, Counts>,
    /// For how many seconds the due job that waits longest has waited; 0 for queues without one.
    pub(super) oldest: BTreeMap<QueueName, f64>,
    /// For how many seconds nobody has started what is scheduled; 0 while somebody does, nothing when nobody ever did.
    pub(super) leaderless: Option<f64>,
}

/// Keeps what was found last.
#[derive(Debug, Default)]
pub(crate) struct Figures(Mutex<Option<(Instant, QueueFigures)>>);

impl Figures {
    /// How the queues are doing; nothing while the database does not answer.
    pub(super) async fn queues(&self, tracker: &Tracker) -> Option<QueueFigures> {
        let mut kept = self.0.lock().await;
        if let Some((at, figures)) = &*kept
            && at.elapsed() < KEPT
        {
            return Some(figures.clone());
        }
        match timeout(PATIENCE, look(tracker, tracker.clock.now())).await {
            Ok(Ok(figures)) => {
                *kept = Some((Instant::now(), figures.clone()));
                Some(figures)
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "the figures of the queues are not known");
                None
            }
            Err(_) => None,
        }
    }
}

async fn look(tracker: &Tracker, now: Timestamp) -> Result<QueueFigures> {
    let operations = tracker.queue.operations();
    let mut counts = operations.counts().await?;
    // Those without jobs are told as well: nothing is not the same as zero.
    for queue in QueueName::by_priority() {
        counts.entry(queue).or_default();
    }
    let since = operations.oldest().await?;
    let oldest = counts.keys().map(|queue| {
        let age = since.get(queue).map(|since| now.duration_since(*since));
        (queue.clone(), seconds(age.unwrap_or_default()))
    });
    let led_until = operations.led_until(SCHEDULER_LEASE).await?;
    Ok(QueueFigures {
        oldest: oldest.collect(),
        leaderless: led_until.map(|until| seconds(now.duration_since(until))),
        counts,
    })
}

fn seconds(duration: SignedDuration) -> f64 {
    duration.as_secs_f64().max(0.0)
}
