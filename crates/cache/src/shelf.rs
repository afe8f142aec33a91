//! The rules of the cache for one owner, without a place to keep it or a clock: what the back end
//! in memory does, what the scripts of the one in Redis do, and what the model checker explores.

use duly_db::Version;
use duly_db::versions::Versions;

use crate::store::{Fence, Raise};

/// What is known about one owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shelf<K, V> {
    floors: Option<Versions>,
    /// Who is being looked up, by a fence each.
    fences: Vec<(K, Fence)>,
    records: Vec<(K, V)>,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Shelf {
            floors: None,
            fences: Vec::new(),
            records: Vec::new(),
        }
    }
}

impl<K: PartialEq + Copy, V> Shelf<K, V> {
    /// Nothing older may be served.
    #[must_use]
    pub fn floor(&self) -> Option<Version> {
        self.floors.map(|floors| floors.data)
    }

    /// Who somebody is. Without a floor nothing that was kept can be trusted.
    #[must_use]
    pub fn record(&self, key: K) -> Option<&V> {
        self.floors?;
        let found = self.records.iter().find(|(known, _)| *known == key);
        found.map(|(_, record)| record)
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.floors.is_none() && self.fences.is_empty()
    }

    /// Puts up a fence, in place of one that stands there already.
    pub fn fence(&mut self, key: K, fence: Fence) {
        self.fences.retain(|(known, _)| *known != key);
        self.fences.push((key, fence));
    }

    /// Keeps who somebody is, as read from the primary since the fence was put up. It still stands
    /// only if nothing was invalidated while there was no floor to raise.
    pub fn introduce(&mut self, key: K, fence: Fence, record: V, read: Versions) -> bool {
        let Some(place) = self.fences.iter().position(|mine| *mine == (key, fence)) else {
            return false;
        };
        self.fences.remove(place);
        match &mut self.floors {
            None => self.floors = Some(read),
            // Somebody's rights have changed since it was read.
            Some(floors) if read.auth < floors.auth => return false,
            // They have changed since the others were read, which nobody has said yet.
            Some(floors) if read.auth > floors.auth => {
                self.records.clear();
                self.fences.clear();
                *floors = Versions {
                    data: floors.data.max(read.data),
                    auth: read.auth,
                };
            }
            Some(floors) => floors.data = floors.data.max(read.data),
        }
        self.records.retain(|(known, _)| *known != key);
        self.records.push((key, record));
        true
    }

    /// Whether an answer of this version may be kept; the floor rises to it.
    pub fn fill(&mut self, version: Version) -> bool {
        match &mut self.floors {
            // It is shown all the same, so that who was read before must not make an older floor.
            None => {
                self.fences.clear();
                false
            }
            Some(floors) if version < floors.data => false,
            Some(floors) => {
                floors.data = version;
                true
            }
        }
    }

    /// Invalidates.
    pub fn raise(&mut self, raise: Raise) {
        match (&mut self.floors, raise) {
            (Some(floors), Raise::Data(data)) => floors.data = floors.data.max(data),
            (Some(floors), Raise::Both(read)) if read.auth <= floors.auth => {
                floors.data = floors.data.max(read.data);
            }
            // Without a floor nothing can be raised, but what is being looked up may be too old to
            // make one: the fences fall. Nor may a floor be made here: this may be an earlier
            // version than one whose invalidation has found nothing to raise.
            _ => *self = Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(data: i64, auth: i64) -> Versions {
        Versions {
            data: Version::of(data),
            auth,
        }
    }

    fn known(data: i64, auth: i64) -> Shelf<u8, char> {
        let mut shelf = Shelf::default();
        shelf.fence(1, Fence(1));
        assert!(shelf.introduce(1, Fence(1), 'a', versions(data, auth)));
        shelf
    }

    #[test]
    fn a_floor_is_made_by_who_has_put_up_a_fence() {
        let shelf = known(5, 1);
        assert_eq!(shelf.floor(), Some(Version::of(5)));
        assert_eq!(shelf.record(1), Some(&'a'));
        let mut shelf = Shelf::default();
        assert!(!shelf.introduce(1, Fence(1), 'a', versions(5, 1)));
        assert_eq!((shelf.floor(), shelf.record(1)), (None, None));
    }

    #[test]
    fn what_is_invalidated_without_a_floor_fells_the_fences() {
        for raise in [
            Raise::Data(Version::of(9)),
            Raise::Auth,
            Raise::Both(versions(9, 9)),
        ] {
            let mut shelf = Shelf::default();
            shelf.fence(1, Fence(1));
            shelf.raise(raise);
            assert!(shelf.is_empty());
            assert!(
                !shelf.introduce(1, Fence(1), 'a', versions(5, 1)),
                "{raise:?}"
            );
        }
    }

    #[test]
    fn what_is_shown_without_a_floor_fells_the_fences() {
        let mut shelf = Shelf::default();
        shelf.fence(1, Fence(1));
        assert!(!shelf.fill(Version::of(6)));
        assert!(!shelf.introduce(1, Fence(1), 'a', versions(5, 1)));
        assert_eq!(shelf.floor(), None);
    }

    #[test]
    fn a_floor_only_rises() {
        let mut shelf = known(5, 1);
        shelf.raise(Raise::Data(Version::of(7)));
        shelf.raise(Raise::Data(Version::of(6)));
        shelf.raise(Raise::Both(versions(6, 1)));
        assert_eq!(shelf.floor(), Some(Version::of(7)));
        assert!(!shelf.fill(Version::of(6)));
        assert!(shelf.fill(Version::of(8)));
        assert_eq!(shelf.floor(), Some(Version::of(8)));
        assert_eq!(shelf.record(1), Some(&'a'));
    }

    #[test]
    fn changed_rights_forget_whoever_was_known() {
        for raise in [Raise::Auth, Raise::Both(versions(5, 2))] {
            let mut shelf = known(5, 1);
            shelf.raise(raise);
            assert_eq!((shelf.floor(), shelf.record(1)), (None, None), "{raise:?}");
        }
        let mut shelf = known(5, 1);
        shelf.fence(2, Fence(2));
        assert!(shelf.introduce(2, Fence(2), 'b', versions(6, 2)));
        assert_eq!((shelf.record(1), shelf.record(2)), (None, Some(&'b')));
        shelf.fence(3, Fence(3));
        assert!(!shelf.introduce(3, Fence(3), 'c', versions(6, 1)));
        assert_eq!(shelf.record(2), Some(&'b'));
    }

    #[test]
    fn a_later_fence_takes_the_place_of_an_earlier_one() {
        let mut shelf: Shelf<u8, char> = Shelf::default();
        shelf.fence(1, Fence(1));
        shelf.fence(1, Fence(2));
        assert!(!shelf.introduce(1, Fence(1), 'a', versions(5, 1)));
        assert!(shelf.introduce(1, Fence(2), 'a', versions(5, 1)));
    }
}
