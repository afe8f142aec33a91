//! How often jobs of a kind may start.

use std::time::Duration;

use jiff::Timestamp;

/// At most so many jobs of a kind start within a while, on all nodes together.
///
/// Counted by the generic cell rate algorithm (ITU-T I.371): one instant is all that is remembered, and
/// a burst is as many as the rate allows, not twice as many as with windows.
///
/// Laravel's `RateLimited` middleware takes a job first and puts it back when there are too many, which
/// uses up one of its tries. Here it is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub jobs: u32,
    /// Within how long.
    pub per: Duration,
}

impl Rate {
    /// So many jobs each second.
    #[must_use]
    pub const fn per_second(jobs: u32) -> Self {
        Rate {
            jobs,
            per: Duration::from_secs(1),
        }
    }

    /// So many jobs each minute.
    #[must_use]
    pub const fn per_minute(jobs: u32) -> Self {
        Rate {
            jobs,
            per: Duration::from_secs(60),
        }
    }

    /// How long one job keeps the next one waiting once the burst is used up.
    pub(crate) fn interval(self) -> Duration {
        self.per / self.jobs.max(1)
    }

    /// How many of `wanted` may start now, and what to remember: when the next one could start if there were
    /// no bursts. `next_at` is what was remembered before.
    #[must_use]
    pub fn allow(self, wanted: u32, next_at: Timestamp, now: Timestamp) -> (u32, Timestamp) {
        let next_at = next_at.max(now);
        let ahead = Duration::try_from(next_at.duration_since(now)).unwrap_or_default();
        let left = self.per.saturating_sub(ahead).as_nanos();
        let room = left / self.interval().as_nanos().max(1);
        let allowed = wanted.min(u32::try_from(room).unwrap_or(u32::MAX));
        let used = self.interval().saturating_mul(allowed);
        (allowed, next_at.checked_add(used).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_burst_is_as_many_as_the_rate_and_no_more() {
        let rate = Rate::per_minute(6);
        let (first, next_at) = rate.allow(4, START, START);
        let (second, next_at) = rate.allow(4, next_at, START);
        assert_eq!((first, second), (4, 2));
        assert_eq!(rate.allow(4, next_at, START), (0, next_at));
        let later = START + Duration::from_secs(10);
        assert_eq!(rate.allow(4, next_at, later).0, 1, "one each ten seconds");
        let idle = START + Duration::from_secs(3600);
        assert_eq!(
            rate.allow(99, next_at, idle).0,
            6,
            "what was not used is lost"
        );
    }

    #[test]
    fn no_minute_has_more_than_the_rate_allows_but_for_one_burst() {
        let rate = Rate::per_minute(10);
        let mut next_at = START;
        let mut started = 0;
        for second in 0..600 {
            let (allowed, then) = rate.allow(1, next_at, START + Duration::from_secs(second));
            started += allowed;
            next_at = then;
        }
        assert_eq!(started, 10 + 99, "a burst, then one each six seconds");
    }
}
