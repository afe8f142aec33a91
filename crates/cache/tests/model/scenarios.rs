//! What goes wrong, and what holds all the same.
//!
//! The letters are those of [`Property`]. Whatever a test does not name as lost holds in every state
//! that can be reached; of what is lost it has to find a way to lose it, so that nothing is promised
//! or denied without reason. C, that all is well again once all has settled, is lost nowhere.

use std::collections::BTreeMap;

use crate::explorer::{Trace, explore};
use crate::properties::{ALL, Property};
use crate::setup::{Cast, Failover, Faults, Setup};

use Property::{Acknowledged, Forward, Home, Revoked, Said, Told};

/// Explores all states with each of the casts. Exactly what is `lost` may be broken in any of them.
fn explore_all(name: &str, setup: impl Fn(Cast) -> Setup, casts: &Casts, lost: &[Property]) {
    let casts = match is_large() {
        true => casts.large,
        false => casts.small,
    };
    let mut broken: BTreeMap<Property, Trace> = BTreeMap::new();
    let mut states = 0;
    for cast in casts {
        let found = explore(&setup(*cast), &[]);
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

#[expect(
    clippy::disallowed_methods,
    reason = "how much a test does is no setting"
)]
fn is_large() -> bool {
    std::env::var("MODEL_BOUNDS").is_ok_and(|bounds| bounds == "large")
}

/// With these faults.
fn with(faults: Faults) -> impl Fn(Cast) -> Setup {
    move |cast| Setup::new(faults, cast)
}

const NONE: Faults = Faults::NONE;

/// Who acts, one cast after the other: in each run of the tests, and within the large bounds.
struct Casts {
    small: &'static [Cast],
    large: &'static [Cast],
}

const MORE: Casts = Casts {
    small: &[Cast::DATA, Cast::RIGHTS, Cast::RACE],
    large: &[Cast::DATA, Cast::RIGHTS, Cast::RACE, Cast::BOTH],
};

const CHANGES: Casts = Casts {
    small: &[Cast::DATA, Cast::RIGHTS],
    large: MORE.large,
};

/// Where so much may happen that fewer may act.
const FEWER: Casts = Casts {
    small: &[Cast::ONE_READER, Cast::RIGHTS],
    large: &[Cast::DATA, Cast::RIGHTS, Cast::RACE, Cast::BOTH_CHANGES],
};

const FAILOVER: Casts = Casts {
    small: CHANGES.small,
    large: FEWER.large,
};

/// What is lost where a writer may not reach the store that others read.
const WHERE_UNREACHED: [Property; 3] = [Acknowledged, Revoked, Forward];

#[test]
fn replicas_that_lag_show_nobody_anything_old() {
    explore_all("replicas lag", with(NONE), &MORE, &[]);
}

#[test]
fn nothing_is_known_at_the_beginning() {
    let setup = |cast| Setup {
        is_warm: false,
        ..Setup::new(NONE, cast)
    };
    explore_all("nothing is known", setup, &MORE, &[]);
}

#[test]
fn everything_about_an_owner_may_be_evicted() {
    let faults = Faults {
        evictions: 1,
        ..NONE
    };
    explore_all("an eviction", with(faults), &MORE, &[]);
}

/// Nobody was told that it is done, so nothing is owed until the relays have told it.
#[test]
fn a_writer_may_be_killed_before_it_raises() {
    let faults = Faults {
        killed_writers: 1,
        ..NONE
    };
    explore_all("a killed writer", with(faults), &MORE, &[]);
}

#[test]
fn a_writer_may_be_killed_and_the_owner_evicted() {
    let faults = Faults {
        killed_writers: 1,
        evictions: 1,
        ..NONE
    };
    explore_all(
        "a killed writer and an eviction",
        with(faults),
        &CHANGES,
        &[],
    );
}

#[test]
fn a_writer_may_be_killed_and_a_link_break() {
    let faults = Faults {
        killed_writers: 1,
        broken_links: 1,
        ..NONE
    };
    explore_all(
        "a killed writer and a broken link",
        with(faults),
        &FEWER,
        &WHERE_UNREACHED,
    );
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
    explore_all("a failed raise", with(faults), &CHANGES, &WHERE_UNREACHED);
}

/// As before: who writes at a node without a link can tell nobody.
#[test]
fn a_node_may_lose_its_link() {
    let faults = Faults {
        broken_links: 1,
        ..NONE
    };
    explore_all("a broken link", with(faults), &CHANGES, &WHERE_UNREACHED);
}

/// As before: a node that starts has no link yet.
#[test]
fn a_node_may_be_killed() {
    let faults = Faults {
        restarts: 1,
        ..NONE
    };
    explore_all("a restart", with(faults), &CHANGES, &WHERE_UNREACHED);
}

/// Whoever was to tell a write is gone and has forgotten where it was; the note in the store says it.
#[test]
fn all_nodes_may_be_killed() {
    let faults = Faults {
        restarts: 2,
        ..NONE
    };
    explore_all("two restarts", with(faults), &FEWER, &WHERE_UNREACHED);
}

/// Nothing from before is found under the new epoch. What is lost is lost as with a broken link: one
/// node writes before it has found the new server.
#[test]
fn a_backup_may_take_over() {
    let faults = Faults {
        failovers: 1,
        ..NONE
    };
    explore_all("a failover", with(faults), &FAILOVER, &WHERE_UNREACHED);
}

/// Two servers both take what they are told, and nobody can tell both: no protocol that writers do
/// not wait in could do better. Each node's relay tells the server that its node believes.
#[test]
fn two_servers_may_both_believe_that_they_lead() {
    let setup = |cast| Setup {
        failover: Failover::SplitBrain,
        ..Setup::new(
            Faults {
                failovers: 1,
                ..NONE
            },
            cast,
        )
    };
    let lost = [Acknowledged, Revoked, Forward, Said];
    explore_all("split brain", setup, &FEWER, &lost);
}

/// A node begins another epoch while others go on in the one before, until their relays look. All of them
/// raise and find the same floors, and none believes one of another epoch. What is lost is lost by the link.
#[test]
fn the_key_of_the_epoch_may_be_evicted() {
    let faults = Faults {
        evicted_epochs: 1,
        broken_links: 1,
        ..NONE
    };
    explore_all("an evicted epoch", with(faults), &FEWER, &WHERE_UNREACHED);
}

/// The client hides which server of a Cluster answers, so there is no epoch. What the backup lacks
/// is lost for the writer's own node, too, until the relays have told it again.
#[test]
fn a_shard_of_a_cluster_may_fail_over_unseen() {
    let setup = |cast| Setup {
        failover: Failover::Unseen,
        ..Setup::new(
            Faults {
                failovers: 1,
                ..NONE
            },
            cast,
        )
    };
    let lost = [Acknowledged, Home, Revoked, Forward, Said];
    explore_all("an unseen failover", setup, &CHANGES, &lost);
}

/// Reads go on from the replica, which may lack what was acknowledged: who is not known to the store
/// is shown that. None of it is kept, so that it ends with the outage.
#[test]
fn the_primary_may_be_away() {
    let faults = Faults {
        outages: 1,
        evictions: 1,
        ..NONE
    };
    let lost = [Acknowledged, Home, Told, Revoked, Forward, Said];
    explore_all("an outage of the primary", with(faults), &CHANGES, &lost);
}
