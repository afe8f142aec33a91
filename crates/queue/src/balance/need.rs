//! How many slots a queue needs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::millionths::micros;
use super::{Estimate, Millionths, Observed, QueueSettings};

/// No queue counts for more than this many times as much because it is late: else a single old
/// job that nobody can run would take everything.
const LATE_AT_MOST: Millionths = Millionths(4 * Millionths::ONE.0);

/// No attempt runs longer.
const LONGEST_RUN: Duration = Duration::from_secs(86_400);

/// What a queue needs, in slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Need {
    /// To keep up with what arrives: as many slots as jobs would run at once, by Little's law.
    pub flow: Millionths,
    /// To work off the backlog within the target.
    pub backlog: Millionths,
    /// How many times as much because the oldest job waits longer than the target; 1 when it does
    /// not, at most 4.
    pub late: Millionths,
    /// All of it.
    pub total: Millionths,
}

impl Need {
    /// What a queue needs whose jobs run for `run_time`.
    pub(super) fn of(
        settings: &QueueSettings,
        observed: &Observed,
        estimate: &Estimate,
        run_time: Duration,
    ) -> Self {
        let run_time = u128::from(micros(run_time.min(LONGEST_RUN)));
        let target = u128::from(micros(settings.target()));
        let arrivals = u128::from(estimate.arrivals.unwrap_or_default().0);
        let one = u128::from(Millionths::ONE.0);
        let flow = Millionths::ratio(arrivals.saturating_mul(run_time), one.pow(2));
        let backlog = Millionths::ratio(u128::from(observed.backlog) * run_time, target);
        let late = late(observed, target);
        Need {
            flow,
            backlog,
            late,
            total: flow.plus(backlog).times(late),
        }
    }

    /// In whole slots; at least one while something waits, however short the jobs are.
    pub(super) fn slots(&self, observed: &Observed) -> u32 {
        let least = u32::from(observed.backlog > 0);
        self.total.whole_slots().max(least)
    }
}

/// How many times its target the oldest job has waited, within 1..4.
fn late(observed: &Observed, target: u128) -> Millionths {
    if observed.backlog == 0 {
        return Millionths::ONE;
    }
    let wait = u128::from(micros(observed.oldest_wait));
    Millionths::ratio(wait, target).clamp(Millionths::ONE, LATE_AT_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::QueueName;

    fn need(backlog: u64, oldest_wait: u64, arrivals: u64, run_millis: u64) -> Need {
        let observed = Observed {
            backlog,
            oldest_wait: Duration::from_secs(oldest_wait),
            ..Observed::default()
        };
        let estimate = Estimate {
            arrivals: Some(Millionths(arrivals)),
            run_time: None,
        };
        let settings = QueueSettings::default_of(&QueueName::DEFAULT);
        let run_time = Duration::from_millis(run_millis);
        Need::of(&settings, &observed, &estimate, run_time)
    }

    #[test]
    fn the_flow_is_held_and_the_backlog_worked_off_within_the_target() {
        let need = need(120, 0, 3_200_000, 900);
        assert_eq!(need.flow, Millionths(2_880_000));
        assert_eq!(need.backlog, Millionths(3_600_000));
        assert_eq!(need.late, Millionths::ONE);
        assert_eq!(need.total.whole_slots(), 7);
    }

    #[test]
    fn a_queue_that_is_late_counts_for_up_to_four_times_as_much() {
        let late = |wait| need(30, wait, 0, 1_000).total;
        assert_eq!(late(30), Millionths(1_000_000));
        assert_eq!(late(45), Millionths(1_500_000));
        assert_eq!(late(120), Millionths(4_000_000));
        assert_eq!(late(86_400), Millionths(4_000_000));
    }

    #[test]
    fn a_wait_without_a_backlog_counts_for_nothing() {
        assert_eq!(need(0, 600, 1_000_000, 1_000).total, Millionths::ONE);
    }

    #[test]
    fn something_that_waits_is_worth_a_slot_however_short_it_is() {
        let observed = Observed {
            backlog: 1,
            ..Observed::default()
        };
        assert_eq!(need(1, 0, 0, 0).slots(&observed), 1);
        assert_eq!(need(0, 0, 0, 0).slots(&Observed::default()), 0);
    }

    #[test]
    fn the_largest_numbers_there_are_do_not_overflow() {
        let need = need(u64::MAX, u64::MAX, u64::MAX, u64::MAX);
        assert_eq!(need.total, Millionths(u64::MAX));
        assert_eq!(need.total.whole_slots(), u32::MAX);
    }
}
