//! Pausing kinds of jobs whose attempts fail all at once.
//!
//! When the server is away that a kind needs, its jobs fail one after the other and use up their tries. A circuit
//! breaker pauses such a kind for a while. The pause ends by itself, whatever happens: nothing is ever forgotten
//! because of it.

mod ticking;
mod verdict;

use std::time::Duration;

pub use ticking::{Breaker, BreakerHandle};

/// When a kind is paused because it fails, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// At least so many of its attempts have failed within the window. Never when zero.
    pub failures: u32,
    /// These are at least so many of a hundred that ended.
    pub percent: u32,
    /// How far back is looked, in whole minutes.
    pub window: Duration,
    /// How long it is paused.
    pub pause: Duration,
}

impl Default for BreakerSettings {
    /// A hundred failures, and 80 of 100 attempts, within five minutes; paused for five minutes.
    fn default() -> Self {
        BreakerSettings {
            failures: 100,
            percent: 80,
            window: Duration::from_secs(300),
            pause: Duration::from_secs(300),
        }
    }
}
