//! What is looked up now and then: what is paused, and what time it is.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use redis::cmd;
use tokio::time::Instant;

use super::RedisStore;
use crate::store::{Operations as _, Pause, Paused};
use crate::{Error, Result};

/// For so long what was paused at the last look is taken to be paused.
const KEPT: Duration = Duration::from_secs(1);

/// What was paused at the last look.
#[derive(Debug, Default)]
pub(super) struct Watched {
    pauses: Vec<Pause>,
    looked_at: Option<Instant>,
}

impl RedisStore {
    /// What is paused, as it was a second ago at most; or at the last look, while the database does not answer.
    pub(super) async fn paused(&self) -> Result<Vec<Paused>> {
        let is_old = match self.watched().looked_at {
            Some(looked_at) => looked_at.elapsed() >= KEPT,
            None => true,
        };
        if is_old {
            match self.sql.pauses().await {
                Ok(pauses) => {
                    *self.watched() = Watched {
                        pauses,
                        looked_at: Some(Instant::now()),
                    }
                }
                Err(error) if self.watched().looked_at.is_none() => return Err(error),
                Err(error) => tracing::debug!(%error, "pauses could not be read"),
            }
        }
        let now = self.sql.clock.now();
        let watched = self.watched();
        let in_force = watched
            .pauses
            .iter()
            .filter(|pause| pause.until.is_none_or(|until| until > now));
        Ok(in_force.map(|pause| pause.what.clone()).collect())
    }

    /// Has the next who wants to know look again.
    pub(super) fn look_again(&self) {
        *self.watched() = Watched::default();
    }

    fn watched(&self) -> std::sync::MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is: the server's, or that of the clock.
    pub(super) async fn time(&self) -> Result<Timestamp> {
        if let Some(clock) = self.link.clock() {
            return Ok(clock.now());
        }
        let (seconds, micros): (i64, i64) = self.link.run(&cmd("TIME")).await?;
        let at = seconds.saturating_mul(1_000_000).saturating_add(micros);
        let at = Timestamp::from_microsecond(at);
        at.map_err(|error| Error::Store(duly_db::Error::Decode(error.to_string())))
    }
}
