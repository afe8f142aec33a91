//! Whether a kind fails so much that it is to be paused.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::BreakerSettings;
use crate::fingerprint::fingerprint;
use crate::store::{Measured, Pause, Paused};

/// Of a kind that has been paused and goes on failing, this part of the failures is enough.
const AGAIN: u32 = 10;

/// How much of an error stands in a reason, in bytes.
const ERROR_LIMIT: usize = 300;

/// A kind that is to be paused, and what of its attempts were counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Burst {
    pub(super) kind: String,
    pub(super) failed: u64,
    pub(super) ended: u64,
}

/// The kinds that are to be paused. `pauses` are those in force and those that ended within the window, of which
/// `by` has made the ones that count as its own. What was counted before a pause ended is of no interest.
pub(super) fn bursts(
    settings: &BreakerSettings,
    measured: &[Measured],
    pauses: &[Pause],
    by: &str,
    now: Timestamp,
) -> Vec<Burst> {
    let mut kinds: BTreeMap<&str, Burst> = BTreeMap::new();
    for minute in measured {
        let pause = pauses.iter().find(|pause| is_of(pause, &minute.kind));
        if pause
            .is_some_and(|pause| counted_from(pause, now).is_none_or(|from| minute.start < from))
        {
            continue;
        }
        let burst = kinds.entry(&minute.kind).or_insert_with(|| Burst {
            kind: minute.kind.clone(),
            failed: 0,
            ended: 0,
        });
        let failed = minute.totals.failed + minute.totals.retried;
        burst.failed += failed;
        burst.ended += failed + minute.totals.done;
    }
    let has_failed = |burst: &Burst| {
        let own = |pause: &Pause| is_of(pause, &burst.kind) && pause.by == by;
        let needed = match pauses.iter().any(own) {
            true => settings.failures.div_ceil(AGAIN),
            false => settings.failures,
        };
        settings.failures > 0
            && burst.failed >= u64::from(needed)
            && burst.failed * 100 >= burst.ended * u64::from(settings.percent)
    };
    kinds.into_values().filter(has_failed).collect()
}

fn is_of(pause: &Pause, kind: &str) -> bool {
    matches!(&pause.what, Paused::Kind(paused) if paused == kind)
}

/// From which minute on is counted after a pause; [`None`] while it is in force. Not from the one in which it
/// began: there is what it was made for.
fn counted_from(pause: &Pause, now: Timestamp) -> Option<Timestamp> {
    let until = pause.until.filter(|until| *until <= now)?;
    let minute = |at: Timestamp| at.as_second().div_euclid(60);
    let from = minute(until).max(minute(pause.since) + 1);
    Timestamp::from_second(from.saturating_mul(60)).ok()
}

impl Burst {
    /// What operators are told.
    pub(super) fn reason(&self, errors: &[String], window: Duration) -> String {
        let Burst {
            kind,
            failed,
            ended,
        } = self;
        let minutes = window.as_secs().div_ceil(60);
        let counted = format!("{failed} of {ended} attempts failed within {minutes} min");
        match commonest(kind, errors) {
            Some(error) => {
                let end = error.floor_char_boundary(ERROR_LIMIT);
                let error = error.get(..end).unwrap_or(error);
                format!("{counted}, most of them so: {error}")
            }
            None => counted,
        }
    }
}

/// The first of the errors that look alike and of which there are most.
fn commonest<'a>(kind: &str, errors: &'a [String]) -> Option<&'a str> {
    let mut alike: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for error in errors {
        let (number, _) = alike
            .entry(fingerprint(kind, error))
            .or_insert((0, error.as_str()));
        *number += 1;
    }
    let most = alike.into_values().max_by_key(|(number, _)| *number);
    most.map(|(_, error)| error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Histogram, QueueName, Totals};
    use jiff::SignedDuration;

    const BY: &str = "the breaker";

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_392_000 + minute * 60).unwrap()
    }

    fn minute(minute: i64, done: u64, failed: u64, retried: u64) -> Measured {
        Measured {
            start: at(minute),
            queue: QueueName::DEFAULT,
            kind: "mail".to_owned(),
            totals: Totals {
                done,
                failed,
                retried,
                ..Totals::default()
            },
            wait: Histogram::default(),
            run: Histogram::default(),
        }
    }

    fn paused(by: &str, from: i64, until: Option<i64>) -> Pause {
        Pause {
            what: Paused::Kind("mail".to_owned()),
            since: at(from) + SignedDuration::from_secs(30),
            until: until.map(|until| at(until) + SignedDuration::from_secs(30)),
            by: by.to_owned(),
            reason: String::new(),
        }
    }

    fn judge(measured: &[Measured], pauses: &[Pause], now: i64) -> Vec<(u64, u64)> {
        let settings = BreakerSettings::default();
        let bursts = bursts(&settings, measured, pauses, BY, at(now));
        bursts.iter().map(|it| (it.failed, it.ended)).collect()
    }

    #[test]
    fn both_the_number_and_the_share_have_to_be_large() {
        assert_eq!(judge(&[minute(0, 0, 20, 79)], &[], 1), []);
        assert_eq!(
            judge(&[minute(0, 0, 20, 40), minute(1, 0, 0, 40)], &[], 2),
            [(100, 100)],
            "all minutes together"
        );
        assert_eq!(judge(&[minute(0, 25, 0, 100)], &[], 1), [(100, 125)]);
        assert_eq!(
            judge(&[minute(0, 26, 0, 100)], &[], 1),
            [],
            "a few failures among many successes never pause"
        );
        let off = BreakerSettings {
            failures: 0,
            ..BreakerSettings::default()
        };
        let many = [minute(0, 0, 1000, 1000)];
        assert_eq!(bursts(&off, &many, &[], BY, at(1)), []);
    }

    #[test]
    fn what_is_paused_is_left_alone() {
        let burst = [minute(0, 0, 0, 500)];
        assert_eq!(judge(&burst, &[paused("ann", 0, None)], 1), []);
        assert_eq!(judge(&burst, &[paused(BY, 0, Some(5))], 1), []);
        let mut other = paused("ann", 0, None);
        other.what = Paused::Queue(QueueName::from("mail".to_owned()));
        assert_eq!(judge(&burst, &[other], 1), [(500, 500)]);
    }

    #[test]
    fn what_was_before_a_pause_ended_does_not_count_again() {
        let before = minute(0, 0, 0, 500);
        assert_eq!(
            judge(
                std::slice::from_ref(&before),
                &[paused("ann", 0, Some(3))],
                4
            ),
            []
        );
        let resumed_at_once = Pause {
            until: Some(at(0) + SignedDuration::from_secs(40)),
            ..paused(BY, 0, None)
        };
        assert_eq!(judge(&[before], &[resumed_at_once], 1), []);
        assert_eq!(
            judge(&[minute(3, 0, 0, 99)], &[paused("ann", 0, Some(3))], 4),
            [],
            "an operator's pause says nothing of failures"
        );
    }

    #[test]
    fn what_goes_on_failing_is_paused_again_soon() {
        let pause = [paused(BY, 0, Some(3))];
        assert_eq!(judge(&[minute(3, 0, 0, 9)], &pause, 4), []);
        assert_eq!(judge(&[minute(3, 0, 0, 10)], &pause, 4), [(10, 10)]);
        assert_eq!(judge(&[minute(3, 10, 0, 10)], &pause, 4), []);
    }

    #[test]
    fn the_reason_names_the_commonest_error() {
        let burst = Burst {
            kind: "mail".to_owned(),
            failed: 130,
            ended: 140,
        };
        let errors = ["no mailbox", "timeout 17", "timeout 18"].map(str::to_owned);
        let window = Duration::from_secs(300);
        assert_eq!(
            burst.reason(&errors, window),
            "130 of 140 attempts failed within 5 min, most of them so: timeout 17"
        );
        assert_eq!(
            burst.reason(&[], window),
            "130 of 140 attempts failed within 5 min"
        );
    }
}
