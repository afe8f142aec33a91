//! The connection that is kept up, and what is sent over it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::Duration;

use duly_db::{SharedClock, SharedRandom};
use duly_redis::Way;
use jiff::Timestamp;
use redis::{Cmd, FromRedisValue, RedisError, Value};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::link::Link;
use super::{Address, Patience};
use crate::status::{RedisState, RedisStatus, RedisWay};
use crate::store::Lost;

/// The pauses between tries to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What all who use a connection share.
pub(super) struct State {
    pub(super) address: Address,
    pub(super) installation: String,
    pub(super) patience: Patience,
    /// Each has a connection of its own, beside the one that keeps it up.
    pub(super) runtimes: Vec<Handle>,
    pub(super) clock: SharedClock,
    pub(super) random: SharedRandom,
    pub(super) standing: RwLock<Standing>,
    /// The connection was given up.
    pub(super) given_up: Notify,
    /// There is a connection.
    pub(super) opened: Notify,
    pub(super) round_trips: AtomicU64,
}

/// Whether there is a connection.
pub(super) struct Standing {
    link: Option<Arc<Link>>,
    /// Since when that is so.
    since: Timestamp,
    /// Why there was none the last time.
    last_error: Option<String>,
}

impl Standing {
    pub(super) fn away(since: Timestamp) -> Self {
        Standing {
            link: None,
            since,
            last_error: None,
        }
    }
}

pub(super) async fn keep_up(state: Weak<State>) {
    let mut pause = FIRST_PAUSE;
    for number in 1.. {
        let Some(state) = state.upgrade() else { return };
        match Link::open(&state, number).await {
            Ok(link) => {
                tracing::info!(redis = %state.address, "the cache is connected");
                state.connected(Arc::new(link));
                state.opened.notify_waiters();
                pause = FIRST_PAUSE;
                state.given_up.notified().await;
            }
            Err(error) => {
                // Once, and not with each try.
                if pause == FIRST_PAUSE {
                    tracing::warn!(redis = %state.address, %error, "the cache cannot be reached");
                }
                state.standing_mut().last_error = Some(error.to_string());
                drop(state);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

impl State {
    fn standing(&self) -> RwLockReadGuard<'_, Standing> {
        self.standing.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn standing_mut(&self) -> RwLockWriteGuard<'_, Standing> {
        self.standing
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn connected(&self, link: Arc<Link>) {
        let mut standing = self.standing_mut();
        standing.link = Some(link);
        standing.since = self.clock.now();
    }

    pub(super) fn status(&self) -> RedisStatus {
        let standing = self.standing();
        RedisStatus {
            way: match self.address.way() {
                Way::Direct => RedisWay::Single,
                Way::Sentinel(_) => RedisWay::Sentinel,
                Way::Cluster => RedisWay::Cluster,
            },
            servers: self.address.places().map(str::to_owned).collect(),
            state: match &standing.link {
                Some(link) if link.is_caught_up() => RedisState::InUse,
                Some(_) => RedisState::CatchingUp,
                None => RedisState::Away,
            },
            since: standing.since,
            last_error: standing.last_error.clone(),
            round_trips: self.round_trips.load(Ordering::Relaxed),
        }
    }

    pub(super) fn link(&self) -> Result<Arc<Link>, Lost> {
        let link = self.standing().link.clone();
        link.ok_or_else(|| Lost("there is no connection".into()))
    }

    /// The connection, when what it says may be believed.
    pub(super) fn caught_up(&self) -> Result<Arc<Link>, Lost> {
        let link = self.link()?;
        match link.is_caught_up() {
            true => Ok(link),
            false => Err(Lost("it has not been told yet what was committed".into())),
        }
    }

    pub(super) async fn run<T: FromRedisValue>(
        &self,
        link: &Link,
        command: &Cmd,
    ) -> Result<T, Lost> {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        match link.run(command).await {
            Ok(value) => T::from_redis_value(value).map_err(|error| Lost(error.to_string())),
            Err((error, is_over)) => Err(self.failed(link, &error, is_over)),
        }
    }

    /// Several commands on keys of one slot.
    pub(super) async fn run_together(
        &self,
        link: &Link,
        commands: impl Iterator<Item = Cmd>,
    ) -> Result<Vec<Value>, Lost> {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        let answers = link.run_together(commands).await;
        answers.map_err(|(error, is_over)| self.failed(link, &error, is_over))
    }

    /// Several commands on any keys.
    pub(super) async fn run_all(&self, link: &Link, commands: &[Cmd]) -> Result<Vec<Value>, Lost> {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        let answers = link.run_all(commands).await;
        answers.map_err(|(error, is_over)| self.failed(link, &error, is_over))
    }

    pub(super) fn failed(&self, link: &Link, error: &RedisError, is_over: bool) -> Lost {
        let reason = error.to_string();
        if is_over {
            self.give_up(link, &reason);
        }
        Lost(reason)
    }

    pub(super) fn give_up(&self, link: &Link, reason: &str) {
        let mut standing = self.standing_mut();
        let current = standing.link.as_ref();
        if current.is_some_and(|current| current.number == link.number) {
            tracing::warn!(redis = %self.address, reason, "the cache is given up for now");
            *standing = Standing {
                link: None,
                since: self.clock.now(),
                last_error: Some(reason.to_owned()),
            };
            self.given_up.notify_one();
        }
    }
}
