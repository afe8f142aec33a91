//! The one server that takes changes: its connections, and whether it can be used.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::connection::Connection;
use super::lineage::{Lineage, Sighting};
use super::pool::Pool;
use super::recent::Recent;
use super::sighting;
use crate::status::{Primary as Shown, PrimaryState};
use crate::{Error, SharedClock};

/// Whether the primary can be used, and since when.
#[derive(Debug, Clone)]
struct Condition {
    state: PrimaryState,
    since: Timestamp,
    last_error: Option<String>,
}

/// The primary. Clones share it.
#[derive(Clone)]
pub(super) struct Primary {
    pub(super) pool: Pool,
    /// Reads it has answered that a replica could have.
    pub(super) reads: Arc<Recent>,
    condition: Arc<watch::Sender<Condition>>,
    clock: SharedClock,
}

impl Primary {
    pub(super) fn new(pool: Pool, clock: SharedClock) -> Self {
        let condition = Condition {
            state: PrimaryState::Up,
            since: clock.now(),
            last_error: None,
        };
        Primary {
            pool,
            reads: Arc::default(),
            condition: Arc::new(watch::Sender::new(condition)),
            clock,
        }
    }

    /// Waits for what the primary is asked, but not beyond the moment it is found to be dead. A
    /// dead one is not even asked: each caller would open a connection of its own.
    pub(super) async fn unless_down<T>(
        &self,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        if !self.is_usable() {
            return Err(self.unusable());
        }
        let mut watched = self.condition.subscribe();
        tokio::select! {
            biased;
            answer = asked => answer,
            _ = watched.wait_for(is_unusable) => Err(self.unusable()),
        }
    }

    fn unusable(&self) -> Error {
        let reason = self.condition.borrow().last_error.clone();
        let error = Error::Unavailable(reason.unwrap_or_default());
        self.pool.named(error)
    }

    pub(super) fn is_usable(&self) -> bool {
        !is_unusable(&self.condition.borrow())
    }

    /// Notes what the monitor found.
    pub(super) fn note(&self, state: PrimaryState, error: Option<String>) {
        let changed = self.condition.send_if_modified(|condition| {
            if error.is_some() {
                condition.last_error.clone_from(&error);
            }
            if condition.state == state {
                return false;
            }
            condition.state = state;
            condition.since = self.clock.now();
            true
        });
        if !changed {
            return;
        }
        match state {
            PrimaryState::Up => tracing::info!(server = %self.pool.address(), "the primary is up"),
            other => {
                // Whoever takes a connection next gets a new one, perhaps to another server.
                self.pool.renew();
                tracing::error!(
                    server = %self.pool.address(),
                    state = other.name(),
                    reason = error,
                    "the primary cannot be used"
                );
            }
        }
    }

    pub(super) fn shown(&self) -> Shown {
        let condition = self.condition.borrow();
        Shown {
            state: condition.state,
            since: condition.since,
            last_error: condition.last_error.clone(),
        }
    }
}

/// Nothing is asked of a server that is dead or must not be used. A read-only one still answers.
fn is_unusable(condition: &Condition) -> bool {
    matches!(condition.state, PrimaryState::Down | PrimaryState::Refused)
}

/// Lets only the rightful primary into the pool.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate(Arc<Mutex<Lineage>>);

impl Gate {
    /// Looks at a server that is offered as the primary.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it was succeeded by another one.
    pub(super) async fn admit(&self, connection: &mut Connection) -> Result<(), Error> {
        let sighting = sighting::look(connection).await?;
        self.judge(&sighting).map_err(Error::Unavailable)
    }

    /// Judges a server that is offered as the primary; a reason means it must not be used.
    pub(super) fn judge(&self, offered: &Sighting) -> Result<(), String> {
        let mut lineage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lineage.judge(offered)
    }
}

impl std::fmt::Debug for Primary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Primary({})", self.pool.address())
    }
}
