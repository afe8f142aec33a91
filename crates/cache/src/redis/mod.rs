//! The back end of many nodes: floors, records and answers in Redis or Valkey.
//!
//! Everything about an owner is in one hash: one slot, one life, one eviction. Its fields are the
//! floors `g` (data) and `a` (rights), and for somebody `f:` the fence and `s:` the record, for a
//! view `n:` the version, `v:` the answer and `l:` whose turn it is to load. The steps that must
//! not be interrupted are the scripts in `lua/`; the rules are those of [`crate::shelf`].
//!
//! Everything in Redis can be made again: an eviction, `FLUSHALL` or a restart loses nothing.

mod counts;
mod inspection;
mod link;
mod records;
mod scripts;
mod state;
mod store;
mod values;
mod wires;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use duly_db::{SharedClock, SharedRandom};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use counts::Windows;
pub use duly_redis::{Address, Wrong};
pub use inspection::{Inspection, Kind, inspect};
use records::Records;
use state::{Standing, State, keep_up};

/// For how long anybody waits for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Whoever invalidates, and so whoever writes.
    pub writer: Duration,
    /// Whoever asks. It counts the time in which this process had no time for the answer, too: when
    /// it is that busy, asking the database instead would not help.
    pub reader: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            writer: Duration::from_millis(50),
            reader: Duration::from_millis(500),
        }
    }
}

/// A connection to Redis that is kept up in the background. While there is none, everything is
/// answered [`Lost`] at once.
pub struct Redis {
    state: Arc<State>,
    windows: Windows,
    records: Records,
}

impl Redis {
    /// Connects in the background, now and whenever the connection is lost. Runs in a Tokio runtime.
    ///
    /// What is kept for one installation is not found for another: versions count in each of them
    /// for itself.
    #[must_use]
    pub fn start(
        address: Address,
        installation: &str,
        patience: Patience,
        clock: SharedClock,
        random: SharedRandom,
    ) -> Self {
        Self::start_for(&[], address, installation, patience, clock, random)
    }

    /// The same for many who ask on these runtimes, each of which has a connection of its own. The
    /// one it is called on has one as well.
    #[must_use]
    pub fn start_for(
        runtimes: &[Handle],
        address: Address,
        installation: &str,
        patience: Patience,
        clock: SharedClock,
        random: SharedRandom,
    ) -> Self {
        let now = clock.now();
        let state = Arc::new(State {
            address,
            installation: installation.to_owned(),
            patience,
            runtimes: runtimes.to_vec(),
            clock,
            random,
            standing: RwLock::new(Standing::away(now)),
            given_up: Notify::new(),
            opened: Notify::new(),
            round_trips: AtomicU64::new(0),
        });
        tokio::spawn(keep_up(Arc::downgrade(&state)));
        Redis {
            state,
            windows: Windows::new(),
            records: Records::new(),
        }
    }

    /// Waits until there is a connection.
    pub async fn connected(&self) {
        let opened = self.state.opened.notified();
        tokio::pin!(opened);
        loop {
            // From here on none is missed.
            opened.as_mut().enable();
            if self.state.link().is_ok() {
                return;
            }
            opened.as_mut().await;
            opened.set(self.state.opened.notified());
        }
    }

    /// How many times a caller has waited for Redis.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.state.round_trips.load(Ordering::Relaxed)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Whoever waits there finds that nobody is left.
        self.state.given_up.notify_one();
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Redis({})", self.state.address)
    }
}
