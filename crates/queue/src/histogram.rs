//! How durations are spread, in little space.

use std::collections::BTreeMap;
use std::time::Duration;

/// Durations counted in buckets, each of which is half as long as all before it or less: a quantile read from
/// them is off by less than a quarter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    buckets: BTreeMap<u16, u64>,
    total: Duration,
}

/// The first bucket ends here, as a power of two of microseconds: what is shorter is all the same.
const FIRST: u32 = 8;

impl Histogram {
    /// The bucket of a duration.
    #[must_use]
    pub fn bucket(duration: Duration) -> u16 {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let Some(octave) = micros.checked_ilog2().filter(|&octave| octave >= FIRST) else {
            return 0;
        };
        let is_upper_half = micros & (1 << (octave - 1)) != 0;
        let bucket = 1 + 2 * (octave - FIRST) + u32::from(is_upper_half);
        u16::try_from(bucket).unwrap_or(u16::MAX)
    }

    /// Where a bucket begins; it ends where the next one does.
    fn begin(bucket: u16) -> Duration {
        let Some(number) = bucket.checked_sub(1) else {
            return Duration::ZERO;
        };
        let octave = (FIRST + u32::from(number / 2)).min(62);
        let half = u64::from(number % 2) << (octave - 1);
        Duration::from_micros((1 << octave) + half)
    }

    /// Counts a duration.
    pub fn add(&mut self, duration: Duration) {
        self.add_counted(Self::bucket(duration), 1, duration);
    }

    /// Counts durations of one bucket, which take so long altogether.
    pub fn add_counted(&mut self, bucket: u16, number: u64, total: Duration) {
        *self.buckets.entry(bucket).or_default() += number;
        self.total = self.total.saturating_add(total);
    }

    /// Counts what another one has counted.
    pub fn merge(&mut self, other: &Histogram) {
        for (bucket, number) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += number;
        }
        self.total = self.total.saturating_add(other.total);
    }

    /// How many durations there are.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.buckets.values().sum()
    }

    /// All of them together.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.total
    }

    /// The mean; [`None`] without durations.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        let number = self.number();
        let nanos = self.total.as_nanos().checked_div(u128::from(number))?;
        Some(Duration::from_nanos(
            u64::try_from(nanos).unwrap_or(u64::MAX),
        ))
    }

    /// What so many of a thousand durations do not exceed; [`None`] without durations.
    #[must_use]
    pub fn quantile(&self, permille: u16) -> Option<Duration> {
        let number = self.number();
        let rank = (number * u64::from(permille)).div_ceil(1000).max(1);
        let mut before = 0;
        for (&bucket, &count) in &self.buckets {
            if before + count >= rank {
                let (begin, end) = (Self::begin(bucket), Self::begin(bucket + 1));
                let part = (end - begin).as_nanos() * u128::from(rank - before);
                let part = part.checked_div(u128::from(count))?;
                return Some(begin + Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX)));
            }
            before += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_begins_where_the_one_before_ends() {
        for bucket in 0..60 {
            let begin = Histogram::begin(bucket);
            assert_eq!(Histogram::bucket(begin), bucket, "{begin:?}");
            if let Some(before) = begin.checked_sub(Duration::from_micros(1)) {
                assert_eq!(Histogram::bucket(before), bucket - 1, "{before:?}");
            }
        }
    }

    #[test]
    fn quantiles_are_off_by_less_than_a_quarter() {
        let mut histogram = Histogram::default();
        for millis in 1..=1000 {
            histogram.add(Duration::from_millis(millis));
        }
        for (permille, exact) in [(500, 500.0), (950, 950.0), (990, 990.0), (10, 10.0)] {
            let found = histogram.quantile(permille).unwrap().as_secs_f64() * 1000.0;
            assert!((found / exact - 1.0).abs() < 0.25, "{permille}: {found}");
        }
        assert_eq!(histogram.mean(), Some(Duration::from_micros(500_500)));
        assert_eq!(histogram.number(), 1000);
    }

    #[test]
    fn nothing_has_no_quantiles() {
        let histogram = Histogram::default();
        assert_eq!((histogram.quantile(500), histogram.mean()), (None, None));
    }

    #[test]
    fn two_that_are_merged_are_as_if_all_had_been_counted_in_one() {
        let (mut one, mut other, mut both) = <(Histogram, Histogram, Histogram)>::default();
        for millis in [3, 90, 4000] {
            one.add(Duration::from_millis(millis));
            both.add(Duration::from_millis(millis));
            other.add(Duration::from_millis(millis * 7));
            both.add(Duration::from_millis(millis * 7));
        }
        one.merge(&other);
        assert_eq!(one, both);
    }
}
