//! Running one attempt, whatever it does.

use std::time::Duration;

use duly_db::{Random, SharedRandom, retry};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::error::Elapsed;

use crate::job::Advice;
use crate::registry::Handler;
use crate::store::{Outcome, Reserved};
use crate::{Attempt, JobError};

/// A lease is not renewed for longer than this after the job's timeout: code that never awaits
/// cannot be cancelled, and its job is then taken over by someone else.
pub(super) const OVERTIME: Duration = Duration::from_secs(5);

/// How much of an error is kept, in bytes.
const ERROR_LIMIT: usize = 4096;

type Ended = Result<Result<(), JobError>, Elapsed>;

/// Starts an attempt as a task of its own, so that a panic ends only the attempt. Giving way to
/// another transaction is nothing the job could help: it uses up no try.
pub(super) fn start<C: Clone + Send + Sync + 'static>(
    handler: &Handler<C>,
    job: &Reserved,
    context: C,
    random: SharedRandom,
) -> JoinHandle<Ended> {
    let attempt = Attempt {
        number: job.attempt,
        last: job.attempt >= job.tries,
        job: job.held.id,
    };
    let (run, payload) = (handler.run, job.payload.clone());
    let work = async move {
        let again = || run(payload.clone(), context.clone(), attempt);
        retry::on_conflict(&*random, again).await
    };
    tokio::spawn(tokio::time::timeout(handler.timeout, work))
}

/// What is to be stored about an attempt; [`None`] when it was aborted.
pub(super) fn outcome<C>(
    handler: &Handler<C>,
    job: &Reserved,
    ended: Result<Ended, JoinError>,
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
    let (id, name, attempt) = (job.held.id, job.name.as_str(), job.attempt);
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
