//! Running one attempt, whatever it does.

use std::sync::Arc;
use std::time::Duration;

use duly_db::{Random, SharedRandom, retry};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use tokio::time::error::Elapsed;
use tracing::{Instrument as _, Span};

use crate::job::Advice;
use crate::log::Capture;
use crate::middleware::{Ended, Layers};
use crate::registry::Handler;
use crate::store::{Outcome, Reserved, Settlement};
use crate::{Attempt, JobError, Registry};

/// A lease is not renewed for longer than this after the job's timeout: code that never awaits
/// cannot be cancelled, and its job is then taken over by someone else.
pub(super) const OVERTIME: Duration = Duration::from_secs(5);

/// How much of an error is kept, in bytes.
const ERROR_LIMIT: usize = 4096;

type Returned = Result<Result<(), JobError>, Elapsed>;

/// What goes with an attempt that runs.
#[derive(Debug)]
pub(super) struct Running {
    began: Instant,
    span: Span,
    capture: Arc<Capture>,
    layers: Layers,
}

/// An attempt that has ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) settlement: Settlement,
    /// Whether it was aborted: then the job is given back.
    pub(super) is_aborted: bool,
}

/// Starts an attempt as a task of its own, so that a panic ends only the attempt. Giving way to
/// another transaction is nothing the job could help: it uses up no try.
pub(super) fn start<C: Clone + Send + Sync + 'static>(
    registry: &Registry<C>,
    handler: &Handler<C>,
    job: &Arc<Reserved>,
    context: C,
    random: SharedRandom,
) -> (JoinHandle<Returned>, Running) {
    let began = Instant::now();
    let running = Running {
        began,
        span: registry.layers().span(job),
        capture: Capture::new(began),
        layers: registry.layers().clone(),
    };
    let attempt = Attempt {
        number: job.attempt,
        last: job.attempt >= job.tries,
        job: job.held.id,
    };
    let (run, job, layers) = (handler.run, job.clone(), running.layers.clone());
    let work = async move {
        layers.before(&job)?;
        let again = || run(job.clone(), context.clone(), attempt);
        retry::on_conflict(&*random, again).await
    };
    let work = running
        .capture
        .around(work)
        .instrument(running.span.clone());
    let task = tokio::spawn(tokio::time::timeout(handler.timeout, work));
    (task, running)
}

impl Running {
    /// What is to be stored about the attempt.
    pub(super) fn ended<C>(
        self,
        handler: &Handler<C>,
        job: &Reserved,
        returned: Result<Returned, JoinError>,
        random: &dyn Random,
    ) -> Finished {
        let (ran, log) = (self.began.elapsed(), self.capture.take());
        let panicked = returned.as_ref().is_err_and(JoinError::is_panic);
        let outcome = outcome(handler, job, returned, random);
        let ended = Ended {
            outcome: outcome.as_ref(),
            panicked,
            ran,
            log: &log,
        };
        self.span.in_scope(|| self.layers.after(job, &ended));
        let is_aborted = outcome.is_none();
        let mut settlement = job.settled(outcome.unwrap_or(Outcome::Release), ran);
        settlement.log = log;
        Finished {
            settlement,
            is_aborted,
        }
    }
}

/// How an attempt ended; [`None`] when it was aborted.
fn outcome<C>(
    handler: &Handler<C>,
    job: &Reserved,
    ended: Result<Returned, JoinError>,
    random: &dyn Random,
) -> Option<Outcome> {
    let backoff = || handler.backoff.with_jitter(job.attempt, random);
    let outcome = match ended {
        Ok(Ok(Ok(()))) => Outcome::Done,
        Ok(Ok(Err(error))) => {
            let text = bounded(&error.to_string());
            match error.advice() {
                Advice::Retry => Outcome::Retry {
                    after: backoff(),
                    error: text,
                },
                Advice::RetryAfter(after) => Outcome::Retry { after, error: text },
                Advice::Fail => Outcome::Fail { error: text },
            }
        }
        Ok(Err(_)) => {
            let error = format!("cancelled after {:?}, its timeout", handler.timeout);
            Outcome::Retry {
                after: backoff(),
                error,
            }
        }
        Err(error) if error.is_cancelled() => return None,
        Err(error) => {
            let error = bounded(&format!("panicked: {}", panic_message(error)));
            Outcome::Retry {
                after: backoff(),
                error,
            }
        }
    };
    report(job, &outcome);
    Some(outcome)
}

fn report(job: &Reserved, outcome: &Outcome) {
    let (id, name, attempt) = (job.held.id, &*job.name, job.attempt);
    match outcome {
        Outcome::Done => tracing::debug!(job.id = %id, job.name = name, attempt, "job done"),
        Outcome::Retry { error, .. } if attempt < job.tries => {
            tracing::warn!(job.id = %id, job.name = name, attempt, error, "job will be retried");
        }
        Outcome::Retry { error, .. } | Outcome::Fail { error } => {
            tracing::error!(job.id = %id, job.name = name, attempt, error, "job failed");
        }
        Outcome::Release => {}
    }
}

fn panic_message(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else {
        return String::new();
    };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => match panic.downcast_ref::<&str>() {
            Some(text) => (*text).to_owned(),
            None => "without a message".to_owned(),
        },
    }
}

/// What every engine can store: not too long, and without NUL.
fn bounded(text: &str) -> String {
    let end = text.floor_char_boundary(ERROR_LIMIT);
    text.get(..end).unwrap_or(text).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_cut_between_characters() {
        assert_eq!(bounded(&"é".repeat(ERROR_LIMIT)).len(), ERROR_LIMIT);
        assert_eq!(
            bounded(&format!("a{}", "é".repeat(ERROR_LIMIT))).len(),
            ERROR_LIMIT - 1
        );
        assert_eq!(bounded("a\0b"), "a\u{fffd}b");
    }
}
