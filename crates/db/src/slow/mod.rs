//! Slow statements: logged one by one, and added up by text in a table of bounded size.
//!
//! Every driver tells the [`Observer`] of each statement it has run. Nothing happens unless the
//! statement was slow.

mod explain;
pub(crate) mod normal;
mod report;
mod table;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tracing::Span;
use uuid::Uuid;

use crate::clock::SystemClock;
use crate::timings::{StatementTimings, Stopwatch};
use crate::{Engine, Options, Query, SharedClock, Value};
pub(crate) use explain::explain;
pub use report::{SlowQueries, SlowQuery, SlowSample, SlowStatement};
use table::Table;

/// At most so many characters of one bound value are shown.
const LONGEST_VALUE: usize = 200;
/// At most so many bound values of one statement are shown.
const MOST_VALUES: usize = 50;

/// The name of the server that takes changes.
const PRIMARY: &str = "primary";

/// Where a statement was run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) engine: Engine,
    /// `primary`, or the name of the replica.
    pub(crate) name: &'a str,
}

impl Target<'static> {
    /// The server that takes changes.
    pub(crate) const fn primary(engine: Engine) -> Self {
        Target {
            engine,
            name: PRIMARY,
        }
    }
}

/// How running a statement went, whether it was answered or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// From sending the statement to having the whole answer.
    pub(crate) duration: Duration,
    /// Read or changed; 0 when it failed.
    pub(crate) rows: u64,
    /// How long it waited for its connection before that.
    pub(crate) pool_wait: Duration,
}

/// Is told of every statement. Clones share what they have noted.
#[derive(Debug, Clone)]
pub(crate) struct Observer {
    threshold: Duration,
    shows_values: bool,
    clock: SharedClock,
    table: Arc<Mutex<Table>>,
    primary: Arc<Stopwatch>,
    replicas: Arc<Stopwatch>,
    slow: Arc<AtomicU64>,
}

impl Observer {
    /// An observer that has noted nothing yet.
    pub(crate) fn new(options: &Options, clock: SharedClock) -> Self {
        Observer {
            threshold: options.slow_query,
            shows_values: options.slow_query_values,
            table: Arc::new(Mutex::new(Table::new(clock.now()))),
            clock,
            primary: Arc::default(),
            replicas: Arc::default(),
            slow: Arc::default(),
        }
    }

    /// Counts the statement, and notes it when it was slow.
    #[inline]
    pub(crate) fn observe(&self, query: &Query, target: Target<'_>, outcome: Outcome) {
        let stopwatch = match target.name {
            PRIMARY => &self.primary,
            _ => &self.replicas,
        };
        stopwatch.count(outcome.duration);
        if outcome.duration >= self.threshold {
            self.note(query, target, outcome);
        }
    }

    /// How long statements took.
    pub(crate) fn timings(&self) -> StatementTimings {
        StatementTimings {
            primary: self.primary.read(),
            replicas: self.replicas.read(),
        }
    }

    /// How many were slow.
    pub(crate) fn slow(&self) -> u64 {
        self.slow.load(Ordering::Relaxed)
    }

    /// What has been slow since this was made.
    pub(crate) fn report(&self) -> SlowQueries {
        self.table().report(self.threshold)
    }

    /// The slowest statement of a text, with what was bound to it.
    pub(crate) fn worst(&self, id: &str) -> Option<Query> {
        self.table().worst(id)
    }

    /// Since when statements are observed.
    pub(crate) fn since(&self) -> Timestamp {
        self.table().since()
    }

    #[cold]
    fn note(&self, query: &Query, target: Target<'_>, outcome: Outcome) {
        self.slow.fetch_add(1, Ordering::Relaxed);
        let text = normal::text(query.text());
        let sample = SlowSample {
            at: self.clock.now(),
            duration_us: microseconds(outcome.duration),
            rows: outcome.rows,
            pool_wait_us: microseconds(outcome.pool_wait),
            engine: target.engine,
            target: target.name.to_string(),
            caller: query.caller().to_string(),
            request_id: query.caller().request(),
            values: self.shows_values.then(|| shown(query.values())),
        };
        let span = query.span().cloned().unwrap_or_else(Span::none);
        span.in_scope(|| log(&text, &sample));
        self.table().add(text, query, sample);
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Observer {
    fn default() -> Self {
        Observer::new(&Options::file(""), Arc::new(SystemClock))
    }
}

/// One line per slow statement.
fn log(text: &str, sample: &SlowSample) {
    let request = sample.request_id.map(|id: Uuid| id.to_string());
    let values = sample.values.as_ref().map(|values| values.join(", "));
    tracing::warn!(
        db.query = text,
        db.engine = sample.engine.name(),
        db.target = sample.target,
        duration_us = sample.duration_us,
        rows = sample.rows,
        pool_wait_us = sample.pool_wait_us,
        caller = sample.caller,
        request.id = request,
        db.values = values,
        "slow query"
    );
}

fn shown(values: &[Value]) -> Vec<String> {
    let short = |value: &Value| {
        let text = format!("{value:?}");
        text.chars().take(LONGEST_VALUE).collect()
    };
    values.iter().take(MOST_VALUES).map(short).collect()
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
