#![doc = include_str!("../README.md")]

mod backoff;
mod error;
mod job;
mod pause;
mod queue;
mod registry;
mod schedule;
mod sql;
pub mod store;
mod worker;

pub use backoff::Backoff;
pub use error::{Error, Result};
pub use job::{Attempt, Job, JobError, JobId, Pushed, QueueName};
pub use queue::{PAYLOAD_LIMIT, Queue, UNIQUE_KEY_LIMIT};
pub use registry::Registry;
pub use schedule::{
    Cadence, CatchUp, FailedFiring, Firing, Scheduler, SchedulerHandle, Schedules, TickReport,
};
pub use sql::{MIGRATIONS, SqlStore, TABLES, TOTALS_BY_MONTH};
pub use store::{AttemptOutcome, AttemptRecord, Counts, FailedCursor, FailedJob, Retried, Totals};
pub use worker::{DrainReport, Lease, RunReport, Worker, WorkerHandle, WorkerOptions};

/// How many attempts at one job are kept.
pub const ATTEMPTS_KEPT: u32 = 20;

/// How long a failed job is kept with its attempts.
pub const FAILED_KEPT_DAYS: u64 = 30;

/// How long the totals of each minute are to be kept; whoever runs the queue drops older ones with
/// [`duly_db::partitions::drop_older`] of [`TOTALS_BY_MONTH`].
pub const TOTALS_KEPT_DAYS: u64 = 90;
