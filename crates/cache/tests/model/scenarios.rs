//! What goes wrong, and what holds all the same.
//!
//! The letters are those of [`Property`]. Whatever a test does not name as lost holds in every state
//! that can be reached; of what is lost it has to find a way to lose it, so that nothing is promised
//! or denied without reason. C, that all is well again once all has settled, is lost nowhere.

use std::collections::BTreeMap;

use crate::explorer::{Trace, explore};
use crate::properties::{ALL, Property};
use crate::setup::{Cast, Failover, Faults, Setup};

use Property::{Acknowledged, Forward, Home, Revoked, Told};

/// Explores all states with each cast. Exactly what is `lost` may be broken in any of them.
fn explore_all(name: &str, setup: &Setup, lost: &[Property]) {
    let mut broken: BTreeMap<Property, Trace> = BTreeMap::new();
    let mut states = 0;
    for cast in Cast::all() {
        let found = explore(
            &Setup {
                cast,
                ..setup.clone()
            },
            &[],
        );
        states += found.states;
        for (property, trace) in found.broken {
            broken.entry(property).or_insert(trace);
        }
    }
    let kept = ALL.iter().filter(|property| !broken.contains_key(property));
    let kept: Vec<String> = kept.map(Property::to_string).collect();
    println!("{name}: {states} states, {} hold", kept.join(" "));
    for (property, trace) in &broken {
        assert!(
            lost.contains(property),
            "{property} does not hold:\n{trace}"
        );
    }
    for property in lost {
        assert!(broken.contains_key(property), "{property} holds after all");
    }
}

const NONE: Faults = Faults::NONE;

#[test]
fn replicas_that_lag_show_nobody_anything_old() {
    explore_all("replicas lag", &Setup::of(NONE), &[]);
}

#[test]
fn nothing_is_known_at_the_beginning() {
    let setup = Setup {
        is_warm: false,
        ..Setup::of(NONE)
    };
    explore_all("nothing is known", &setup, &[]);
}

#[test]
fn everything_about_an_owner_may_be_evicted() {
    let faults = Faults {
        evictions: 1,
        ..NONE
    };
    explore_all("an eviction", &Setup::of(faults), &[]);
}

/// Nobody was told that it is done, so nothing is owed until the relays have told it.
#[test]
fn a_writer_may_be_killed_before_it_raises() {
    let faults = Faults {
        killed_writers: 1,
        ..NONE
    };
    explore_all("a killed writer", &Setup::of(faults), &[]);
}

#[test]
fn a_writer_may_be_killed_and_the_owner_evicted() {
    let faults = Faults {
        killed_writers: 1,
        evictions: 1,
        ..NONE
    };
    explore_all("a killed writer and an eviction", &Setup::of(faults), &[]);
}

/// Writers do not wait for a store that does not answer. The writer's node gives up its link, so that
/// it asks the primary; the others hear of the write from their relays, half a second later. Until
/// then they may show, and admit, what is no longer so.
#[test]
fn a_raise_that_does_not_get_through_is_late_at_other_nodes_only() {
    let faults = Faults {
        failed_raises: 1,
        ..NONE
    };
    let lost = [Acknowledged, Revoked, Forward];
    explore_all("a failed raise", &Setup::of(faults), &lost);
}

/// As before: who writes at a node without a link can tell nobody.
#[test]
fn a_node_may_lose_its_link() {
    let faults = Faults {
        broken_links: 1,
        ..NONE
    };
    let lost = [Acknowledged, Revoked, Forward];
    explore_all("a broken link", &Setup::of(faults), &lost);
}

/// As before: a node that starts has no link yet.
#[test]
fn a_node_may_be_killed() {
    let faults = Faults {
        restarts: 1,
        ..NONE
    };
    let lost = [Acknowledged, Revoked, Forward];
    explore_all("a restart", &Setup::of(faults), &lost);
}

/// Whoever was to tell a write is gone and has forgotten where it was; the note in the store says it.
#[test]
fn all_nodes_may_be_killed() {
    let faults = Faults {
        restarts: 2,
        ..NONE
    };
    let lost = [Acknowledged, Revoked, Forward];
    explore_all("two restarts", &Setup::of(faults), &lost);
}

/// Nothing from before is found under the new epoch. What is lost is lost as with a broken link: one
/// node writes before it has found the new server.
#[test]
fn a_backup_may_take_over() {
    let faults = Faults {
        failovers: 1,
        ..NONE
    };
    let lost = [Acknowledged, Revoked, Forward];
    explore_all("a failover", &Setup::of(faults), &lost);
}

/// Two servers both take what they are told, and nobody can tell both: no protocol that writers do
/// not wait in could do better. Each node's relay tells the server that its node believes.
#[test]
fn two_servers_may_both_believe_that_they_lead() {
    let setup = Setup {
        failover: Failover::SplitBrain,
        ..Setup::of(Faults {
            failovers: 1,
            ..NONE
        })
    };
    let lost = [Acknowledged, Revoked, Forward];
    explore_all("split brain", &setup, &lost);
}

/// Two nodes use different names until the relay of the one that has the old name looks.
#[test]
fn the_key_of_the_epoch_may_be_evicted() {
    let faults = Faults {
        evicted_epochs: 1,
        broken_links: 1,
        ..NONE
    };
    let lost = [Acknowledged, Revoked, Forward];
    explore_all("an evicted epoch", &Setup::of(faults), &lost);
}

/// The client hides which server of a Cluster answers, so there is no epoch. What the backup lacks
/// is lost for the writer's own node, too, until the relays have told it again.
#[test]
fn a_shard_of_a_cluster_may_fail_over_unseen() {
    let setup = Setup {
        failover: Failover::Unseen,
        ..Setup::of(Faults {
            failovers: 1,
            ..NONE
        })
    };
    let lost = [Acknowledged, Home, Revoked, Forward];
    explore_all("an unseen failover", &setup, &lost);
}

/// Reads go on from the replica, which may lack what was acknowledged: who is not known to the store
/// is shown that. None of it is kept, so that it ends with the outage.
#[test]
fn the_primary_may_be_away() {
    let faults = Faults { outages: 1, ..NONE };
    let lost = [Acknowledged, Home, Told, Revoked, Forward];
    explore_all("an outage of the primary", &Setup::of(faults), &lost);
}
