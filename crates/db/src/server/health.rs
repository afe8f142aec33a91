//! When a replica is asked and when not.

use std::time::Duration;

/// So many failed looks in a row take a replica out …
const FAILURES_TO_EVICT: u32 = 3;
/// … and so many good ones in a row bring it back.
const SUCCESSES_TO_READMIT: u32 = 5;

/// What one look at a replica has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// It follows the primary, so far behind (not known while the primary is down).
    Following(Option<Duration>),
    /// It could not be asked, which happens.
    Failed(String),
    /// It must not be asked, or does not answer at all.
    Unfit(String),
}

/// Whether a replica is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Serving,
    Evicted,
    /// Taken out, but good at the last look.
    Probing,
}

/// A replica's record.
#[derive(Debug)]
pub(super) struct Health {
    largest_lag: Duration,
    state: State,
    failures: u32,
    successes: u32,
}

impl Health {
    /// A replica that has not been looked at yet is not asked.
    pub(super) fn new(largest_lag: Duration) -> Self {
        Health {
            largest_lag,
            state: State::Evicted,
            failures: 0,
            successes: SUCCESSES_TO_READMIT - 1,
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Takes a look into account. Answers why the replica was taken out by it, if it was.
    pub(super) fn note(&mut self, look: &Look) -> Option<String> {
        let reason = match look {
            Look::Following(Some(lag)) if *lag > self.largest_lag => {
                self.failures = FAILURES_TO_EVICT;
                format!(
                    "{} ms behind, {} are allowed",
                    lag.as_millis(),
                    self.largest_lag.as_millis()
                )
            }
            Look::Following(lag) => {
                self.failures = 0;
                self.successes += 1;
                if lag.is_none() {
                    // There is nobody else to ask.
                    self.successes = self.successes.max(SUCCESSES_TO_READMIT);
                }
                if self.successes >= SUCCESSES_TO_READMIT {
                    self.state = State::Serving;
                } else if self.state == State::Evicted {
                    self.state = State::Probing;
                }
                return None;
            }
            Look::Failed(reason) => {
                self.failures += 1;
                reason.clone()
            }
            Look::Unfit(reason) => {
                self.failures = FAILURES_TO_EVICT;
                reason.clone()
            }
        };
        self.successes = 0;
        let was_serving = self.state == State::Serving;
        if was_serving && self.failures < FAILURES_TO_EVICT {
            return None;
        }
        self.state = State::Evicted;
        was_serving.then_some(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Look = Look::Following(Some(Duration::ZERO));

    fn failed() -> Look {
        Look::Failed("no answer".into())
    }

    fn serving() -> Health {
        let mut health = Health::new(Duration::from_secs(2));
        assert_eq!(
            health.state(),
            State::Evicted,
            "not asked before the first look"
        );
        health.note(&FINE);
        assert_eq!(health.state(), State::Serving);
        health
    }

    #[test]
    fn three_failures_in_a_row_evict() {
        let mut health = serving();
        for look in [failed(), failed(), FINE, failed(), failed()] {
            assert_eq!(health.note(&look), None);
            assert_eq!(health.state(), State::Serving);
        }
        assert_eq!(health.note(&failed()).as_deref(), Some("no answer"));
        assert_eq!(health.state(), State::Evicted);
        assert_eq!(health.note(&failed()), None, "it is told once");
    }

    #[test]
    fn one_that_must_not_be_asked_is_taken_out_at_once() {
        let mut health = serving();
        let reason = health.note(&Look::Unfit("it takes changes itself".into()));
        assert_eq!(reason.as_deref(), Some("it takes changes itself"));
        assert_eq!(health.state(), State::Evicted);
    }

    #[test]
    fn too_much_lag_evicts_at_once() {
        let mut health = serving();
        health.note(&Look::Following(Some(Duration::from_secs(2))));
        assert_eq!(health.state(), State::Serving);
        let late = Look::Following(Some(Duration::from_millis(2001)));
        let reason = health.note(&late).unwrap();
        assert_eq!(reason, "2001 ms behind, 2000 are allowed");
    }

    #[test]
    fn five_good_looks_in_a_row_readmit() {
        let mut health = serving();
        (0..3).for_each(|_| drop(health.note(&failed())));
        for _ in 0..4 {
            health.note(&FINE);
            assert_eq!(health.state(), State::Probing);
        }
        health.note(&failed());
        assert_eq!(health.state(), State::Evicted);
        (0..4).for_each(|_| drop(health.note(&FINE)));
        assert_eq!(health.state(), State::Probing);
        health.note(&FINE);
        assert_eq!(health.state(), State::Serving);
    }

    #[test]
    fn without_a_primary_whoever_answers_is_asked() {
        let mut health = serving();
        health.note(&Look::Unfit("it takes changes itself".into()));
        health.note(&Look::Following(None));
        assert_eq!(health.state(), State::Serving);
    }

    #[test]
    fn unknown_lag_is_no_reason() {
        let mut health = serving();
        assert_eq!(health.note(&Look::Following(None)), None);
        assert_eq!(health.state(), State::Serving);
    }
}
