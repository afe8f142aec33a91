//! How long a connection is waited for that sends the head of a request slowly, or nothing.
//!
//! Hyper asks for a timer before each head and drops it after. One of the runtime costs about as much
//! as looking up the answer. So each connection keeps one, which is only moved on when it has come to
//! its end and found that the time has been extended meanwhile.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use hyper::rt::{Sleep, Timer};

/// The timer of one connection, of which hyper waits for one moment at a time.
#[derive(Debug, Default)]
pub(super) struct Patience(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// For what hyper waits, if it does.
    until: Option<Instant>,
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Timer for Patience {
    fn sleep(&self, duration: std::time::Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        locked(&self.0).until = Some(deadline);
        Box::pin(Waiting(self.0.clone()))
    }

    fn reset(&self, _: &mut Pin<Box<dyn Sleep>>, deadline: Instant) {
        locked(&self.0).until = Some(deadline);
    }
}

/// Ends when the time is over that was set last.
struct Waiting(Arc<Mutex<State>>);

impl Sleep for Waiting {}

impl Future for Waiting {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let State { until, timer } = &mut *locked(&self.0);
        let Some(until) = until.map(tokio::time::Instant::from_std) else {
            return Poll::Pending;
        };
        let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        while timer.as_mut().poll(context).is_ready() {
            if timer.deadline() >= until {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        locked(&self.0).until = None;
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing in there panics.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// After how long a wait of ten seconds is over that is begun then.
    async fn waits(patience: &Patience) -> Duration {
        let begun = tokio::time::Instant::now();
        patience.sleep_until((begun + 10 * SECOND).into_std()).await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_it_was_set_to() {
        let patience = Patience::default();
        for _ in 0..3 {
            let waited = waits(&patience).await;
            assert!((10 * SECOND..11 * SECOND).contains(&waited), "{waited:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_was_waited_for_before_does_not_shorten_the_next_wait() {
        let patience = Patience::default();
        for _ in 0..3 {
            let first = tokio::time::timeout(7 * SECOND, waits(&patience)).await;
            assert!(first.is_err(), "it ended early");
        }
        let waited = waits(&patience).await;
        assert!((10 * SECOND..11 * SECOND).contains(&waited), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_waited_for_longer_than_was_said_last() {
        let patience = Patience::default();
        let begun = tokio::time::Instant::now();
        let long = patience.sleep_until((begun + 100 * SECOND).into_std());
        assert!(tokio::time::timeout(SECOND, long).await.is_err());
        let waited = waits(&patience).await;
        assert!((10 * SECOND..11 * SECOND).contains(&waited), "{waited:?}");
    }
}
