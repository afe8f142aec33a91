//! Where the front of a queue was a moment ago.
//!
//! Servers clear away what was taken some time after it was taken: until then InnoDB's purge or PostgreSQL's vacuum
//! has thousands of entries lie in front of those that wait, and stepping over them takes longer than taking a hundred
//! jobs. So while a queue is emptied at full speed, a look begins where the last one has found something.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::QueueName;

/// So often a look begins at the very front all the same: a job that was pushed with a higher priority, or for
/// somebody who has fewer, waits no longer for it.
const TRUSTED: Duration = Duration::from_millis(100);

/// Only who takes so many at once takes them at full speed.
const BURST: usize = 32;

/// The fronts of all queues, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Fronts(Mutex<BTreeMap<QueueName, Front>>);

#[derive(Debug, Clone, Copy)]
struct Front {
    position: Timestamp,
    seen: Timestamp,
}

impl Fronts {
    fn known(&self) -> MutexGuard<'_, BTreeMap<QueueName, Front>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From which position on a queue is to be looked at; [`None`] for all of it.
    pub(super) fn of(&self, queue: &QueueName, now: Timestamp) -> Option<Timestamp> {
        let known = self.known();
        let front = known.get(queue)?;
        let age = Duration::try_from(now.duration_since(front.seen)).ok()?;
        (age < TRUSTED).then_some(front.position)
    }

    /// Notes what a look has found that asked for so many jobs: the position of the first and their number.
    pub(super) fn saw(
        &self,
        queue: &QueueName,
        (asked, found): (usize, usize),
        first: Option<Timestamp>,
        (from, now): (Option<Timestamp>, Timestamp),
    ) {
        let mut known = self.known();
        match (first, known.get_mut(queue)) {
            (Some(position), Some(front)) if from.is_some() && found == asked => {
                front.position = position;
            }
            (Some(position), _) if found == asked && asked >= BURST => {
                known.insert(
                    queue.clone(),
                    Front {
                        position,
                        seen: now,
                    },
                );
            }
            _ if found < asked => {
                known.remove(queue);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    const QUEUE: QueueName = QueueName::DEFAULT;

    #[test]
    fn a_front_is_trusted_for_a_moment_however_often_it_moves() {
        let fronts = Fronts::default();
        fronts.saw(&QUEUE, (100, 100), Some(at(1)), (None, at(1000)));
        assert_eq!(fronts.of(&QUEUE, at(1050)), Some(at(1)));
        fronts.saw(&QUEUE, (8, 8), Some(at(2)), (Some(at(1)), at(1050)));
        assert_eq!(fronts.of(&QUEUE, at(1099)), Some(at(2)));
        assert_eq!(
            fronts.of(&QUEUE, at(1100)),
            None,
            "all of it is looked at again"
        );
        assert_eq!(fronts.of(&QUEUE, at(999)), None, "the clock was set back");
    }

    #[test]
    fn a_queue_that_is_nearly_empty_is_always_looked_at_from_its_front() {
        let fronts = Fronts::default();
        fronts.saw(&QUEUE, (100, 100), Some(at(1)), (None, at(1000)));
        fronts.saw(&QUEUE, (100, 99), Some(at(2)), (Some(at(1)), at(1000)));
        assert_eq!(fronts.of(&QUEUE, at(1000)), None);
        fronts.saw(&QUEUE, (8, 8), Some(at(3)), (None, at(1000)));
        assert_eq!(
            fronts.of(&QUEUE, at(1000)),
            None,
            "and so is one of few slots"
        );
    }
}
