//! The servers that follow the primary, and which of them is asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use super::health::{Health, Look, State};
use super::lineage::{Relation, Sighting};
use super::pool::Pool;
use super::recent::Recent;
use crate::SharedRandom;
use crate::status::{Eviction, Replica as Shown, ReplicaState};

/// How much of an answer's time goes into the average that is compared.
const WEIGHT: u64 = 8;

/// One replica.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) pool: Pool,
    record: Mutex<Record>,
    /// Whether it is asked.
    serving: watch::Sender<bool>,
    in_flight: AtomicU64,
    /// The moving average of how long answers take, in nanoseconds.
    latency: AtomicU64,
    served: Recent,
    rejected: AtomicU64,
}

#[derive(Debug)]
struct Record {
    health: Health,
    sighting: Option<Sighting>,
    relation: Relation,
    lag: Option<Duration>,
    round_trip: Option<Duration>,
    evictions: u64,
    last_eviction: Option<Eviction>,
}

impl Replica {
    pub(super) fn new(pool: Pool, largest_lag: Duration) -> Self {
        Replica {
            pool,
            record: Mutex::new(Record {
                health: Health::new(largest_lag),
                sighting: None,
                relation: Relation::Follows,
                lag: None,
                round_trip: None,
                evictions: 0,
                last_eviction: None,
            }),
            serving: watch::Sender::new(false),
            in_flight: AtomicU64::new(0),
            latency: AtomicU64::new(0),
            served: Recent::default(),
            rejected: AtomicU64::new(0),
        }
    }

    /// Takes a look of the monitor into account.
    pub(super) fn note(&self, look: &Look, seen: Option<(Sighting, Duration)>, now: Timestamp) {
        let mut record = self.record();
        if let Look::Following(lag) = look {
            record.lag = *lag;
        }
        if let Some((sighting, round_trip)) = seen {
            record.sighting = Some(sighting);
            record.round_trip = Some(round_trip);
        }
        if let Some(reason) = record.health.note(look) {
            tracing::warn!(replica = %self.pool.address(), reason, "a replica was taken out");
            record.evictions += 1;
            record.last_eviction = Some(Eviction { at: now, reason });
            self.serving.send_replace(false);
            self.pool.renew();
        }
        let is_serving = record.health.state() == State::Serving;
        if self
            .serving
            .send_if_modified(|serving| std::mem::replace(serving, is_serving) != is_serving)
        {
            tracing::info!(replica = %self.pool.address(), "a replica answers reads");
        }
    }

    /// Notes how it stands to the primary.
    pub(super) fn relate(&self, relation: Relation) {
        self.record().relation = relation;
    }

    pub(super) fn relation(&self) -> Relation {
        self.record().relation
    }

    /// Waits for what it is asked, but not beyond the moment it is taken out.
    pub(super) async fn unless_evicted<T>(&self, asked: impl Future<Output = T>) -> Option<T> {
        let mut serving = self.serving.subscribe();
        tokio::select! {
            biased;
            answer = asked => Some(answer),
            _ = serving.wait_for(|serving| !serving) => None,
        }
    }

    pub(super) fn served(&self) -> &Recent {
        &self.served
    }

    pub(super) fn rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    fn position(&self) -> u64 {
        let record = self.record();
        record
            .sighting
            .as_ref()
            .map_or(0, |seen| seen.position.total())
    }

    pub(super) fn is_serving(&self) -> bool {
        *self.serving.borrow()
    }

    /// What it would cost to wait for this one: smaller is better.
    fn burden(&self) -> u64 {
        let waiting = self.in_flight.load(Ordering::Relaxed) + 1;
        waiting.saturating_mul(self.latency.load(Ordering::Relaxed).max(1))
    }

    pub(super) fn shown(&self, of_all: u64) -> Shown {
        let record = self.record();
        Shown {
            name: self.pool.address().name().to_owned(),
            state: match record.health.state() {
                State::Serving => ReplicaState::Serving,
                State::Evicted => ReplicaState::Evicted,
                State::Probing => ReplicaState::Probing,
            },
            lag_ms: record.lag.map(milliseconds),
            round_trip_us: record
                .round_trip
                .map(|trip| u64::try_from(trip.as_micros()).unwrap_or(u64::MAX)),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            share: share(self.served.last_minute(), of_all),
            served: self.served.total(),
            rejected: self.rejected.load(Ordering::Relaxed),
            evictions: record.evictions,
            last_eviction: record.last_eviction.clone(),
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A part of a whole, to three places.
fn share(part: u64, whole: u64) -> f64 {
    let thousandths = part.saturating_mul(1000).checked_div(whole).unwrap_or(0);
    u32::try_from(thousandths).map_or(1.0, f64::from) / 1000.0
}

/// A read on its way to a replica.
pub(super) struct InFlight {
    replica: Arc<Replica>,
    started: Instant,
}

impl InFlight {
    pub(super) fn start(replica: Arc<Replica>) -> Self {
        replica.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight {
            replica,
            started: Instant::now(),
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.replica.in_flight.fetch_sub(1, Ordering::Relaxed);
        let took = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let average = self.replica.latency.load(Ordering::Relaxed);
        let average = average - average / WEIGHT + took / WEIGHT;
        self.replica.latency.store(average, Ordering::Relaxed);
    }
}

/// All replicas. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Replicas {
    all: Arc<[Arc<Replica>]>,
    random: SharedRandom,
}

impl Replicas {
    pub(super) fn new(all: Vec<Arc<Replica>>, random: SharedRandom) -> Self {
        Replicas {
            all: all.into(),
            random,
        }
    }

    pub(super) fn all(&self) -> &[Arc<Replica>] {
        &self.all
    }

    /// What was last seen of each.
    pub(super) fn sightings(&self) -> Vec<(Arc<Replica>, Sighting)> {
        let seen = self.all.iter().map(|one| {
            let sighting = one.record().sighting.clone();
            sighting.map(|sighting| (one.clone(), sighting))
        });
        seen.flatten().collect()
    }

    /// Those that can be asked, beginning with the one that has come furthest.
    pub(super) fn by_position(&self) -> Vec<Arc<Replica>> {
        let serving = self.all.iter().filter(|one| one.is_serving());
        let mut serving: Vec<Arc<Replica>> = serving.cloned().collect();
        serving.sort_by_key(|one| std::cmp::Reverse(one.position()));
        serving
    }

    /// The better of two taken at random among those that can be asked and have not been. Always
    /// taking the best of all would send every node to the same one at the same moment
    /// (Mitzenmacher, "The power of two choices", 2001).
    pub(super) fn choose(&self, asked: &[Arc<Replica>]) -> Option<Arc<Replica>> {
        let candidates: Vec<&Arc<Replica>> = self
            .all
            .iter()
            .filter(|one| one.is_serving() && !asked.iter().any(|other| Arc::ptr_eq(one, other)))
            .collect();
        if let [] | [_] = candidates.as_slice() {
            return candidates.first().map(|only| Arc::clone(only));
        }
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        let [a, b, c, d, rest @ ..] = bytes;
        let first = pick(&candidates, [a, b, c, d])?;
        let second = pick(&candidates, rest)?;
        let better = if second.burden() < first.burden() {
            second
        } else {
            first
        };
        Some(better.clone())
    }
}

fn pick<'a>(candidates: &[&'a Arc<Replica>], chance: [u8; 4]) -> Option<&'a Arc<Replica>> {
    let count = u32::try_from(candidates.len()).ok()?;
    let index = u32::from_le_bytes(chance).checked_rem(count)?;
    candidates.get(usize::try_from(index).ok()?).copied()
}
