//! What administrators are shown of a job, as JSON.

use duly_queue::store::{AttemptRecord, FailureGroup, JobRecord, State};
use duly_queue::{AttemptOutcome, JobId, LogLine, Priority};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Job {
    /// The job.
    #[schema(value_type = String)]
    id: JobId,
    /// Where it waits or waited.
    queue: String,
    /// Its kind.
    kind: String,
    /// Its state.
    state: JobState,
    /// Its place among the jobs of its queue.
    priority: JobPriority,
    /// Whose it is.
    owner: Option<String>,
    /// Words to recognise it by.
    tags: Vec<String>,
    /// Its data as JSON; in lists its beginning.
    payload: String,
    /// How many attempts were made.
    attempts: u32,
    /// How many it has.
    tries: u32,
    /// When it was pushed.
    #[schema(value_type = String, format = DateTime)]
    pushed_at: Timestamp,
    /// When it is due, while it waits or runs.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// When its last attempt began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// When it failed, was done or cancelled.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// Who has or had it last.
    worker: Option<String>,
    /// Why it failed.
    error: Option<String>,
    /// The same for failures that look alike.
    fingerprint: Option<String>,
}

/// What state a job is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobState {
    /// Due, and waiting for a worker.
    Ready,
    /// Due later.
    Scheduled,
    /// Being run.
    Running,
    /// Failed for good.
    Failed,
    /// Done.
    Done,
    /// Ended by an operator.
    Cancelled,
}

impl From<State> for JobState {
    fn from(state: State) -> Self {
        match state {
            State::Ready => JobState::Ready,
            State::Scheduled => JobState::Scheduled,
            State::Running => JobState::Running,
            State::Failed => JobState::Failed,
            State::Done => JobState::Done,
            State::Cancelled => JobState::Cancelled,
        }
    }
}

/// The place of a job among those of its queue.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobPriority {
    /// Ahead of others.
    High,
    /// In its turn.
    Normal,
    /// Behind others.
    Low,
}

impl From<JobRecord> for Job {
    fn from(job: JobRecord) -> Self {
        Job {
            id: job.id,
            queue: job.queue.to_string(),
            kind: job.kind,
            state: job.state.into(),
            priority: match job.priority {
                Priority::High => JobPriority::High,
                Priority::Normal => JobPriority::Normal,
                Priority::Low => JobPriority::Low,
            },
            owner: job.lane,
            tags: job.tags,
            payload: job.payload,
            attempts: job.attempts,
            tries: job.tries,
            pushed_at: job.pushed_at,
            due_at: job.run_at,
            started_at: job.started_at,
            ended_at: job.ended_at,
            worker: job.worker.map(|worker| worker.to_string()),
            error: job.error,
            fingerprint: job.fingerprint,
        }
    }
}

/// A job with all its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobDetails {
    /// The job.
    #[serde(flatten)]
    pub(crate) job: Job,
    /// The newest twenty attempts, oldest first.
    pub(crate) history: Vec<JobAttempt>,
}

/// One attempt at a job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobAttempt {
    /// The first is 1; numbers start again when a failed job is retried.
    number: u32,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it ended; null while it runs.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// How it ended: `done`, `retried`, `failed`, `expired`, `released` or `cancelled`; null while it runs.
    outcome: Option<&'static str>,
    /// Why it failed.
    error: Option<String>,
    /// Who made it.
    worker: Option<String>,
    /// What its code logged, level info and up, oldest first: the first hundred lines, at most 16 KiB.
    log: Vec<JobLogLine>,
    /// How many more lines it logged.
    log_more: u32,
}

/// A line that the code of a job logged.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobLogLine {
    /// How long after the beginning of the attempt, in milliseconds.
    after_ms: u64,
    /// How grave it is: `info`, `warn` or `error`.
    level: &'static str,
    /// Which part of the program says it.
    target: String,
    /// What it says.
    text: String,
}

impl From<LogLine> for JobLogLine {
    fn from(line: LogLine) -> Self {
        JobLogLine {
            after_ms: line.after_ms,
            level: line.level.as_str(),
            target: line.target,
            text: line.text,
        }
    }
}

impl From<AttemptRecord> for JobAttempt {
    fn from(attempt: AttemptRecord) -> Self {
        JobAttempt {
            number: attempt.number,
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
            outcome: attempt.outcome.map(AttemptOutcome::as_str),
            error: attempt.error,
            worker: attempt.worker.map(|worker| worker.to_string()),
            log: attempt.log.lines.into_iter().map(Into::into).collect(),
            log_more: attempt.log.more,
        }
    }
}

/// Failed jobs whose errors differ only in numbers, ids and what stands in quotes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobFailures {
    /// What they have in common; filter by it.
    fingerprint: String,
    /// Their kind.
    kind: String,
    /// Where they waited.
    queue: String,
    /// How many there are.
    jobs: u64,
    /// When the first of them failed.
    #[schema(value_type = String, format = DateTime)]
    first_at: Timestamp,
    /// When the last of them failed.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// The error of one of them.
    error: String,
}

impl From<FailureGroup> for JobFailures {
    fn from(group: FailureGroup) -> Self {
        JobFailures {
            fingerprint: group.fingerprint,
            kind: group.kind,
            queue: group.queue.to_string(),
            jobs: group.jobs,
            first_at: group.first_at,
            last_at: group.last_at,
            error: group.error,
        }
    }
}
