//! How often something may be done, counted in this process.
//!
//! A [`Policy`] allows `limit` requests of one key per `window`. The count is a sliding one made
//! of two numbers: what was admitted since the key's window began, and what was admitted in the
//! window before it, weighted by how much of that window still lies within the last `window` of
//! time. So an idle key may use its whole limit at once, the next request is refused, and room
//! comes back little by little.
//!
//! What is promised:
//! - of one key at most `limit` are admitted in a window that begins idle, and fewer than twice
//!   `limit` in *any* stretch of one window's length;
//! - a refused request consumes nothing;
//! - a request is never admitted because it could not be counted. When the table is full, keys
//!   that are new share counters with each other: some may be refused early, none gets more;
//! - the table never holds more than its capacity plus a few shared counters, and what has
//!   expired is dropped;
//! - a clock that is set back forgets nothing and locks nobody out for longer than two windows.
//!
//! Counts live in this process only: a restart forgets them, and each node counts for itself.
//! A caller to whom that is not enough keeps a count in SQL too.
//!
//! # Against Laravel's rule
//! `throttle:60,1` counts per user id, else per IP address, in a fixed window of a minute that
//! opens with the first request; refused requests are not counted. The first 60 requests of an
//! idle user, `remaining` going 59, 58, … 0, and the refusal of the 61st are the same here. This
//! module is stricter in four places:
//! - 60 requests at the end of one window and 60 at the start of the next pass there, twice the
//!   limit at one moment; here the second 60 are refused and come back one a second;
//! - looking and counting are two steps there, so requests at the same moment can all pass; here
//!   they are one step;
//! - each address of an IPv6 network has its own count there, and a subscriber has 2⁶⁴ of them;
//!   here they share one ([`network_of`]);
//! - for logins, failures are counted there after the password was checked, so guesses sent in
//!   parallel all pass; here a guess is counted before it is checked ([`Limiter::hit`]) and
//!   forgiven when it was right ([`Limiter::undo`], [`Limiter::forget`]).

mod network;
mod table;
mod window;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use duly_db::SharedClock;

pub use network::network_of;
use table::{Slot, Table};
use window::Window;

/// How many keys are counted one by one unless said otherwise; about 8 MB.
const CAPACITY: usize = 100_000;

/// How many counters the new keys of one policy share when the table is full.
const SHARED: u64 = 64;

/// How often one key may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Counts of different names never mix; also shown in the `RateLimit` headers.
    pub name: &'static str,
    /// How many requests a window admits; with 0 all are refused.
    pub limit: u32,
    /// How long a window is, to the microsecond; less than one counts as one.
    pub window: Duration,
}

impl Policy {
    fn window_length(&self) -> i64 {
        // Two windows after any instant must still be an instant.
        const LONGEST: i64 = i64::MAX / 8;
        i64::try_from(self.window.as_micros())
            .unwrap_or(LONGEST)
            .clamp(1, LONGEST)
    }
}

/// What a policy says to a request of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether this policy has room for the request.
    pub allowed: bool,
    /// The policy's limit.
    pub limit: u32,
    /// How many more requests have room right now, this one not counted if it was admitted.
    pub remaining: u32,
    /// How long until a refused request has room, if no other takes it; zero when it was admitted.
    /// To the microsecond: round up for `Retry-After`.
    pub retry_after: Duration,
    /// How long until the current window ends.
    pub reset: Duration,
}

/// Counts requests by policy and key. Clones share the counts.
#[derive(Clone)]
pub struct Limiter {
    clock: SharedClock,
    hasher: RandomState,
    capacity: usize,
    table: Arc<Mutex<Table>>,
}

impl Limiter {
    /// Counts up to 100,000 keys one by one.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self::with_capacity(clock, CAPACITY)
    }

    /// Counts up to `capacity` keys one by one; more share counters.
    #[must_use]
    pub fn with_capacity(clock: SharedClock, capacity: usize) -> Self {
        Limiter {
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
        let mut table = self.table();
        let mut slot = self.slot(&mut table, policy, key, now);
        let decision = decide(policy, &slot.window, now);
        if !decision.allowed {
            table.keep(slot);
            return decision;
        }
        slot.window.count();
        table.insert(slot);
        Decision {
            remaining: slot.window.remaining(policy.limit, now),
            ..decision
        }
    }

    /// What [`Limiter::hit`] would say, without counting.
    #[must_use]
    pub fn check(&self, policy: &Policy, key: &str) -> Decision {
        let now = self.now();
        let slot = self.slot(&mut self.table(), policy, key, now);
        decide(policy, &slot.window, now)
    }

    /// Takes back an admitted request that turned out not to count.
    pub fn undo(&self, policy: &Policy, key: &str) {
        let mut table = self.table();
        let mut slot = self.slot(&mut table, policy, key, self.now());
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

    fn slot(&self, table: &mut Table, policy: &Policy, key: &str, now: i64) -> Slot {
        let own = self.place(policy, key);
        let shared = self.hasher.hash_one((policy.name, own % SHARED));
        table.slot(own, shared, self.capacity, policy.window_length(), now)
    }

    /// Keys may be long and chosen by strangers; their hash is short, and its seed secret.
    fn place(&self, policy: &Policy, key: &str) -> u64 {
        self.hasher.hash_one((policy.name, key))
    }

    fn now(&self) -> i64 {
        self.clock.now().as_microsecond()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing in there panics, and counts are whole at every moment.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Limiter")
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

fn decide(policy: &Policy, window: &Window, now: i64) -> Decision {
    let allowed = window.admits(policy.limit, now);
    let wait = || window.retry_after(policy.limit, now);
    Decision {
        allowed,
        limit: policy.limit,
        remaining: window.remaining(policy.limit, now),
        retry_after: if allowed { Duration::ZERO } else { wait() },
        reset: window.reset(now),
    }
}
