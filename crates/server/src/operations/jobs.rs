//! What this process did of jobs.

use duly_queue::store::{Outcome, Reserved};
use duly_queue::{Ended, Middleware};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// In seconds.
const BOUNDS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    messaging_destination_name: String,
    duly_job_kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempt {
    queue: String,
    kind: String,
    outcome: &'static str,
}

/// How attempts at jobs ended, and how long they took. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct JobFigures {
    took: Family<Kind, Histogram, fn() -> Histogram>,
    attempts: Family<Attempt, Counter>,
}

impl Default for JobFigures {
    fn default() -> Self {
        JobFigures {
            took: Family::new_with_constructor(|| Histogram::new(BOUNDS)),
            attempts: Family::default(),
        }
    }
}

impl JobFigures {
    pub(super) fn show(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "messaging_process_duration",
            "How long attempts at jobs took",
            Unit::Seconds,
            self.took.clone(),
        );
        registry.register(
            "duly_job_attempts",
            "How attempts at jobs ended",
            self.attempts.clone(),
        );
    }
}

impl Middleware for JobFigures {
    fn after(&self, job: &Reserved, ended: &Ended<'_>) {
        let outcome = match ended.outcome {
            Some(Outcome::Done) => "done",
            Some(Outcome::Retry { .. }) if job.attempt < job.tries => "retried",
            Some(Outcome::Retry { .. } | Outcome::Fail { .. }) => "failed",
            Some(Outcome::Release) | None => "released",
        };
        let (queue, kind) = (job.queue.to_string(), job.name.to_string());
        self.attempts
            .get_or_create(&Attempt {
                queue: queue.clone(),
                kind: kind.clone(),
                outcome,
            })
            .inc();
        let kind = Kind {
            messaging_destination_name: queue,
            duly_job_kind: kind,
        };
        self.took
            .get_or_create(&kind)
            .observe(ended.ran.as_secs_f64());
    }
}
