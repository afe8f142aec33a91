//! Where the primary was when, to tell how old a replica's position is.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How far back positions are kept.
const MEMORY: Duration = Duration::from_secs(600);

/// The positions of one primary.
#[derive(Debug, Default)]
pub(super) struct History {
    identity: String,
    /// Oldest first; a position stands there with the time it was first seen.
    positions: VecDeque<(Instant, u64)>,
}

impl History {
    /// Notes where a primary is. Another one starts anew: it may lack what the former one had.
    pub(super) fn note(&mut self, now: Instant, identity: &str, position: u64) {
        if self.identity != identity {
            identity.clone_into(&mut self.identity);
            self.positions.clear();
        }
        if self
            .positions
            .back()
            .is_none_or(|(_, last)| *last < position)
        {
            self.positions.push_back((now, position));
        }
        while self.positions.len() > 1
            && self
                .positions
                .get(1)
                .is_some_and(|(seen, _)| now.duration_since(*seen) > MEMORY)
        {
            self.positions.pop_front();
        }
    }

    /// How long ago the primary had something that a replica at this position lacks.
    pub(super) fn lag(&self, now: Instant, position: u64) -> Duration {
        let missing = self.positions.partition_point(|(_, had)| *had <= position);
        let since = self.positions.get(missing);
        since.map_or(Duration::ZERO, |(since, _)| now.duration_since(*since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_the_age_of_the_first_change_a_replica_lacks() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut history = History::default();
        history.note(at(0), "one", 10);
        history.note(at(1000), "one", 10);
        history.note(at(2000), "one", 20);
        history.note(at(3000), "one", 30);
        let lag = |position| history.lag(at(3500), position).as_millis();
        assert_eq!(lag(30), 0);
        assert_eq!(
            lag(40),
            0,
            "it may know more than the last look at the primary"
        );
        assert_eq!(lag(29), 500);
        assert_eq!(lag(10), 1500, "idle time is no lag");
        assert_eq!(lag(5), 3500);
    }

    #[test]
    fn what_a_new_primary_lacks_is_missed_nowhere() {
        let start = Instant::now();
        let mut history = History::default();
        history.note(start, "one", 100);
        let later = start + Duration::from_secs(5);
        history.note(later, "two", 90);
        assert_eq!(history.lag(later, 90), Duration::ZERO);
    }
}
