//! What administrators are shown of queues, workers and what became of jobs, as JSON.

use std::time::Duration;

use duly_queue::balance::{Mode, QueueDecision};
use duly_queue::store::{Action, Decided, Measured, Pause, Paused, WorkerRecord};
use duly_queue::{Counts, Histogram, JobId, Totals};
use duly_tracker::alarms::Alarm;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// The queues, who works on them, and what is paused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queues {
    /// What is wrong: those who operate have been told of it.
    pub(crate) alarms: Vec<Alarm>,
    /// Those that jobs wait in, most important first.
    pub(crate) queues: Vec<Queue>,
    /// The kinds of jobs this release knows.
    pub(crate) kinds: Vec<String>,
    /// The kinds that are paused.
    pub(crate) paused_kinds: Vec<JobPause>,
    /// The workers that were heard of within the last minute.
    pub(crate) workers: Vec<JobWorker>,
    /// How slots are given to queues; null before that was decided for the first time.
    pub(crate) balance: Option<JobBalance>,
}

/// How slots are given to queues, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobBalance {
    /// When that was decided. While nothing changes it is not decided anew.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `auto`, `simple` or `off`.
    mode: String,
    /// The slots of all workers.
    slots: u32,
    /// The slots that are guaranteed to no queue: they serve what is due, the most important first.
    floating: u32,
    /// Each queue, the most important first.
    queues: Vec<QueueBalance>,
}

/// The slots of a queue, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueBalance {
    /// The queue.
    name: String,
    /// The slots it is guaranteed. They serve others while it has nothing to do.
    slots: u32,
    /// The most it may have; null without bound.
    at_most: Option<u32>,
    /// The slots it asked for.
    wanted: u32,
    /// Jobs that were due.
    backlog: u64,
    /// Jobs that became due since the decision before.
    arrived: u64,
    /// Attempts that ended since then.
    finished: u64,
    /// How long its jobs are taken to run, in milliseconds.
    run_ms: u64,
    /// In a sentence.
    reason: String,
}

impl From<Decided> for JobBalance {
    fn from(decided: Decided) -> Self {
        let Decided { at, decision, .. } = decided;
        let queue = |one: &QueueDecision| QueueBalance {
            name: one.queue.to_string(),
            slots: one.give,
            at_most: one.at_most,
            wanted: one.want,
            backlog: one.observed.backlog,
            arrived: one.observed.arrived,
            finished: one.observed.finished,
            run_ms: millis(one.run_time),
            reason: one.explain(decision.total_slots),
        };
        JobBalance {
            at,
            mode: match decision.mode {
                Mode::Auto => "auto",
                Mode::Simple => "simple",
                Mode::Off => "off",
            }
            .to_owned(),
            slots: decision.total_slots,
            floating: decision.floating(),
            queues: decision.queues.iter().map(queue).collect(),
        }
    }
}

/// How a queue is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queue {
    /// Its name.
    pub(crate) name: String,
    /// Jobs that are due and wait for a worker.
    pub(crate) ready: u64,
    /// Jobs that are due later.
    pub(crate) scheduled: u64,
    /// Jobs that are being run.
    pub(crate) running: u64,
    /// Jobs that failed for good and are kept.
    pub(crate) failed: u64,
    /// Since when the job waits that waits longest.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) waiting_since: Option<Timestamp>,
    /// The pause, if it is paused.
    pub(crate) pause: Option<JobPause>,
    /// What became of its jobs within the last hour.
    pub(crate) last_hour: JobFigures,
}

impl Queue {
    pub(crate) fn new(name: String, counts: Counts) -> Self {
        Queue {
            name,
            ready: counts.ready,
            scheduled: counts.scheduled,
            running: counts.running,
            failed: counts.failed,
            waiting_since: None,
            pause: None,
            last_hour: JobFigures::default(),
        }
    }
}

/// What became of jobs, and how long they took.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct JobFigures {
    /// Jobs done.
    done: u64,
    /// Jobs failed for good.
    failed: u64,
    /// Attempts that failed and were followed by another.
    retried: u64,
    /// Attempts whose worker died or was stuck.
    expired: u64,
    /// Attempts given back by a worker that had to stop.
    released: u64,
    /// Jobs ended by an operator.
    cancelled: u64,
    /// How long jobs were due before they were taken.
    wait: JobDurations,
    /// How long attempts ran.
    run: JobDurations,
}

impl JobFigures {
    pub(crate) fn new(totals: Totals, wait: &Histogram, run: &Histogram) -> Self {
        JobFigures {
            done: totals.done,
            failed: totals.failed,
            retried: totals.retried,
            expired: totals.expired,
            released: totals.released,
            cancelled: totals.cancelled,
            wait: JobDurations::of(wait),
            run: JobDurations::of(run),
        }
    }
}

/// Durations, in milliseconds; null when nothing was measured.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct JobDurations {
    /// The mean.
    mean_ms: Option<u64>,
    /// What half of them do not exceed.
    p50_ms: Option<u64>,
    /// What 95 of 100 do not exceed.
    p95_ms: Option<u64>,
    /// What 99 of 100 do not exceed.
    p99_ms: Option<u64>,
}

impl JobDurations {
    fn of(histogram: &Histogram) -> Self {
        JobDurations {
            mean_ms: histogram.mean().map(millis),
            p50_ms: histogram.quantile(500).map(millis),
            p95_ms: histogram.quantile(950).map(millis),
            p99_ms: histogram.quantile(990).map(millis),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A pause, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobPause {
    /// The queue or kind that is paused.
    name: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Until when; null until somebody resumes it.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Who wanted it.
    by: String,
    /// Why.
    reason: String,
}

impl From<Pause> for JobPause {
    fn from(pause: Pause) -> Self {
        JobPause {
            name: match pause.what {
                Paused::Queue(queue) => queue.to_string(),
                Paused::Kind(kind) => kind,
            },
            since: pause.since,
            until: pause.until,
            by: pause.by,
            reason: pause.reason,
        }
    }
}

/// A worker, and what it is at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobWorker {
    /// Its id, another one after each start.
    id: String,
    /// The machine it runs on.
    host: String,
    /// The number of its process there.
    process: u32,
    /// The release of its program.
    version: String,
    /// The queues it serves, most important first.
    queues: Vec<String>,
    /// How many jobs it runs at once.
    slots: u32,
    /// What it runs, what has run longest first.
    running: Vec<JobSlot>,
    /// How much memory its process has.
    memory_bytes: u64,
    /// When it started.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it was last heard of.
    #[schema(value_type = String, format = DateTime)]
    heard_at: Timestamp,
}

/// What a slot of a worker is at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobSlot {
    /// The job.
    #[schema(value_type = String)]
    job: JobId,
    /// Its kind.
    kind: String,
    /// Where it waited.
    queue: String,
    /// Which attempt it is.
    attempt: u32,
    /// For how long it has run.
    for_ms: u64,
}

impl From<WorkerRecord> for JobWorker {
    fn from(worker: WorkerRecord) -> Self {
        let slot = |running: duly_queue::store::RunningJob| JobSlot {
            job: running.id,
            kind: running.kind.into_owned(),
            queue: running.queue.to_string(),
            attempt: running.attempt,
            for_ms: running.for_ms,
        };
        JobWorker {
            id: worker.id.to_string(),
            host: worker.host,
            process: worker.process,
            version: worker.version,
            queues: worker.queues.iter().map(ToString::to_string).collect(),
            slots: worker.slots,
            running: worker.running.into_iter().map(slot).collect(),
            memory_bytes: worker.memory,
            started_at: worker.started_at,
            heard_at: worker.heard_at,
        }
    }
}

/// What became of jobs of one kind within a while.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobMeasure {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// Where they waited.
    queue: String,
    /// Their kind.
    kind: String,
    /// What became of them.
    #[serde(flatten)]
    figures: JobFigures,
}

impl From<Measured> for JobMeasure {
    fn from(measured: Measured) -> Self {
        JobMeasure {
            start: measured.start,
            queue: measured.queue.to_string(),
            figures: JobFigures::new(measured.totals, &measured.wait, &measured.run),
            kind: measured.kind,
        }
    }
}

/// Something an operator did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobAction {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who.
    by: String,
    /// What: `retry`, `cancel`, `forget`, `pause` or `resume`.
    action: String,
    /// With what: the id of a job, how many jobs, or the name of a queue or kind.
    target: String,
    /// More of it.
    detail: String,
}

impl From<Action> for JobAction {
    fn from(action: Action) -> Self {
        JobAction {
            at: action.at,
            by: action.by,
            action: action.action,
            target: action.target,
            detail: action.detail,
        }
    }
}
