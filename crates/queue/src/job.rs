//! What a job is: data with a name, and the code that runs it.

use std::borrow::Cow;
use std::fmt::{Display, Formatter};
use std::future::Future;
use std::time::Duration;

use duly_db::retry::Conflict;
use duly_db::{FromValue, Value};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::comes_of_conflict;
use crate::{Backoff, Rate};

/// A kind of work: the data it needs, how it may fail, and how it is run.
///
/// A job runs at least once. Whatever it changes in the database should be written so that a
/// second run changes nothing more.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name stored with each job of this kind. It never changes once released.
    const NAME: &'static str;
    /// Which queue it waits in.
    const QUEUE: QueueName = QueueName::DEFAULT;
    /// How many attempts it has, those that ended with the death of their worker included. At
    /// least one.
    const TRIES: u32 = 5;
    /// How long one attempt may take before it is cancelled. More than zero, at most a day.
    const TIMEOUT: Duration = Duration::from_secs(60);

    /// Its place among the jobs of its queue.
    const PRIORITY: Priority = Priority::Normal;
    /// How long after it is due it may be tried again at most; [`None`] for as long as it has tries.
    const RETRY_FOR: Option<Duration> = None;
    /// How many jobs of this kind may start within a while, on all nodes together.
    const RATE: Option<Rate> = None;

    /// What every job of the program is given: its database, its mailer, its settings.
    type Context: Clone + Send + Sync + 'static;

    /// How long to wait between attempts.
    #[must_use]
    fn backoff() -> Backoff {
        Backoff::default()
    }

    /// While a job of this kind with the same key waits or runs, pushing another is a
    /// [`Pushed::Duplicate`]. At most [`crate::UNIQUE_KEY_LIMIT`] bytes.
    fn unique(&self) -> Option<String> {
        None
    }

    /// Words an operator can recognise it by.
    fn tags(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whose it is, for example a user's id: of many jobs of one owner, those of others need not wait
    /// for. At most [`crate::LANE_LIMIT`] bytes.
    fn lane(&self) -> Option<String> {
        None
    }

    /// Does the work. It is dropped at its next await when its time is over. When it gave way to
    /// another transaction it is run again at once, up to three times, within the same attempt.
    fn run(
        &self,
        context: &Self::Context,
        attempt: Attempt,
    ) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Refuses, when the program is compiled, a kind that could never run.
pub(crate) const fn assert_runnable<J: Job>() {
    assert!(!J::NAME.is_empty(), "a job needs a name");
    assert!(J::TRIES > 0, "a job needs at least one try");
    assert!(
        !J::TIMEOUT.is_zero(),
        "a job needs a timeout of more than zero"
    );
    assert!(
        J::TIMEOUT.as_secs() <= 86_400,
        "a job may take a day at most; split it"
    );
    if let Some(rate) = J::RATE {
        assert!(
            rate.jobs > 0 && !rate.per.is_zero(),
            "a rate allows at least one job within some time"
        );
    }
}

/// The place of a job among those of its queue. Which queue comes first is another matter.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Goes ahead of all that came within the last hour.
    High,
    /// In its turn.
    #[default]
    Normal,
    /// Lets all pass that come within the next hour: it waits longer, but not for ever.
    Low,
}

impl Priority {
    /// How far ahead of its turn it goes, or behind.
    const HEAD_START: SignedDuration = SignedDuration::from_hours(1);

    /// Where a job stands that is due, or whose turn in its lane is, at this instant.
    pub(crate) fn position(self, turn: Timestamp) -> Timestamp {
        let moved = match self {
            Priority::High => turn.checked_sub(Self::HEAD_START),
            Priority::Normal => Ok(turn),
            Priority::Low => turn.checked_add(Self::HEAD_START),
        };
        moved.unwrap_or(turn)
    }
}

impl From<Priority> for Value {
    fn from(priority: Priority) -> Self {
        Value::Int(match priority {
            Priority::High => -1,
            Priority::Normal => 0,
            Priority::Low => 1,
        })
    }
}

impl FromValue for Priority {
    fn from_value(value: &Value) -> Result<Self, duly_db::Error> {
        Ok(match i64::from_value(value)? {
            ..0 => Priority::High,
            0 => Priority::Normal,
            1.. => Priority::Low,
        })
    }
}

/// Which attempt at a job is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The first is 1.
    pub number: u32,
    /// Whether no further attempt follows when this one fails.
    pub last: bool,
    /// The job; the same in every attempt, so it can serve as an idempotency key.
    pub job: JobId,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// The job was stored.
    New(JobId),
    /// A job with the same unique key waits or runs; nothing was stored.
    Duplicate(JobId),
}

impl Pushed {
    /// The job that will run.
    #[must_use]
    pub fn id(self) -> JobId {
        match self {
            Pushed::New(id) | Pushed::Duplicate(id) => id,
        }
    }
}

/// The id of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub Uuid);

impl Display for JobId {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<JobId> for Value {
    fn from(id: JobId) -> Self {
        Value::Uuid(id.0)
    }
}

impl FromValue for JobId {
    fn from_value(value: &Value) -> Result<Self, duly_db::Error> {
        Uuid::from_value(value).map(JobId)
    }
}

/// The name of a queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QueueName(Cow<'static, str>);

impl QueueName {
    /// Someone is waiting for it: password mails, confirmations.
    pub const URGENT: Self = QueueName::new("urgent");
    /// Everything that belongs nowhere else.
    pub const DEFAULT: Self = QueueName::new("default");
    /// Large bursts that may take a while.
    pub const REMINDERS: Self = QueueName::new("reminders");
    /// Cleaning up.
    pub const MAINTENANCE: Self = QueueName::new("maintenance");

    /// The queues every program has, most important first.
    #[must_use]
    pub fn by_priority() -> Vec<QueueName> {
        vec![
            Self::URGENT,
            Self::DEFAULT,
            Self::REMINDERS,
            Self::MAINTENANCE,
        ]
    }

    /// A queue of the program's own.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        QueueName(Cow::Borrowed(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for QueueName {
    fn from(name: String) -> Self {
        // Names are copied often, and most are one of these.
        let known = [
            Self::URGENT,
            Self::DEFAULT,
            Self::REMINDERS,
            Self::MAINTENANCE,
        ];
        let known = known.into_iter().find(|known| known.0 == name);
        known.unwrap_or(QueueName(Cow::Owned(name)))
    }
}

impl Display for QueueName {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<&QueueName> for Value {
    fn from(name: &QueueName) -> Self {
        Value::from(name.as_str())
    }
}

impl FromValue for QueueName {
    fn from_value(value: &Value) -> Result<Self, duly_db::Error> {
        String::from_value(value).map(QueueName::from)
    }
}

/// Why an attempt failed, and what is to be done about it.
///
/// There is deliberately no conversion from other errors: each place says whether trying again
/// can help.
#[derive(Debug)]
pub struct JobError {
    source: Box<dyn std::error::Error + Send + Sync>,
    advice: Advice,
}

/// What a failed attempt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Another attempt after the job's backoff.
    Retry,
    /// Another attempt after exactly this long.
    RetryAfter(Duration),
    /// No further attempt.
    Fail,
}

impl JobError {
    /// Trying again may help; the wait is the job's backoff.
    pub fn retry(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        JobError {
            source: error.into(),
            advice: Advice::Retry,
        }
    }

    /// Trying again may help, but not before `wait` is over.
    pub fn retry_after(
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
        wait: Duration,
    ) -> Self {
        JobError {
            source: error.into(),
            advice: Advice::RetryAfter(wait),
        }
    }

    /// Trying again cannot help: the job fails at once, whatever attempts are left.
    pub fn fail(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        JobError {
            source: error.into(),
            advice: Advice::Fail,
        }
    }

    pub(crate) fn advice(&self) -> Advice {
        self.advice
    }
}

impl Conflict for JobError {
    /// Not when the job has said that trying again cannot help, or when.
    fn is_conflict(&self) -> bool {
        self.advice == Advice::Retry && comes_of_conflict(&*self.source)
    }
}

impl Display for JobError {
    /// The error and all its causes, on one line.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.source)?;
        let mut cause = self.source.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for JobError {}
