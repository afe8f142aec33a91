//! What an operator may say about the balance.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::QueueName;

/// How slots are given to queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By what each queue needs.
    #[default]
    Auto,
    /// The same for each queue, whatever it needs.
    Simple,
    /// Nothing is guaranteed: all slots float, the most important queue first.
    Off,
}

/// What one queue may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QueueSettings {
    /// The slots it is guaranteed in the whole cluster even when it has nothing to do. What is
    /// more than `max` counts as `max`.
    pub min: u32,
    /// The most slots it may have in the whole cluster, floating ones included; [`None`] is
    /// without bound.
    pub max: Option<u32>,
    /// How much it counts when there are not enough slots, and its importance. One is taken for
    /// zero.
    pub weight: u32,
    /// How long its jobs may wait. A millisecond is taken for less.
    pub target: Duration,
}

impl QueueSettings {
    /// What a queue of this name has when nothing else is said.
    #[must_use]
    pub fn default_of(queue: &QueueName) -> Self {
        let (weight, target) = if *queue == QueueName::URGENT {
            (4, 5)
        } else if *queue == QueueName::REMINDERS {
            (1, 120)
        } else if *queue == QueueName::MAINTENANCE {
            (1, 600)
        } else {
            (2, 30)
        };
        QueueSettings {
            min: 1,
            max: None,
            weight,
            target: Duration::from_secs(target),
        }
    }

    /// The target, for use as a divisor.
    pub(super) fn target(&self) -> Duration {
        self.target.max(Duration::from_millis(1))
    }

    /// The weight, for use as a factor.
    pub(super) fn weight(&self) -> u32 {
        self.weight.max(1)
    }

    /// The most it may have of `total` slots.
    pub(super) fn most(&self, total: u32) -> u32 {
        self.max.unwrap_or(u32::MAX).min(total)
    }

    /// The least it should have of `total` slots.
    pub(super) fn least(&self, total: u32) -> u32 {
        self.min.min(self.most(total))
    }

    /// Sorts the most important queue first.
    pub(super) fn importance<'a>(
        &self,
        queue: &'a QueueName,
    ) -> (Reverse<u32>, Duration, &'a QueueName) {
        (Reverse(self.weight()), self.target(), queue)
    }
}

/// How a queue goes down when it wants fewer slots than it has and nobody else wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct GoingDown {
    /// Only once it has wanted less in this many decisions in a row. One is taken for zero.
    pub after: u32,
    /// By at most this many hundredths of what it has in one decision, but at least one slot.
    pub percent: u32,
}

impl Default for GoingDown {
    /// After two decisions, by a quarter.
    fn default() -> Self {
        GoingDown {
            after: 2,
            percent: 25,
        }
    }
}

impl GoingDown {
    /// The most that may be taken away at once from a queue that has `slots`.
    pub(super) fn step(&self, slots: u32) -> u32 {
        let part = u64::from(slots) * u64::from(self.percent) / 100;
        u32::try_from(part).unwrap_or(u32::MAX).max(1)
    }
}

/// The settings of the balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How slots are given.
    pub mode: Mode,
    /// Queues that are to have something other than [`QueueSettings::default_of`] them.
    pub queues: BTreeMap<QueueName, QueueSettings>,
    /// The least time between two decisions. What is observed sooner is gathered for the next
    /// one; a tenth sooner is still in time, since timers are not exact.
    pub cooldown: Duration,
    /// How a queue goes down.
    pub down: GoingDown,
    /// How long a job is taken to run in a queue of which none has finished yet.
    pub assumed_run_time: Duration,
}

impl Default for Settings {
    /// Automatic, every 3 s, with jobs of 1 s until their run time is known.
    fn default() -> Self {
        Settings {
            mode: Mode::Auto,
            queues: BTreeMap::new(),
            cooldown: Duration::from_secs(3),
            down: GoingDown::default(),
            assumed_run_time: Duration::from_secs(1),
        }
    }
}

impl Settings {
    /// What a queue may have.
    #[must_use]
    pub fn of(&self, queue: &QueueName) -> QueueSettings {
        let own = self.queues.get(queue).copied();
        own.unwrap_or_else(|| QueueSettings::default_of(queue))
    }

    /// Whether a decision that comes this long after the last one is in time.
    pub(super) fn is_in_time(&self, waited: Duration) -> bool {
        !waited.is_zero() && waited >= self.cooldown.saturating_sub(self.cooldown / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_then_target_then_name_make_a_queue_important() {
        let mut settings = Settings::default();
        let heavy = QueueSettings {
            weight: 3,
            target: Duration::from_secs(3_600),
            ..QueueSettings::default_of(&QueueName::DEFAULT)
        };
        settings.queues.insert(QueueName::new("heavy"), heavy);
        let mut queues = QueueName::by_priority();
        queues.reverse();
        queues.extend(["of my own", "heavy"].map(QueueName::new));
        queues.sort_by(|one, other| {
            let (first, second) = (settings.of(one), settings.of(other));
            first.importance(one).cmp(&second.importance(other))
        });
        let names: Vec<&str> = queues.iter().map(QueueName::as_str).collect();
        assert_eq!(
            names,
            [
                "urgent",
                "heavy",
                "default",
                "of my own",
                "reminders",
                "maintenance"
            ]
        );
    }

    #[test]
    fn the_maximum_is_stronger_than_the_minimum() {
        let queue = QueueSettings {
            min: 5,
            max: Some(3),
            ..QueueSettings::default_of(&QueueName::DEFAULT)
        };
        assert_eq!((queue.least(10), queue.most(10)), (3, 3));
        assert_eq!((queue.least(2), queue.most(2)), (2, 2));
    }

    #[test]
    fn a_quarter_is_taken_away_but_at_least_one() {
        let down = GoingDown::default();
        assert_eq!(
            [0, 1, 7, 8, 100].map(|slots| down.step(slots)),
            [1, 1, 1, 2, 25]
        );
    }

    #[test]
    fn a_timer_that_fires_a_little_early_is_in_time() {
        let settings = Settings::default();
        let in_time = |millis| settings.is_in_time(Duration::from_millis(millis));
        assert_eq!(
            [0, 2_699, 2_700, 3_000, 60_000].map(in_time),
            [false, false, true, true, true]
        );
    }

    #[test]
    fn what_stored_settings_do_not_say_is_the_default() {
        let settings: Settings = serde_json::from_str(r#"{"mode": "simple"}"#).unwrap();
        let expected = Settings {
            mode: Mode::Simple,
            ..Settings::default()
        };
        assert_eq!(settings, expected);
    }
}
