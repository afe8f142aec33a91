//! How much has happened in the last minute.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

const SECONDS: usize = 60;

/// Counts from the start on, and remembers the last minute.
#[derive(Debug, Default)]
pub(super) struct Recent {
    total: AtomicU64,
    /// The total at the end of each of the last seconds, oldest first.
    ends: Mutex<VecDeque<u64>>,
}

impl Recent {
    pub(super) fn count(&self) {
        self.total.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    pub(super) fn end_second(&self) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.push_back(self.total());
        if ends.len() > SECONDS {
            ends.pop_front();
        }
    }

    /// How many there were in the last minute.
    pub(super) fn last_minute(&self) -> u64 {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match ends.len() {
            SECONDS => ends.front().copied().unwrap_or_default(),
            _ => 0,
        };
        self.total().saturating_sub(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_a_minute_no_longer_counts() {
        let recent = Recent::default();
        for _ in 0..SECONDS + 10 {
            recent.count();
            recent.end_second();
        }
        recent.count();
        assert_eq!(recent.total(), 71);
        assert_eq!(recent.last_minute(), 60);
    }

    #[test]
    fn the_first_minute_counts_from_the_start() {
        let recent = Recent::default();
        (0..7).for_each(|_| recent.count());
        recent.end_second();
        recent.count();
        assert_eq!(recent.last_minute(), 8);
    }
}
