//! The newest version of each owner's data that this process has seen.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::Version;

/// So many owners are remembered at least.
const OWNERS: usize = 50_000;

/// While the primary is away, the version a request has to see comes from a replica, which may
/// not be the one that answered the request before. This keeps readers from going back.
#[derive(Debug, Default)]
pub(super) struct Floors {
    generations: Mutex<Generations>,
}

/// When the younger half is full it becomes the older one, whose owners are forgotten unless
/// they have been seen again since.
#[derive(Debug, Default)]
struct Generations {
    younger: HashMap<Uuid, Version>,
    older: HashMap<Uuid, Version>,
}

impl Floors {
    /// Notes that a version was seen. Answers the newest one that was.
    pub(super) fn note(&self, owner: Uuid, seen: Version) -> Version {
        let mut generations = self.generations();
        let newest = generations.get(owner).map_or(seen, |known| known.max(seen));
        generations.put(owner, newest);
        newest
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn get(&self, owner: Uuid) -> Option<Version> {
        let known = self.younger.get(&owner).or_else(|| self.older.get(&owner));
        known.copied()
    }

    fn put(&mut self, owner: Uuid, version: Version) {
        if self.younger.len() >= OWNERS {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert(owner, version);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_never_sinks() {
        let floors = Floors::default();
        let (owner, version) = (Uuid::from_u128(1), Version::of);
        assert_eq!(floors.note(owner, version(5)), version(5));
        assert_eq!(floors.note(owner, version(3)), version(5));
        let other = Uuid::from_u128(2);
        assert_eq!(floors.note(other, version(1)), version(1));
    }

    #[test]
    fn memory_is_bounded_and_the_latest_owners_stay() {
        let floors = Floors::default();
        for owner in 0..120_000 {
            floors.note(Uuid::from_u128(owner), Version::of(9));
        }
        let generations = floors.generations();
        assert!(generations.younger.len() + generations.older.len() <= 2 * OWNERS);
        assert!(generations.get(Uuid::from_u128(119_999)).is_some());
        assert!(generations.get(Uuid::from_u128(0)).is_none());
    }
}
