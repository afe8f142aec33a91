//! What may slip: more waits than somebody completes in a week.

use std::fmt::{Display, Formatter};

/// How many tasks somebody completes in a week, in tenths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace(u32);

impl Pace {
    /// From what was completed within 28 days, or within as many as somebody has been here. Whoever has
    /// completed nothing yet, or has been here for less than a week, has no pace.
    pub(super) fn of(completed: u32, known_days: i64) -> Option<Self> {
        let days = u32::try_from(known_days.clamp(0, 28)).unwrap_or(0);
        (completed > 0 && days >= 7).then(|| Pace(completed.saturating_mul(70) / days))
    }

    /// So many tasks at most are completed in a week at this pace.
    fn whole(self) -> usize {
        usize::try_from(self.0.div_ceil(10)).unwrap_or(usize::MAX)
    }
}

/// For people: `3` or `2.5`.
impl Display for Pace {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match (self.0 / 10, self.0 % 10) {
            (whole, 0) => write!(formatter, "{whole}"),
            (whole, tenths) => write!(formatter, "{whole}.{tenths}"),
        }
    }
}

/// What will be left undone of a week.
pub(super) struct Forecast<'a, T> {
    /// The tasks due in it for which there is no time, in their order.
    pub(super) slipping: &'a [T],
    /// How many have to be done in all.
    pub(super) waiting: usize,
}

/// Whoever goes on at this pace does what is overdue first, then what is due, in its order.
pub(super) fn forecast<T>(pace: Pace, overdue: u32, due: &[T]) -> Forecast<'_, T> {
    let overdue = usize::try_from(overdue).unwrap_or(usize::MAX);
    let done_of_due = pace.whole().saturating_sub(overdue).min(due.len());
    Forecast {
        slipping: due.get(done_of_due..).unwrap_or_default(),
        waiting: overdue.saturating_add(due.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_told_in_tenths_of_a_task() {
        let told = |completed, days| Pace::of(completed, days).map(|pace| pace.to_string());
        assert_eq!(told(10, 400).as_deref(), Some("2.5"));
        assert_eq!(told(12, 28).as_deref(), Some("3"));
        assert_eq!(told(3, 14).as_deref(), Some("1.5"));
        assert_eq!(told(0, 400), None, "nothing was completed");
        assert_eq!(told(3, 6), None, "too short a time");
    }

    #[test]
    fn what_is_beyond_the_pace_slips() {
        let pace = Pace::of(12, 28).unwrap();
        let due = ["a", "b", "c", "d"];
        let three = forecast(pace, 0, &due);
        assert_eq!((three.slipping, three.waiting), (&due[3..], 4));
        assert_eq!(forecast(pace, 2, &due).slipping, &due[1..]);
        assert_eq!(forecast(pace, 9, &due).slipping, &due[..]);
        assert!(forecast(pace, 0, &due[..3]).slipping.is_empty());
    }
}
