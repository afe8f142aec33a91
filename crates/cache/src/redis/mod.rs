//! The back end of many nodes: floors, records and answers in Redis or Valkey.
//!
//! Everything about an owner is in one hash: one slot, one life, one eviction. Its fields are the
//! floors `g` (data) and `a` (rights), and for somebody `f:` the fence and `s:` the record, for a
//! view `n:` the version, `v:` the answer and `l:` whose turn it is to load. The steps that must
//! not be interrupted are the scripts in `lua/`; the rules are those of [`crate::shelf`].
//!
//! Everything in Redis can be made again: an eviction, `FLUSHALL` or a restart loses nothing.

mod address;
mod counts;
mod inspection;
mod link;
mod scripts;
mod store;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock, Weak};
use std::time::Duration;

use duly_db::{SharedClock, SharedRandom};
use redis::{Cmd, FromRedisValue, RedisError, Value};
use tokio::sync::Notify;

pub use address::{Address, Wrong};
pub use inspection::{Inspection, Kind, inspect};
use link::Link;

use crate::store::Lost;

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

/// The pauses between tries to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A connection to Redis that is kept up in the background. While there is none, everything is
/// answered [`Lost`] at once.
pub struct Redis {
    state: Arc<State>,
}

struct State {
    address: Address,
    installation: String,
    patience: Patience,
    clock: SharedClock,
    random: SharedRandom,
    link: RwLock<Option<Arc<Link>>>,
    /// The connection was given up.
    given_up: Notify,
    /// There is a connection.
    opened: Notify,
    round_trips: AtomicU64,
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
        let state = Arc::new(State {
            address,
            installation: installation.to_owned(),
            patience,
            clock,
            random,
            link: RwLock::new(None),
            given_up: Notify::new(),
            opened: Notify::new(),
            round_trips: AtomicU64::new(0),
        });
        tokio::spawn(keep_up(Arc::downgrade(&state)));
        Redis { state }
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

async fn keep_up(state: Weak<State>) {
    let mut pause = FIRST_PAUSE;
    for number in 1.. {
        let Some(state) = state.upgrade() else { return };
        match Link::open(
            &state.address,
            &state.installation,
            state.patience.reader,
            number,
            state.random.as_ref(),
        )
        .await
        {
            Ok(link) => {
                tracing::info!(redis = %state.address, "the cache is connected");
                state.set(Some(Arc::new(link)));
                state.opened.notify_waiters();
                pause = FIRST_PAUSE;
                state.given_up.notified().await;
            }
            Err(error) => {
                // Once, and not with each try.
                if pause == FIRST_PAUSE {
                    tracing::warn!(redis = %state.address, %error, "the cache cannot be reached");
                }
                drop(state);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

impl State {
    fn set(&self, link: Option<Arc<Link>>) {
        *self
            .link
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = link;
    }

    fn link(&self) -> Result<Arc<Link>, Lost> {
        let link = self
            .link
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        link.clone()
            .ok_or_else(|| Lost("there is no connection".into()))
    }

    /// The connection, when what it says may be believed.
    fn caught_up(&self) -> Result<Arc<Link>, Lost> {
        let link = self.link()?;
        match link.is_caught_up() {
            true => Ok(link),
            false => Err(Lost("it has not been told yet what was committed".into())),
        }
    }

    async fn run<T: FromRedisValue>(&self, link: &Link, command: &Cmd) -> Result<T, Lost> {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        match link.run(command).await {
            Ok(value) => T::from_redis_value(value).map_err(|error| Lost(error.to_string())),
            Err((error, is_over)) => Err(self.failed(link, &error, is_over)),
        }
    }

    /// Several commands on keys of one slot.
    async fn run_together(
        &self,
        link: &Link,
        commands: impl Iterator<Item = Cmd>,
    ) -> Result<Vec<Value>, Lost> {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        let answers = link.run_together(commands).await;
        answers.map_err(|(error, is_over)| self.failed(link, &error, is_over))
    }

    /// Several commands on any keys.
    async fn run_all(&self, link: &Link, commands: &[Cmd]) -> Result<Vec<Value>, Lost> {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        let answers = link.run_all(commands).await;
        answers.map_err(|(error, is_over)| self.failed(link, &error, is_over))
    }

    fn failed(&self, link: &Link, error: &RedisError, is_over: bool) -> Lost {
        let reason = error.to_string();
        if is_over {
            self.give_up(link, &reason);
        }
        Lost(reason)
    }

    fn give_up(&self, link: &Link, reason: &str) {
        let mut current = self
            .link
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if current
            .as_ref()
            .is_some_and(|current| current.number == link.number)
        {
            tracing::warn!(redis = %self.address, reason, "the cache is given up for now");
            *current = None;
            self.given_up.notify_one();
        }
    }
}
