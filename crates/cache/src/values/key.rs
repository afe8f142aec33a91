//! What a value is called, and what makes it wrong.

use std::fmt;

use duly_db::Version;
use serde::{Deserialize, Serialize};

/// What a value is called, and what makes it wrong before its time.
///
/// ```
/// # use duly_cache::values::Key;
/// # use duly_db::Version;
/// // Wrong as soon as somebody forgets the group "rates".
/// let rates = Key::named("rates of today").of("rates");
/// // Wrong as soon as the data of Ann or of Ben has another version.
/// let board = Key::named("board 7").at("ann", Version::of(41)).at("ben", Version::of(12));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub(super) name: String,
    pub(super) groups: Vec<String>,
    pub(super) versions: Vec<(String, i64)>,
}

impl Key {
    /// A value that time alone makes wrong. The name says everything that the value depends on.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Key {
            name: name.into(),
            groups: Vec::new(),
            versions: Vec::new(),
        }
    }

    /// It belongs to this group, too, and is wrong from when that is forgotten. Whoever loads it has
    /// to read from the primary: what a replica says may have been forgotten already.
    #[must_use]
    pub fn of(mut self, group: impl Into<String>) -> Self {
        let group = group.into();
        if !self.groups.contains(&group) {
            self.groups.push(group);
        }
        self
    }

    /// It must be made from this version, or a later one, of somebody's data, which whoever loads
    /// it has to read. The database says which version that is, so that nobody has to forget
    /// anything.
    #[must_use]
    pub fn at(mut self, whose: impl Into<String>, version: Version) -> Self {
        self.versions.push((whose.into(), version.number()));
        self
    }

    /// What a value has to be made from, as the marks of the groups stand: in the order of the
    /// groups, and none where there is none.
    pub(super) fn vector(&self, marks: &[Option<Mark>]) -> Option<Vector> {
        let marked = self.groups.iter().zip(marks);
        let marks: Option<Vec<_>> = marked
            .map(|(group, mark)| Some((group.clone(), (*mark)?)))
            .collect();
        Some(Vector {
            marks: marks.filter(|marks| marks.len() == self.groups.len())?,
            versions: self.versions.clone(),
        })
    }
}

/// Tells a group before it was forgotten from the same after it: none is ever given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mark(pub u64);

/// What a value is made from: the marks of its groups and the versions of its owners.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vector {
    marks: Vec<(String, Mark)>,
    versions: Vec<(String, i64)>,
}

impl Vector {
    /// The groups with their marks.
    pub fn marks(&self) -> impl Iterator<Item = (&str, Mark)> {
        self.marks
            .iter()
            .map(|(group, mark)| (group.as_str(), *mark))
    }

    /// Whether what is made from this is also made from what is wanted.
    #[must_use]
    pub fn covers(&self, wanted: &Vector) -> bool {
        let is_newer = |wanted: &(String, i64)| {
            let mut versions = self.versions.iter();
            versions.any(|(whose, version)| *whose == wanted.0 && *version >= wanted.1)
        };
        wanted.marks.iter().all(|mark| self.marks.contains(mark))
            && wanted.versions.iter().all(is_newer)
    }
}

/// The same text for the same vector, and another for another.
impl fmt::Display for Vector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (group, mark) in self.marks() {
            write!(formatter, "{group:?}@{} ", mark.0)?;
        }
        for (whose, version) in &self.versions {
            write!(formatter, "{whose:?}={version} ")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_covers_the_same_marks_and_older_versions() {
        let key = |ann, ben| {
            let key = Key::named("board").of("rates").of("rates");
            key.at("ann", Version::of(ann)).at("ben", Version::of(ben))
        };
        let made = key(4, 7).vector(&[Some(Mark(1))]).unwrap();
        for (wanted, mark, covers) in [
            (key(4, 7), 1, true),
            (key(3, 7), 1, true),
            (key(5, 7), 1, false),
            (key(3, 8), 1, false),
            (key(4, 7), 2, false),
            (key(4, 7), 0, false),
            (key(4, 7).at("eve", Version::of(0)), 1, false),
        ] {
            let wanted = wanted.vector(&[Some(Mark(mark))]).unwrap();
            assert_eq!(made.covers(&wanted), covers, "{wanted:?}");
        }
        assert_eq!(key(4, 7).vector(&[None]), None);
        assert_eq!(key(4, 7).vector(&[]), None);
        let more = key(4, 7).of("more").vector(&[Some(Mark(1)), Some(Mark(2))]);
        assert!(!made.covers(&more.unwrap()));
    }
}
