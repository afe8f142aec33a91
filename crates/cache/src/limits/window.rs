//! The arithmetic of a sliding count made of two buckets. Times are microseconds.

use std::time::Duration;

use super::Decision;

/// What one key was admitted in its current window and in the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    start: i64,
    length: i64,
    previous: u32,
    current: u32,
}

impl Window {
    pub(super) fn opened(now: i64, length: i64) -> Self {
        Window {
            start: now,
            length,
            previous: 0,
            current: 0,
        }
    }

    /// Counts of windows of which one began when time did, as several nodes keep them: they agree on
    /// where a window begins without telling each other.
    pub(super) fn aligned(now: i64, length: i64, previous: u32, current: u32) -> Self {
        Window {
            start: now - now.rem_euclid(length),
            length,
            previous,
            current,
        }
    }

    /// Admits and counts a request that comes `now`, or refuses it.
    pub(super) fn hit(&mut self, limit: u32, now: i64) -> Decision {
        let decision = self.decide(limit, now);
        if !decision.allowed {
            return decision;
        }
        self.count();
        Decision {
            remaining: self.remaining(limit, now),
            ..decision
        }
    }

    /// What is said to a request that comes `now`.
    pub(super) fn decide(&self, limit: u32, now: i64) -> Decision {
        let allowed = self.admits(limit, now);
        Decision {
            allowed,
            limit,
            remaining: self.remaining(limit, now),
            retry_after: match allowed {
                true => Duration::ZERO,
                false => self.retry_after(limit, now),
            },
            reset: self.reset(now),
        }
    }

    /// The same counts as they stand `now`, in windows of the given length.
    pub(super) fn moved_to(self, now: i64, length: i64) -> Self {
        let elapsed = now.saturating_sub(self.start);
        let moved = if elapsed < 0 {
            // The clock was set back. Counts stay, and expire two windows from now.
            Window {
                start: now,
                length,
                ..self
            }
        } else if elapsed < length {
            Window { length, ..self }
        } else if elapsed < 2 * length {
            Window {
                start: self.start + length,
                length,
                previous: self.current,
                current: 0,
            }
        } else {
            Self::opened(now, length)
        };
        // A window begins with what is counted in it, not with what was refused before.
        if moved.is_empty() {
            Self::opened(now, length)
        } else {
            moved
        }
    }

    fn is_empty(&self) -> bool {
        self.current == 0 && self.previous == 0
    }

    /// The same counts as they stand `now`, unless they no longer say anything.
    pub(super) fn unexpired(self, now: i64) -> Option<Self> {
        let moved = self.moved_to(now, self.length);
        (!moved.is_empty()).then_some(moved)
    }

    pub(super) fn admits(&self, limit: u32, now: i64) -> bool {
        self.room(limit, now) >= i128::from(self.length)
    }

    pub(super) fn count(&mut self) {
        self.current = self.current.saturating_add(1);
    }

    pub(super) fn uncount(&mut self) {
        self.current = self.current.saturating_sub(1);
    }

    pub(super) fn remaining(&self, limit: u32, now: i64) -> u32 {
        let whole = self.room(limit, now) / i128::from(self.length);
        u32::try_from(whole.max(0)).unwrap_or(u32::MAX)
    }

    /// How long until the window ends.
    pub(super) fn reset(&self, now: i64) -> Duration {
        duration(i128::from(self.length - self.elapsed(now)))
    }

    /// How long until a refused request has room, if no other takes it: when the count of this
    /// window leaves room, as soon as enough of the one before has slid out; else as soon as
    /// enough of this one has, in the next window.
    pub(super) fn retry_after(&self, limit: u32, now: i64) -> Duration {
        let length = i128::from(self.length);
        let until_next = length - i128::from(self.elapsed(now));
        let spare = i128::from(limit) - i128::from(self.current) - 1;
        if spare >= 0 {
            let bearable = share(spare * length, self.previous);
            return duration(until_next - bearable);
        }
        let bearable = share((i128::from(limit) - 1).max(0) * length, self.current);
        duration(until_next + length - bearable)
    }

    /// The room that is left, in requests times window length so that it is a whole number.
    fn room(&self, limit: u32, now: i64) -> i128 {
        let length = i128::from(self.length);
        let sliding = length - i128::from(self.elapsed(now));
        (i128::from(limit) - i128::from(self.current)) * length
            - i128::from(self.previous) * sliding
    }

    fn elapsed(&self, now: i64) -> i64 {
        now.saturating_sub(self.start).clamp(0, self.length)
    }
}

/// How much of the window the given count may still weigh in with.
fn share(room: i128, count: u32) -> i128 {
    match i128::from(count) {
        0 => 0,
        count => room / count,
    }
}

fn duration(micros: i128) -> Duration {
    Duration::from_micros(u64::try_from(micros.max(0)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const MINUTE: i64 = 60 * SECOND;

    fn full() -> Window {
        Window {
            start: 0,
            length: MINUTE,
            previous: 0,
            current: 60,
        }
    }

    #[test]
    fn the_61st_waits_until_one_of_the_60_has_slid_out() {
        assert!(!full().admits(60, 0));
        assert_eq!(full().retry_after(60, 0), Duration::from_secs(61));
        assert_eq!(full().retry_after(60, 59 * SECOND), Duration::from_secs(2));
        let next = |now| full().moved_to(now, MINUTE);
        assert!(!next(MINUTE).admits(60, MINUTE));
        assert!(!next(MINUTE + SECOND - 1).admits(60, MINUTE + SECOND - 1));
        assert!(next(MINUTE + SECOND).admits(60, MINUTE + SECOND));
        assert_eq!(
            next(MINUTE + 30 * SECOND).remaining(60, MINUTE + 30 * SECOND),
            30
        );
    }

    #[test]
    fn counts_expire_after_two_windows_and_not_before() {
        assert!(full().unexpired(2 * MINUTE - 1).is_some());
        assert_eq!(full().unexpired(2 * MINUTE), None);
    }

    #[test]
    fn a_clock_set_back_keeps_the_counts() {
        let back = full().moved_to(-MINUTE, MINUTE);
        assert!(!back.admits(60, -MINUTE));
        assert_eq!(back.retry_after(60, -MINUTE), Duration::from_secs(61));
    }

    #[test]
    fn nothing_overflows() {
        let longest = i64::MAX / 8;
        let window = Window {
            start: i64::MIN / 8,
            length: longest,
            previous: u32::MAX,
            current: u32::MAX,
        };
        for now in [i64::MIN / 8, 0, i64::MAX / 4] {
            let moved = window.moved_to(now, longest);
            for limit in [0, 1, u32::MAX] {
                let _ = (
                    moved.remaining(limit, now),
                    moved.retry_after(limit, now),
                    moved.reset(now),
                );
            }
        }
    }
}
