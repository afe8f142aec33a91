//! Running again what gave way to another transaction.

use std::time::Duration;

use crate::{Error, Random};

/// So often work is run again before its conflict is told.
const RETRIES: usize = 3;

/// The shortest wait before the next run, and by how much it may be longer. Two who were in each
/// other's way must not meet again.
const WAIT: Duration = Duration::from_millis(5);
const JITTER: Duration = Duration::from_millis(45);

/// A failure that may mean that another transaction was in the way.
pub trait Conflict {
    /// Whether the same work is likely to succeed when it is run again at once.
    fn is_conflict(&self) -> bool;
}

impl Conflict for Error {
    fn is_conflict(&self) -> bool {
        Error::is_conflict(self)
    }
}

/// Runs `work`, and runs it again, up to three times and 5 to 50 ms later, while it fails because
/// another transaction was in the way. Each run begins a transaction of its own.
///
/// # Errors
/// What the last run said.
pub async fn on_conflict<T, E, F>(random: &dyn Random, mut work: impl FnMut() -> F) -> Result<T, E>
where
    E: Conflict,
    F: Future<Output = Result<T, E>>,
{
    for _ in 0..RETRIES {
        match work().await {
            Err(error) if error.is_conflict() => {
                tracing::debug!("another transaction was in the way; trying again");
                tokio::time::sleep(wait(random)).await;
            }
            ended => return ended,
        }
    }
    work().await
}

fn wait(random: &dyn Random) -> Duration {
    let mut byte = [0];
    random.fill(&mut byte);
    WAIT + JITTER * u32::from(byte[0]) / u32::from(u8::MAX)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::random::SeededRandom;

    /// Runs work that answers these one after the other; says when each run began, in
    /// milliseconds, and what came of it.
    async fn run(answers: Vec<Result<&str, Error>>) -> (Vec<u128>, Result<&str, Error>) {
        let started = tokio::time::Instant::now();
        let runs = RefCell::new(Vec::new());
        let left = RefCell::new(answers.into_iter());
        let random = SeededRandom::new(7);
        let ended = on_conflict(&*random, || {
            runs.borrow_mut().push(started.elapsed().as_millis());
            let answer = left.borrow_mut().next().unwrap();
            async { answer }
        });
        let ended = ended.await;
        (runs.take(), ended)
    }

    #[tokio::test(start_paused = true)]
    async fn a_conflict_is_tried_again_a_little_later() {
        let (runs, ended) = run(vec![Err(Error::Conflict), Err(Error::Conflict), Ok("done")]).await;
        assert_eq!(ended.unwrap(), "done");
        assert_eq!(runs.len(), 3);
        for pair in runs.windows(2) {
            let waited = pair[1] - pair[0];
            assert!((5..=51).contains(&waited), "{runs:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_conflict_that_stays_is_told() {
        let (runs, ended) = run(vec![Err(Error::Conflict); 4]).await;
        assert!(matches!(ended, Err(Error::Conflict)));
        assert_eq!(runs.len(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn other_failures_are_told_at_once() {
        let (runs, ended) = run(vec![Err(Error::Conflict), Err(Error::Busy)]).await;
        assert!(matches!(ended, Err(Error::Busy)));
        assert_eq!(runs.len(), 2);
    }

    #[test]
    fn waits_differ_and_stay_in_their_bounds() {
        let random = SeededRandom::new(1);
        let waits: Vec<Duration> = (0..1_000).map(|_| wait(&*random)).collect();
        let (shortest, longest) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(*shortest >= WAIT && *shortest < Duration::from_millis(7));
        assert!(*longest <= WAIT + JITTER && *longest > Duration::from_millis(48));
    }
}
