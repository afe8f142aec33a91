//! Numbers that come out the same everywhere.

use std::fmt::{Display, Formatter};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A number that is not negative, in whole millionths, as JSON too.
///
/// Floating-point numbers may change by a hair on their way through JSON; a decision that is
/// replayed could then come out otherwise.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millionths(pub u64);

impl Millionths {
    /// 1.
    pub const ONE: Self = Millionths(1_000_000);

    /// What is left over of less than this is not rounded up to a whole slot: estimates fade out,
    /// but never quite end.
    const NOTHING: u64 = 10_000;

    /// `numerator / denominator`, rounded down; the largest there is when it is too large, and
    /// for a denominator of zero.
    pub(super) fn ratio(numerator: u128, denominator: u128) -> Self {
        let ratio = numerator
            .saturating_mul(u128::from(Self::ONE.0))
            .checked_div(denominator)
            .and_then(|millionths| u64::try_from(millionths).ok());
        Millionths(ratio.unwrap_or(u64::MAX))
    }

    /// The seconds of a duration.
    pub(super) fn seconds(duration: Duration) -> Self {
        Millionths(micros(duration))
    }

    /// This many times as much, rounded down.
    pub(super) fn times(self, other: Self) -> Self {
        Self::ratio(
            u128::from(self.0) * u128::from(other.0),
            u128::from(Self::ONE.0).pow(2),
        )
    }

    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Millionths(self.0.saturating_add(other.0))
    }

    /// Rounded up to whole slots, but for less than a hundredth.
    #[must_use]
    pub fn whole_slots(self) -> u32 {
        let slots = self.0.saturating_sub(Self::NOTHING).div_ceil(Self::ONE.0);
        u32::try_from(slots).unwrap_or(u32::MAX)
    }
}

/// A duration in whole microseconds.
pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Display for Millionths {
    /// Rounded for people: one place behind the point, two below 1.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        if (1..5_000).contains(&self.0) {
            return formatter.write_str("less than 0.01");
        }
        let (step, places) = if self.0 < Self::ONE.0 {
            (10_000, 2)
        } else {
            (100_000, 1)
        };
        let steps = self.0.saturating_add(step / 2) / step;
        let (whole, rest) = (steps / (Self::ONE.0 / step), steps % (Self::ONE.0 / step));
        let rest = format!("{rest:0places$}");
        match rest.trim_end_matches('0') {
            "" => write!(formatter, "{whole}"),
            rest => write!(formatter, "{whole}.{rest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_cut_to_millionths() {
        assert_eq!(Millionths::ratio(2, 3), Millionths(666_666));
        assert_eq!(Millionths::ratio(6, 3), Millionths(2_000_000));
        assert_eq!(Millionths::ratio(1, 0), Millionths(u64::MAX));
        assert_eq!(Millionths::ratio(u128::MAX, 1), Millionths(u64::MAX));
    }

    #[test]
    fn products_do_not_overflow() {
        let half = Millionths(500_000);
        assert_eq!(half.times(half), Millionths(250_000));
        assert_eq!(half.times(Millionths::ONE), half);
        let most = Millionths(u64::MAX);
        assert_eq!(most.times(most), most);
        assert_eq!(most.times(Millionths::ONE), most);
        assert_eq!(most.plus(half), most);
    }

    #[test]
    fn slots_are_rounded_up_but_for_next_to_nothing() {
        let slots = |millionths| Millionths(millionths).whole_slots();
        assert_eq!(
            [0, 10_000, 10_001, 1_000_000].map(slots),
            [0, 0, 1, 1],
            "a hundredth of a slot is none"
        );
        assert_eq!([1_010_000, 1_010_001, 2_500_000].map(slots), [1, 2, 3]);
        assert_eq!(slots(u64::MAX), u32::MAX);
    }

    #[test]
    fn people_are_told_few_digits() {
        let text = |millionths| Millionths(millionths).to_string();
        assert_eq!(text(0), "0");
        assert_eq!(text(1), "less than 0.01");
        assert_eq!(text(5_000), "0.01");
        assert_eq!(text(40_000), "0.04");
        assert_eq!(text(900_000), "0.9");
        assert_eq!(text(999_999), "1");
        assert_eq!(text(2_880_000), "2.9");
        assert_eq!(text(30_000_000), "30");
        assert_eq!(text(30_050_000), "30.1");
    }
}
