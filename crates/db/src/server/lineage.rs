//! Which server is the rightful primary.
//!
//! After a failover the former primary may come back, not knowing that it has been succeeded, and
//! a proxy or an address may lead to it again. What is written there is lost once it is rejoined,
//! and what has been acknowledged since is missing there.

use std::collections::{BTreeMap, BTreeSet};

/// How far a server has come: in each stream of changes, the last one it has of each writer.
///
/// On PostgreSQL there is one stream, and a writer is a timeline; on MariaDB a stream is a domain,
/// whose numbers go on from writer to writer; on MySQL each writer has a stream of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Position(BTreeMap<String, BTreeMap<String, u64>>);

impl Position {
    /// From parts of a stream, a writer and its last change. What stands there twice counts where
    /// it is further.
    pub(super) fn new(parts: impl IntoIterator<Item = (String, String, u64)>) -> Self {
        let mut position = Position::default();
        for (stream, writer, last) in parts {
            let known = position.0.entry(stream).or_default();
            let known = known.entry(writer).or_default();
            *known = last.max(*known);
        }
        position
    }

    /// Whether everything that is there is here, too.
    pub(super) fn contains(&self, other: &Position) -> bool {
        self.lacks(other).is_none()
    }

    /// Of which stream and writer there is more there than here, if there is.
    ///
    /// Only the last change of each stream is looked for: whoever has it has all before it, and a
    /// server made from a copy does not know who wrote those.
    fn lacks<'a>(&self, other: &'a Position) -> Option<(&'a str, &'a str)> {
        other.0.iter().find_map(|(stream, writers)| {
            let (writer, last) = writers.iter().max_by_key(|(_, last)| **last)?;
            (self.of(stream, writer) < *last).then_some((stream.as_str(), writer.as_str()))
        })
    }

    fn of(&self, stream: &str, writer: &str) -> u64 {
        let writers = self.0.get(stream);
        let last = writers.and_then(|writers| writers.get(writer));
        last.copied().unwrap_or_default()
    }

    /// One number that grows with every change.
    pub(super) fn total(&self) -> u64 {
        let streams = self.0.values();
        streams.filter_map(|writers| writers.values().max()).sum()
    }
}

/// A server as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sighting {
    /// What tells it from the other servers of the same database, as far as they can be primary.
    /// On PostgreSQL the timeline, which each promotion counts up.
    pub(super) identity: String,
    /// The newest timeline of PostgreSQL it knows of; 0 where there are none.
    pub(super) timeline: u32,
    /// The timeline it receives at this moment, where a replica can say that.
    pub(super) receives: Option<u32>,
    /// How far it has come.
    pub(super) position: Position,
    /// Whether it follows another server, or takes no changes for another reason.
    pub(super) is_read_only: bool,
}

/// The primaries there have been.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    current: Option<Sighting>,
    succeeded: BTreeSet<String>,
}

impl Lineage {
    /// Judges a server that is offered as the primary; a reason means it must not be used.
    pub(super) fn judge(&mut self, offered: &Sighting) -> Result<(), String> {
        let Some(current) = &self.current else {
            self.current = Some(offered.clone());
            return Ok(());
        };
        if offered.identity != current.identity {
            if offered.is_read_only {
                return Err(
                    "it is a replica; the address has to lead to the server that takes changes"
                        .into(),
                );
            }
            let is_rejoined = offered.position.contains(&current.position);
            let was_primary = self.succeeded.contains(&offered.identity);
            if offered.timeline < current.timeline || (was_primary && !is_rejoined) {
                return Err(format!(
                    "it was primary before {} and lacks what has been written since; \
                     rejoin it as a replica first",
                    current.identity
                ));
            }
            tracing::warn!(
                former = current.identity,
                now = offered.identity,
                "another server is primary now"
            );
            self.succeeded.insert(current.identity.clone());
            self.succeeded.remove(&offered.identity);
        }
        self.current = Some(offered.clone());
        Ok(())
    }
}

/// How a replica stands to the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// It has nothing that the primary lacks.
    Follows,
    /// It has changes that the primary lacks, and so the primary is a former one.
    IsAhead,
    /// It has changes that the primary lacks, from a former primary that went on alone.
    IsAbandoned,
}

impl Relation {
    /// The replica has to have been seen first: both go on meanwhile.
    pub(super) fn of(replica: &Sighting, primary: &Sighting) -> Self {
        if replica.timeline > primary.timeline {
            return Relation::IsAhead;
        }
        if primary.timeline > 0 {
            let is_abandoned = replica.receives.is_some_and(|one| one < primary.timeline);
            return match is_abandoned {
                true => Relation::IsAbandoned,
                false => Relation::Follows,
            };
        }
        let Some((stream, writer)) = primary.position.lacks(&replica.position) else {
            return Relation::Follows;
        };
        let Some((other_stream, other_writer)) = replica.position.lacks(&primary.position) else {
            return Relation::IsAhead;
        };
        // Each has what the other lacks. The successor has followed the other one, which knows
        // nothing, or less, of the successor.
        let primary_knows = primary.position.of(stream, writer);
        let replica_knows = replica.position.of(other_stream, other_writer);
        match primary_knows > replica_knows {
            true => Relation::IsAbandoned,
            false => Relation::IsAhead,
        }
    }
}

#[cfg(test)]
mod tests;
