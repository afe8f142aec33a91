//! How long callers have waited for a connection.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

/// So many waits are remembered, the newest ones.
const REMEMBERED: usize = 1024;

/// The newest waits, in microseconds, in a ring that nobody has to lock.
#[derive(Debug)]
pub(super) struct Waits {
    noted: AtomicUsize,
    newest: Box<[AtomicU32]>,
}

impl Default for Waits {
    fn default() -> Self {
        Waits {
            noted: AtomicUsize::new(0),
            newest: (0..REMEMBERED).map(|_| AtomicU32::new(0)).collect(),
        }
    }
}

impl Waits {
    pub(super) fn note(&self, wait: Duration) {
        let place = self.noted.fetch_add(1, Ordering::Relaxed) % REMEMBERED;
        if let Some(slot) = self.newest.get(place) {
            let microseconds = u32::try_from(wait.as_micros()).unwrap_or(u32::MAX);
            slot.store(microseconds, Ordering::Relaxed);
        }
    }

    /// What so many percent of the waits did not exceed, in microseconds. Nothing before the first.
    pub(super) fn percentile(&self, percent: usize) -> Option<u64> {
        let noted = self.noted.load(Ordering::Relaxed);
        let known = self.newest.iter().take(noted);
        let mut waits: Vec<u32> = known.map(|wait| wait.load(Ordering::Relaxed)).collect();
        waits.sort_unstable();
        let below = waits.len().checked_sub(1)? * percent / 100;
        waits.get(below).copied().map(u64::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_and_almost_all_of_the_newest_waits_are_told() {
        let waits = Waits::default();
        assert_eq!(waits.percentile(50), None);
        waits.note(Duration::from_micros(7));
        assert_eq!(waits.percentile(99), Some(7));
        for wait in (0..3 * REMEMBERED).rev() {
            waits.note(Duration::from_micros(u64::try_from(wait).unwrap()));
        }
        assert_eq!(
            (waits.percentile(50), waits.percentile(99)),
            (Some(511), Some(1012))
        );
        waits.note(Duration::MAX);
        assert_eq!(waits.percentile(100), Some(u64::from(u32::MAX)));
    }
}
