//! How long statements took, counted for whoever asks from time to time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of what is counted together.
const BOUNDS: [Duration; 13] = [
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
    Duration::from_secs(5),
];

/// Statements by how long they took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timings {
    /// Upper bounds, rising, and how many statements took no longer than that but longer than the bound before. The
    /// last one has no bound.
    pub buckets: Vec<(Option<Duration>, u64)>,
    /// All of them together.
    pub total: Duration,
}

impl Timings {
    /// How many statements there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }
}

/// How long statements took since the database was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatementTimings {
    /// Those of the server that takes changes.
    pub primary: Timings,
    /// Those of all replicas together.
    pub replicas: Timings,
}

/// Counts while statements run.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    counts: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Stopwatch {
    pub(crate) fn count(&self, took: Duration) {
        let bucket = BOUNDS.iter().position(|bound| took <= *bound);
        if let Some(count) = self.counts.get(bucket.unwrap_or(BOUNDS.len())) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Timings {
        let bounds = BOUNDS.into_iter().map(Some).chain([None]);
        let counts = self.counts.iter().map(|one| one.load(Ordering::Relaxed));
        Timings {
            buckets: bounds.zip(counts).collect(),
            total: Duration::from_micros(self.micros.load(Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_is_counted_once_below_its_bound() {
        let stopwatch = Stopwatch::default();
        for micros in [1, 500, 501, 5_000_000, 5_000_001] {
            stopwatch.count(Duration::from_micros(micros));
        }
        let read = stopwatch.read();
        let counted = |bound| {
            let found = read.buckets.iter().find(|(each, _)| *each == bound);
            found.map(|(_, count)| *count)
        };
        assert_eq!(counted(Some(Duration::from_micros(500))), Some(2));
        assert_eq!(counted(Some(Duration::from_millis(1))), Some(1));
        assert_eq!(counted(Some(Duration::from_secs(5))), Some(1));
        assert_eq!(counted(None), Some(1));
        assert_eq!(read.count(), 5);
        assert_eq!(read.total, Duration::from_micros(10_001_003));
    }
}
