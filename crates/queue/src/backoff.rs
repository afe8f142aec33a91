//! How long to wait between attempts.

use std::time::Duration;

use duly_db::Random;

/// The wait before the next attempt. Each is made up to a tenth shorter or longer at random, so
/// that jobs that failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    /// The wait after the first, second, … attempt; the last one repeats. The list is a constant:
    /// `const WAITS: &[Duration] = &[Duration::from_secs(30)]`.
    List(&'static [Duration]),
    /// `first`, then twice as long each time, never longer than `cap`.
    Exponential {
        /// The wait after the first attempt.
        first: Duration,
        /// The longest wait.
        cap: Duration,
    },
}

impl Default for Backoff {
    /// 10 s, 20 s, 40 s, … up to one hour.
    fn default() -> Self {
        Backoff::Exponential {
            first: Duration::from_secs(10),
            cap: Duration::from_secs(3600),
        }
    }
}

impl Backoff {
    /// The wait after the given attempt (the first is 1), before chance has its part.
    #[must_use]
    pub fn after(&self, attempt: u32) -> Duration {
        let earlier = attempt.saturating_sub(1);
        match *self {
            Backoff::List(waits) => usize::try_from(earlier)
                .ok()
                .and_then(|index| waits.get(index))
                .or(waits.last())
                .copied()
                .unwrap_or_default(),
            Backoff::Exponential { first, cap } => {
                let factor = 1_u32.checked_shl(earlier).unwrap_or(u32::MAX);
                first.saturating_mul(factor).min(cap)
            }
        }
    }

    /// The wait after the given attempt, up to a tenth shorter or longer.
    pub(crate) fn with_jitter(&self, attempt: u32, random: &dyn Random) -> Duration {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        let permille = 900 + u32::try_from(u64::from_le_bytes(bytes) % 201).unwrap_or(100);
        self.after(attempt).saturating_mul(permille) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use duly_db::random::SeededRandom;

    #[test]
    fn a_list_repeats_its_last_wait() {
        const WAITS: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(5)];
        let waits = Backoff::List(WAITS);
        let seconds: Vec<u64> = (1..=4)
            .map(|attempt| waits.after(attempt).as_secs())
            .collect();
        assert_eq!(seconds, [1, 5, 5, 5]);
        assert_eq!(Backoff::List(&[]).after(1), Duration::ZERO);
    }

    #[test]
    fn doubling_stops_at_the_cap() {
        let seconds: Vec<u64> = [1, 2, 3, 9, 10, 32, 33, u32::MAX]
            .map(|n| Backoff::default().after(n).as_secs())
            .into();
        assert_eq!(seconds, [10, 20, 40, 2560, 3600, 3600, 3600, 3600]);
    }

    #[test]
    fn chance_moves_a_wait_by_a_tenth_at_most() {
        let random = SeededRandom::new(7);
        let waits: Vec<Duration> = (0..500)
            .map(|_| Backoff::default().with_jitter(1, &*random))
            .collect();
        assert!(
            waits
                .iter()
                .all(|wait| (9_000..=11_000).contains(&wait.as_millis()))
        );
        assert!(waits.iter().any(|wait| wait.as_millis() < 9_500));
        assert!(waits.iter().any(|wait| wait.as_millis() > 10_500));
    }
}
