//! The lead of the scheduler goes from node to node, and whoever has lost it does not know.

use std::sync::Arc;
use std::time::Duration;

use duly_db::query;
use duly_db::random::SeededRandom;
use duly_queue::{Cadence, CatchUp, Queue, Scheduler, Schedules, TickReport};
use tokio::task::JoinHandle;

use crate::failing::{Call, Disturbed};
use crate::fixture::Fixture;
use crate::schedules::known;
use crate::scheduling::add;

const HANDOVERS: usize = 1_000;
const NODES: usize = 3;

/// A lease, and what is left of the time between two slots.
const LEASE: i64 = 15;
const PERIOD: i64 = 60;

struct Node {
    store: Arc<Disturbed>,
    scheduler: Scheduler,
}

impl Node {
    fn new(fixture: &Fixture, number: u64) -> Self {
        let store = Disturbed::around(fixture.store.clone());
        // Each with a name of its own.
        let random = SeededRandom::new(100 + number);
        let (db, clock) = ((*fixture.db).clone(), fixture.clock.clone());
        let queue = Queue::with_store(db, store.clone(), clock, random);
        let each_minute = Cadence::Every(Duration::from_secs(60));
        let schedules = add(
            Schedules::new(),
            &queue,
            "report",
            each_minute,
            CatchUp::Once,
        );
        let scheduler = Scheduler::new(queue, schedules);
        Node { store, scheduler }
    }

    async fn tick(&self) -> TickReport {
        self.scheduler.tick().await.unwrap()
    }

    /// Takes the lead, sees that a slot is open, and falls asleep before it claims it.
    async fn fall_asleep(&self) -> JoinHandle<TickReport> {
        self.store.hold(Call::Schedules);
        let scheduler = self.scheduler.clone();
        let asleep = tokio::spawn(async move { scheduler.tick().await.unwrap() });
        self.store.until_held().await;
        asleep
    }

    /// Goes on where it fell asleep.
    async fn wake(&self, asleep: JoinHandle<TickReport>) -> TickReport {
        self.store.let_go();
        asleep.await.unwrap()
    }
}

/// How many firings there were; none of them failed.
fn firings(reports: &[TickReport]) -> usize {
    assert!(
        reports.iter().all(|report| report.failed.is_empty()),
        "{reports:?}"
    );
    reports.iter().map(|report| report.fired.len()).sum()
}

pub(crate) async fn a_thousand_handovers_double_no_firing_and_lose_none(fixture: Fixture) {
    let nodes: Vec<Node> = (0..NODES)
        .map(|number| Node::new(&fixture, u64::try_from(number).unwrap()))
        .collect();
    assert!(nodes[0].tick().await.leads);
    fixture.advance(LEASE);
    for handover in 0..HANDOVERS {
        let (leader, successor) = (&nodes[handover % NODES], &nodes[(handover + 1) % NODES]);
        fixture.advance(PERIOD - LEASE);
        let asleep = leader.fall_asleep().await;
        assert!(!successor.tick().await.leads, "the lease is in force");
        fixture.advance(LEASE);
        // Both believe to lead.
        let reports = match handover % 4 {
            0 => {
                let first = successor.tick().await;
                vec![first, leader.wake(asleep).await]
            }
            1 => vec![leader.wake(asleep).await, successor.tick().await],
            2 => {
                let both = tokio::join!(leader.wake(asleep), successor.tick());
                vec![both.0, both.1]
            }
            _ => {
                asleep.abort();
                leader.store.let_go();
                vec![successor.tick().await]
            }
        };
        assert_eq!(firings(&reports), 1, "handover {handover}: {reports:?}");
        assert!(!leader.tick().await.leads, "it has lost the lead");
    }
    recount(&fixture).await;
}

async fn recount(fixture: &Fixture) {
    let mut conn = fixture.db.read_fresh();
    let lease = query("SELECT term FROM leases WHERE name = 'scheduler'");
    let lease = conn.optional_row(lease).await.unwrap().unwrap();
    let handovers = i64::try_from(HANDOVERS).unwrap();
    assert_eq!(lease.get::<i64>("term").unwrap(), handovers + 1);
    assert_eq!(known(fixture, "report").await.missed, 0);
    let mut slots = Vec::new();
    loop {
        let jobs = fixture.reserve(100).await;
        if jobs.is_empty() {
            break;
        }
        slots.extend(jobs.into_iter().map(|job| job.payload));
    }
    assert_eq!(slots.len(), HANDOVERS, "each slot was fired");
    slots.sort_unstable();
    slots.dedup();
    assert_eq!(slots.len(), HANDOVERS, "and none of them twice");
}
