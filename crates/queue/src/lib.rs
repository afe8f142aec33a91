#![doc = include_str!("../README.md")]

mod backoff;
pub mod balance;
mod batch;
mod breaker;
mod error;
mod fingerprint;
mod histogram;
mod job;
mod log;
mod middleware;
mod pause;
mod queue;
mod rate;
mod redis;
mod registry;
mod schedule;
mod sql;
pub mod store;
mod worker;

pub use backoff::Backoff;
pub use batch::{BatchId, BatchKeeper, BatchKeeperHandle, BatchRecord, BatchState, NewBatch};
pub use breaker::{Breaker, BreakerHandle, BreakerSettings};
pub use error::{Error, Result};
pub use fingerprint::fingerprint;
pub use histogram::Histogram;
pub use job::{Attempt, Job, JobError, JobId, Priority, Pushed, QueueName};
pub use log::{BYTES_KEPT, JobLog, LINES_KEPT, LogLevel, LogLine, job_logs};
pub use middleware::{Ended, Middleware};
pub use queue::{LANE_LIMIT, NewJobs, PAYLOAD_LIMIT, Queue, UNIQUE_KEY_LIMIT};
pub use rate::Rate;
pub use redis::{Keeping, RedisStore};
pub use registry::Registry;
pub use schedule::{
    Cadence, CatchUp, FailedFiring, Firing, Planned, SCHEDULER_LEASE, Scheduler, SchedulerHandle,
    Schedules, TickReport,
};
pub use sql::{MIGRATIONS, SqlStore, TABLES, TAGS_WATCHED};
pub use store::{AttemptOutcome, AttemptRecord, Counts, Retried, Totals};
pub use worker::{
    About, DrainReport, Lease, RunReport, Worker, WorkerHandle, WorkerOptions, WorkerWatch,
};

/// How many attempts at one job are kept.
pub const ATTEMPTS_KEPT: u32 = 20;

/// How long a failed job is kept with its attempts.
pub const FAILED_KEPT_DAYS: u64 = 30;

/// How many jobs that were done or cancelled are kept.
pub const FINISHED_KEPT: u32 = 10_000;
