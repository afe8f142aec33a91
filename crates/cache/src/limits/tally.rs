//! Counts in this process.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duly_db::SharedClock;

use super::table::{Slot, Table};
use super::{Decision, Policy};

/// How many keys are counted one by one unless said otherwise; about 8 MB.
const CAPACITY: usize = 100_000;

/// How many counters the new keys of one policy share when the table is full.
const SHARED: u64 = 64;

/// Counts requests by policy and key. Clones share the counts.
#[derive(Clone)]
pub struct Tally {
    clock: SharedClock,
    hasher: RandomState,
    capacity: usize,
    table: Arc<Mutex<Table>>,
}

impl Tally {
    /// Counts up to 100,000 keys one by one.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self::with_capacity(clock, CAPACITY)
    }

    /// Counts up to `capacity` keys one by one; more share counters.
    #[must_use]
    pub fn with_capacity(clock: SharedClock, capacity: usize) -> Self {
        Tally {
            clock,
            hasher: RandomState::new(),
            capacity,
            table: Arc::default(),
        }
    }

    /// Admits and counts a request, or refuses it and counts nothing.
    #[must_use]
    pub fn hit(&self, policy: &Policy, key: &str) -> Decision {
        let now = self.now();
        let place = self.place(policy, key);
        let mut table = self.table();
        if let Some(window) = table.own(place, policy.window_length(), now) {
            return window.hit(policy.limit, now);
        }
        let mut slot = self.slot(&mut table, policy, place, now);
        let decision = slot.window.hit(policy.limit, now);
        match decision.allowed {
            true => table.insert(slot),
            false => table.keep(slot),
        }
        decision
    }

    /// What [`Tally::hit`] would say, without counting.
    #[must_use]
    pub fn check(&self, policy: &Policy, key: &str) -> Decision {
        let now = self.now();
        let place = self.place(policy, key);
        let slot = self.slot(&mut self.table(), policy, place, now);
        slot.window.decide(policy.limit, now)
    }

    /// Takes back an admitted request that turned out not to count.
    pub fn undo(&self, policy: &Policy, key: &str) {
        let mut table = self.table();
        let place = self.place(policy, key);
        let mut slot = self.slot(&mut table, policy, place, self.now());
        slot.window.uncount();
        table.keep(slot);
    }

    /// Forgets a key's count, for example after a login that went well. What a full table made
    /// the key count together with others stays.
    pub fn forget(&self, policy: &Policy, key: &str) {
        self.table().remove(self.place(policy, key));
    }

    /// How many counters are held at the moment.
    #[must_use]
    pub fn counters(&self) -> usize {
        self.table().len()
    }

    fn slot(&self, table: &mut Table, policy: &Policy, own: u64, now: i64) -> Slot {
        let shared = self.hasher.hash_one((&policy.name, own % SHARED));
        table.slot(own, shared, self.capacity, policy.window_length(), now)
    }

    /// Keys may be long and chosen by strangers; their hash is short, and its seed secret.
    fn place(&self, policy: &Policy, key: &str) -> u64 {
        self.hasher.hash_one((&policy.name, key))
    }

    fn now(&self) -> i64 {
        self.clock.now().as_microsecond()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing in there panics, and counts are whole at every moment.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tally")
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}
