//! What is kept from one decision to the next.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::millionths::micros;
use super::{Millionths, Observation, Observed, QueueDecision, Settings};
use crate::QueueName;

/// Arrivals are measured over at least as long as a job runs, but no longer than this. What a queue
/// needs for its flow is how many of its jobs run at once; seen through a shorter window, single
/// long jobs would look like a rush and then like none at all.
const LONGEST_INTERVAL: Duration = Duration::from_secs(30);

/// What is known of a queue's traffic. Each measurement counts three tenths, and what was known
/// before seven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Estimate {
    /// Jobs that arrive per second; [`None`] before the first measurement.
    pub arrivals: Option<Millionths>,
    /// How long a job runs; [`None`] until one has finished.
    pub run_time: Option<Duration>,
}

impl Estimate {
    /// Learns from what was observed since it last did, `waited` ago, and forgets that.
    fn learn(&mut self, waited: Duration, seen: &mut Pending) {
        // No job finished: that says nothing about how long they run.
        if let Some(mean) = micros(seen.run_time).checked_div(seen.finished) {
            let known = self.run_time.map(micros);
            self.run_time = Some(Duration::from_micros(blend(known, mean)));
            (seen.finished, seen.run_time) = (0, Duration::ZERO);
        }
        seen.interval = seen.interval.saturating_add(waited);
        let run_time = self.run_time.unwrap_or_default();
        if seen.interval < run_time.min(LONGEST_INTERVAL) {
            return;
        }
        let arrivals = Millionths::ratio(
            u128::from(seen.arrived) * u128::from(Millionths::ONE.0),
            seen.interval.as_micros(),
        );
        let known = self.arrivals.map(|known| known.0);
        self.arrivals = Some(Millionths(blend(known, arrivals.0)));
        (seen.arrived, seen.interval) = (0, Duration::ZERO);
    }
}

/// An exponentially weighted mean. Rounded down, so that what fades out comes to zero.
fn blend(known: Option<u64>, measured: u64) -> u64 {
    let Some(known) = known else {
        return measured;
    };
    let tenths = u128::from(known) * 7 + u128::from(measured) * 3;
    u64::try_from(tenths / 10).unwrap_or(u64::MAX)
}

/// What was observed and not learned from yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Pending {
    interval: Duration,
    arrived: u64,
    finished: u64,
    run_time: Duration,
}

impl Pending {
    fn add(&mut self, seen: &Observed) {
        self.arrived = self.arrived.saturating_add(seen.arrived);
        self.finished = self.finished.saturating_add(seen.finished);
        self.run_time = self.run_time.saturating_add(seen.run_time);
    }
}

/// One queue as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Remembered {
    estimate: Estimate,
    pending: Pending,
    given: Option<u32>,
    less: u32,
}

/// What is kept from one decision to the next: what each queue was given, and the estimates of
/// its traffic, which outlive the queue's absence. A fresh one knows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    queues: BTreeMap<QueueName, Remembered>,
    waited: Duration,
    decided: bool,
}

impl Memory {
    /// What is known of a queue's traffic.
    #[must_use]
    pub fn estimate(&self, queue: &QueueName) -> Estimate {
        let known = self.queues.get(queue);
        known.map_or_else(Estimate::default, |known| known.estimate)
    }

    /// What the last decision gave a queue; [`None`] when it did not know it.
    #[must_use]
    pub fn given(&self, queue: &QueueName) -> Option<u32> {
        self.queues.get(queue).and_then(|known| known.given)
    }

    /// In how many decisions in a row a queue has wanted less than it had.
    pub(super) fn less(&self, queue: &QueueName) -> u32 {
        self.queues.get(queue).map_or(0, |known| known.less)
    }

    /// Takes in what was observed, and says whether a new decision is due.
    pub(super) fn gather(&mut self, settings: &Settings, observation: &Observation) -> bool {
        for (queue, seen) in &observation.queues {
            let known = self.queues.entry(queue.clone()).or_default();
            known.pending.add(seen);
        }
        self.waited = self.waited.saturating_add(observation.elapsed);
        let in_time = settings.is_in_time(self.waited);
        if in_time {
            for known in self.queues.values_mut() {
                known.estimate.learn(self.waited, &mut known.pending);
            }
            self.waited = Duration::ZERO;
        }
        in_time || !self.decided
    }

    /// Keeps what was decided.
    pub(super) fn keep(&mut self, decided: &[QueueDecision]) {
        self.decided = true;
        for known in self.queues.values_mut() {
            known.given = None;
            known.less = 0;
        }
        for one in decided {
            let known = self.queues.entry(one.queue.clone()).or_default();
            known.given = Some(one.give);
            known.less = one.less;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(arrived: u64, finished: u64, run_time: Duration) -> Pending {
        Pending {
            interval: Duration::ZERO,
            arrived,
            finished,
            run_time,
        }
    }

    const THREE: Duration = Duration::from_secs(3);

    #[test]
    fn the_first_measurement_is_taken_as_it_is_and_later_ones_for_three_tenths() {
        let mut estimate = Estimate::default();
        estimate.learn(THREE, &mut pending(30, 10, Duration::from_secs(20)));
        assert_eq!(estimate.arrivals, Some(Millionths(10_000_000)));
        assert_eq!(estimate.run_time, Some(Duration::from_secs(2)));
        estimate.learn(THREE, &mut pending(60, 1, Duration::from_secs(4)));
        assert_eq!(estimate.arrivals, Some(Millionths(13_000_000)));
        assert_eq!(estimate.run_time, Some(Duration::from_millis(2_600)));
    }

    #[test]
    fn a_speed_is_kept_while_nothing_finishes() {
        let mut estimate = Estimate::default();
        estimate.learn(THREE, &mut pending(3, 2, Duration::from_secs(5)));
        for _ in 0..1_000 {
            estimate.learn(THREE, &mut pending(0, 0, Duration::ZERO));
        }
        assert_eq!(estimate.run_time, Some(Duration::from_millis(2_500)));
        assert_eq!(estimate.arrivals, Some(Millionths(0)), "arrivals fade out");
    }

    #[test]
    fn arrivals_of_long_jobs_are_measured_over_longer() {
        let mut estimate = Estimate {
            arrivals: Some(Millionths::ONE),
            run_time: Some(Duration::from_secs(7)),
        };
        let mut seen = pending(0, 0, Duration::ZERO);
        for _ in 0..2 {
            seen.arrived += 9;
            estimate.learn(THREE, &mut seen);
            assert_eq!(estimate.arrivals, Some(Millionths::ONE));
        }
        estimate.learn(THREE, &mut seen);
        assert_eq!(estimate.arrivals, Some(Millionths(1_300_000)), "18 in 9 s");
        assert_eq!(seen, pending(0, 0, Duration::ZERO));
        estimate.run_time = Some(Duration::from_secs(3_600));
        let mut times = 0;
        while estimate.arrivals != Some(Millionths(910_000)) {
            estimate.learn(THREE, &mut seen);
            times += 1;
        }
        assert_eq!(times, 10, "but for at most 30 s");
    }

    #[test]
    fn what_is_observed_early_is_gathered() {
        let mut memory = Memory::default();
        let settings = Settings::default();
        let seen = Observed {
            arrived: 2,
            ..Observed::default()
        };
        let mut observation = Observation {
            elapsed: Duration::from_secs(1),
            total_slots: 8,
            queues: BTreeMap::from([(QueueName::DEFAULT, seen)]),
        };
        assert!(memory.gather(&settings, &observation), "the first is due");
        memory.keep(&[]);
        assert!(!memory.gather(&settings, &observation));
        assert_eq!(memory.estimate(&QueueName::DEFAULT), Estimate::default());
        assert!(memory.gather(&settings, &observation));
        let known = memory.estimate(&QueueName::DEFAULT);
        assert_eq!(known.arrivals, Some(Millionths(2_000_000)));
        observation.elapsed = Duration::ZERO;
        assert!(!memory.gather(&settings, &observation));
    }
}
