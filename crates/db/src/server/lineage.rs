//! Which server is the rightful primary.
//!
//! After a failover the former primary may come back, not knowing that it has been succeeded, and
//! a proxy or an address may lead to it again. What is written there is lost once it is rejoined,
//! and what has been acknowledged since is missing there.

use std::collections::{BTreeMap, BTreeSet};

/// How far a server has come: the last change it has of each place changes come from (a timeline,
/// or a server that was primary once).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Position(BTreeMap<String, u64>);

impl Position {
    pub(super) fn new(parts: impl IntoIterator<Item = (String, u64)>) -> Self {
        Position(parts.into_iter().collect())
    }

    /// Whether everything that is there is here, too.
    pub(super) fn contains(&self, other: &Position) -> bool {
        other
            .0
            .iter()
            .all(|(source, last)| self.0.get(source).is_some_and(|here| here >= last))
    }

    /// One number that grows with every change.
    pub(super) fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// A server as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sighting {
    /// What tells it from the other servers of the same database. On PostgreSQL the timeline,
    /// which each promotion counts up.
    pub(super) identity: String,
    /// PostgreSQL's timeline; 0 where there are none.
    pub(super) timeline: u32,
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

    /// Judges the server that is offered as the primary by what one of its replicas has; only a
    /// former primary can lack any of it.
    pub(super) fn judge_beside(offered: &Sighting, replica: &Sighting) -> Result<(), String> {
        let is_behind = replica.timeline > offered.timeline
            || (replica.timeline == 0 && !offered.position.contains(&replica.position));
        if is_behind {
            return Err(
                "a replica has changes that it lacks, so it was primary before a failover; \
                 rejoin it as a replica first"
                    .into(),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postgres(timeline: u32, position: u64) -> Sighting {
        Sighting {
            identity: format!("timeline {timeline}"),
            timeline,
            position: Position::new([(format!("timeline {timeline}"), position)]),
            is_read_only: false,
        }
    }

    fn mariadb(server: u64, state: &[(u64, u64)]) -> Sighting {
        Sighting {
            identity: format!("server {server}"),
            timeline: 0,
            position: Position::new(
                state
                    .iter()
                    .map(|(from, last)| (format!("0-{from}"), *last)),
            ),
            is_read_only: false,
        }
    }

    #[test]
    fn a_restarted_primary_is_accepted() {
        let mut lineage = Lineage::default();
        lineage.judge(&postgres(1, 100)).unwrap();
        lineage.judge(&postgres(1, 200)).unwrap();
    }

    #[test]
    fn a_promoted_replica_is_accepted_even_when_it_had_lagged() {
        let mut lineage = Lineage::default();
        lineage.judge(&postgres(1, 100)).unwrap();
        lineage.judge(&postgres(2, 90)).unwrap();
        let mut lineage = Lineage::default();
        lineage.judge(&mariadb(1, &[(1, 103)])).unwrap();
        lineage.judge(&mariadb(2, &[(1, 100)])).unwrap();
    }

    #[test]
    fn a_returning_primary_is_refused_until_it_is_rejoined() {
        let mut lineage = Lineage::default();
        lineage.judge(&postgres(1, 100)).unwrap();
        lineage.judge(&postgres(2, 100)).unwrap();
        assert!(
            lineage.judge(&postgres(1, 500)).is_err(),
            "however much it wrote alone"
        );
        lineage.judge(&postgres(3, 120)).unwrap();

        let mut lineage = Lineage::default();
        lineage.judge(&mariadb(1, &[(1, 100)])).unwrap();
        lineage.judge(&mariadb(2, &[(1, 100), (2, 105)])).unwrap();
        assert!(lineage.judge(&mariadb(1, &[(1, 110)])).is_err());
        lineage.judge(&mariadb(1, &[(1, 100), (2, 105)])).unwrap();
        assert!(
            lineage.judge(&mariadb(2, &[(1, 100), (2, 104)])).is_err(),
            "now the second is the former one"
        );
    }

    #[test]
    fn a_former_primary_gives_itself_away_beside_its_replicas() {
        assert!(Lineage::judge_beside(&postgres(1, 100), &postgres(2, 90)).is_err());
        assert!(Lineage::judge_beside(&postgres(2, 100), &postgres(1, 90)).is_ok());
        let ahead = mariadb(2, &[(1, 100), (2, 105)]);
        assert!(Lineage::judge_beside(&mariadb(1, &[(1, 110)]), &ahead).is_err());
        assert!(Lineage::judge_beside(&ahead, &mariadb(3, &[(1, 100), (2, 101)])).is_ok());
    }
}
