//! Who was refused just now.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Count, Decision};

/// A refusal is repeated for this long, in microseconds, before it is looked at anew.
const REPEATED: i64 = 1_000_000;

/// So many are known at a time; further ones are looked at anew each time.
const MOST: usize = 10_000;

/// Repeats refusals for a second, so that somebody who hammers costs the other nodes nothing, and
/// keeps no request from passing that would have been asked about later.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    hasher: RandomState,
    /// When each was made, and what was said.
    made: Mutex<HashMap<u64, (i64, Decision)>>,
}

impl Refusals {
    pub(super) fn note(&self, count: &Count<'_>, decision: Decision, now: i64) {
        let mut made = self.made();
        if made.len() >= MOST {
            made.retain(|_, (at, decision)| is_in_force(*at, *decision, now));
        }
        if made.len() < MOST {
            made.insert(self.place(count), (now, decision));
        }
    }

    /// What was said, as it stands now.
    pub(super) fn repeat(&self, count: &Count<'_>, now: i64) -> Option<Decision> {
        let (at, decision) = *self.made().get(&self.place(count))?;
        let age = Duration::from_micros(u64::try_from(now - at).ok()?);
        is_in_force(at, decision, now).then(|| Decision {
            retry_after: decision.retry_after.saturating_sub(age),
            reset: decision.reset.saturating_sub(age),
            ..decision
        })
    }

    pub(super) fn forget(&self, count: &Count<'_>) {
        self.made().remove(&self.place(count));
    }

    fn place(&self, count: &Count<'_>) -> u64 {
        self.hasher.hash_one((&count.policy.name, &count.key))
    }

    fn made(&self) -> MutexGuard<'_, HashMap<u64, (i64, Decision)>> {
        // Nothing in there panics.
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_in_force(at: i64, decision: Decision, now: i64) -> bool {
    let wait = i64::try_from(decision.retry_after.as_micros()).unwrap_or(i64::MAX);
    (0..wait.min(REPEATED)).contains(&(now - at))
}
