//! How often something may happen: sliding counters of two buckets.
//!
//! A key has a counter for the current window and one for the window before. The count now is the
//! current one plus that part of the one before which still lies within a window's length. Unlike
//! a fixed window (Laravel's `throttle`), it does not let twice the limit through at the border of
//! two windows. What is refused does not count.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duly_db::SharedClock;

/// When there are more keys than this, those whose windows have passed are dropped.
const KEYS_BEFORE_SWEEP: usize = 10_000;

/// A named limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What is counted; keys of different policies are different counters.
    pub name: &'static str,
    /// How many times within a window.
    pub limit: u32,
    /// How long a window is.
    pub window: Duration,
}

/// Whether something may happen, and what to tell the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may.
    pub allowed: bool,
    /// The policy's limit.
    pub limit: u32,
    /// How many more times within this window.
    pub remaining: u32,
    /// How long to wait when it may not; zero when it may.
    pub retry_after: Duration,
    /// How long until the current window ends.
    pub reset: Duration,
}

/// Counters in the memory of this process. Clones share them.
#[derive(Debug, Clone)]
pub struct Limiter {
    clock: SharedClock,
    counters: Arc<Mutex<Counters>>,
}

#[derive(Debug, Default)]
struct Counters {
    of: HashMap<(&'static str, String), Counter>,
    sweep_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Counter {
    /// Which window since 1970 `current` belongs to.
    window: u128,
    current: u32,
    before: u32,
    /// In microseconds, for the sweep.
    length: u128,
}

impl Limiter {
    /// Counters that are all zero.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Limiter { clock, counters: Arc::default() }
    }

    /// Counts one more, if the policy allows it.
    #[must_use]
    pub fn hit(&self, policy: &Policy, key: &str) -> Decision {
        let now = self.now();
        let length = policy.window.as_micros().max(1);
        let into_window = now % length;
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.sweep(now);
        let entry = (policy.name, key.to_owned());
        let counter = counters.of.entry(entry).or_insert(Counter {
            window: now / length,
            current: 0,
            before: 0,
            length,
        });
        counter.move_to(now / length);
        // A part of a hit counts as a whole one: never more than the limit in any window.
        let left_of_before = (u128::from(counter.before) * (length - into_window)).div_ceil(length);
        let used = left_of_before + u128::from(counter.current);
        let reset = micros(length - into_window);
        let allowed = used < u128::from(policy.limit);
        if allowed {
            counter.current = counter.current.saturating_add(1);
        }
        let used = used + u128::from(allowed);
        let remaining = u128::from(policy.limit).saturating_sub(used);
        Decision {
            allowed,
            limit: policy.limit,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            retry_after: if allowed { Duration::ZERO } else { counter.wait(policy, now) },
            reset,
        }
    }

    /// Takes back a hit that turned out not to count.
    pub fn undo(&self, policy: &Policy, key: &str) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = counters.of.get_mut(&(policy.name, key.to_owned())) {
            counter.current = counter.current.saturating_sub(1);
        }
    }

    /// Starts a key from zero.
    pub fn forget(&self, policy: &Policy, key: &str) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.of.remove(&(policy.name, key.to_owned()));
    }

    fn now(&self) -> u128 {
        u128::try_from(self.clock.now().as_microsecond()).unwrap_or(0)
    }
}

impl Counters {
    fn sweep(&mut self, now: u128) {
        if self.of.len() <= self.sweep_at.max(KEYS_BEFORE_SWEEP) {
            return;
        }
        self.of.retain(|_, counter| counter.window + 1 >= now / counter.length);
        self.sweep_at = self.of.len() * 2;
    }
}

impl Counter {
    fn move_to(&mut self, window: u128) {
        if window <= self.window {
            return;
        }
        self.before = if window == self.window + 1 { self.current } else { 0 };
        self.current = 0;
        self.window = window;
    }

    /// How long until one more is allowed.
    fn wait(&self, policy: &Policy, now: u128) -> Duration {
        let length = self.length;
        let limit = u128::from(policy.limit);
        if limit == 0 {
            return policy.window;
        }
        let into_window = now % length;
        let (hits, free_at) = if u128::from(self.current) < limit {
            // Enough of the window before must slide out.
            (u128::from(self.before), limit - 1 - u128::from(self.current))
        } else {
            // Only the next window, with this one behind it, can allow it.
            (u128::from(self.current), limit - 1)
        };
        let slid_out = length - (length * free_at).checked_div(hits).unwrap_or(length).min(length);
        let from_now = if u128::from(self.current) < limit {
            slid_out.saturating_sub(into_window)
        } else {
            length - into_window + slid_out
        };
        micros(from_now.max(1))
    }
}

fn micros(count: u128) -> Duration {
    Duration::from_micros(u64::try_from(count).unwrap_or(u64::MAX))
}

/// What one customer of the network is: an IPv4 address, or the /64 of an IPv6 address, because
/// whoever has one address of it has all of them.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}
