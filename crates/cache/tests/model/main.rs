//! Explores the protocol of the cache: every order of every step of readers, writers, relays and
//! faults on two nodes, with the very [`duly_cache::shelf::Shelf`] that the product uses.
//!
//! `MODEL_BOUNDS=large` explores more of everything; `make model` does that.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod explorer;
mod faults;
mod place;
mod properties;
mod reading;
mod relaying;
mod setup;
mod world;
mod writing;

use duly_db::versions::Kind;

use crate::explorer::{Found, explore};
use crate::properties::{ALL, Property};
use crate::setup::{Failover, Faults, REVOKED, STAYS, Setup};

fn is_large() -> bool {
    std::env::var("MODEL_BOUNDS").is_ok_and(|bounds| bounds == "large")
}

/// Two who read and two who write.
fn setup(name: &'static str, faults: Faults) -> Setup {
    Setup {
        name,
        mistake: None,
        failover: Failover::Epoch,
        faults,
        readers: match is_large() {
            true => vec![(STAYS, 0, 2), (REVOKED, 1, 1)],
            false => vec![(STAYS, 0, 1), (REVOKED, 1, 1)],
        },
        writers: vec![(0, Kind::Data), (1, Kind::Auth)],
        relays: match is_large() {
            true => &[0, 1],
            false => &[1],
        },
        is_warm: true,
    }
}

fn report(setup: &Setup, found: &Found) {
    let verdict = |property: &Property| match found.broken.contains_key(property) {
        true => format!("{property} broken"),
        false => format!("{property} holds"),
    };
    let verdicts: Vec<String> = ALL.iter().map(verdict).collect();
    println!("{:<60} {:>10} states: {}", setup.name, found.states, verdicts.join(", "));
}

/// Explores all states and expects these properties, and no others, to be broken somewhere.
fn expect(setup: &Setup, broken: &[Property]) {
    let found = explore(setup, &[]);
    report(setup, &found);
    if std::env::var("EXPLORE").is_ok() { for (p,t) in &found.broken { println!("{p}\n{t}"); } return; }
    for (property, trace) in &found.broken {
        assert!(broken.contains(property), "{property} does not hold:\n{trace}");
    }
    for property in broken {
        assert!(found.broken.contains_key(property), "{property} holds after all");
    }
}

const A: Property = Property::Acknowledged;
const B: Property = Property::Told;
const C: Property = Property::Settled;
const D: Property = Property::Revoked;
const M: Property = Property::Forward;

const NONE: Faults = Faults { evictions: 0, killed_writers: 0, failed_raises: 0, broken_links: 0, restarts: 0, evicted_epochs: 0, failovers: 0, outages: 0 };

#[test]
fn t01_lag() { expect(&setup("replica lag", NONE), &[]); }
#[test]
fn t02_cold() { expect(&Setup{is_warm:false, ..setup("replica lag, nothing known", NONE)}, &[]); }
#[test]
fn t03_evict() { expect(&setup("eviction", Faults{evictions:1,..NONE}), &[]); }
#[test]
fn t04_killed() { expect(&setup("killed writer", Faults{killed_writers:1,..NONE}), &[]); }
#[test]
fn t05_failed() { expect(&setup("failed raise", Faults{failed_raises:1,..NONE}), &[M]); }
#[test]
fn t06_killed_evict() { expect(&setup("killed, eviction", Faults{killed_writers:1,evictions:1,..NONE}), &[]); }
#[test]
fn t07_broken() { expect(&setup("broken link", Faults{broken_links:1,..NONE}), &[M]); }
#[test]
fn t08_restart() { expect(&setup("restart", Faults{restarts:1,..NONE}), &[]); }
#[test]
fn t08_restarts() { expect(&setup("restarts", Faults{restarts:2,..NONE}), &[]); }
#[test]
fn t09_failover() { expect(&setup("failover", Faults{failovers:1,..NONE}), &[]); }
#[test]
fn t10_split() { expect(&Setup{failover:Failover::SplitBrain, ..setup("split brain", Faults{failovers:1,..NONE})}, &[A,D,M]); }
#[test]
fn t11_epoch() { expect(&setup("evicted epoch", Faults{evicted_epochs:1,broken_links:1,..NONE}), &[A,D,M]); }
#[test]
fn t12_cluster() { expect(&Setup{failover:Failover::Unseen, ..setup("cluster", Faults{failovers:1,..NONE})}, &[A,D,M]); }
#[test]
fn t13_outage() { expect(&setup("outage", Faults{outages:1,..NONE}), &[A,B,D,M]); }
