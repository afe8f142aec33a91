//! Looking after kinds that fail, on whichever node leads.

use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::BreakerSettings;
use super::verdict::{Burst, bursts};
use crate::pause::Pause as Wait;
use crate::store::{By, Pause, Paused, Term};
use crate::{Queue, Result};

/// The lease of the leader.
const LEADER: &str = "breaker";

/// How long a leader that has died keeps others from leading.
const LEASE: Duration = Duration::from_secs(15);

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(5);

/// So many errors are looked at to name the commonest.
const ERRORS: u32 = 200;

/// Who has paused what the breaker has paused.
const BREAKER: By<'static> = By("Duly");

/// Pauses kinds of jobs whose attempts fail all at once, on whichever node leads.
#[derive(Debug)]
pub struct Breaker {
    queue: Queue,
    settings: BreakerSettings,
    holder: Uuid,
}

impl Breaker {
    /// One that does not run yet: call [`Breaker::tick`], or [`Breaker::start`] it.
    #[must_use]
    pub fn new(queue: Queue, settings: BreakerSettings) -> Self {
        let holder = queue.new_id();
        Breaker {
            queue,
            settings,
            holder,
        }
    }

    /// Looks once, if this one leads; answers what it has paused.
    ///
    /// # Errors
    /// What the store says.
    pub async fn tick(&self) -> Result<Vec<Pause>> {
        let store = self.queue.store();
        let Some(term) = store.lead(LEADER, self.holder, LEASE).await? else {
            return Ok(Vec::new());
        };
        let now = store.now().await?;
        let since = now.checked_sub(self.settings.window);
        let since = since.unwrap_or(Timestamp::MIN);
        let operations = self.queue.operations();
        let measured = operations.measures(60, since).await?;
        let pauses = operations.pauses_since(since).await?;
        let mut made = Vec::new();
        for burst in bursts(&self.settings, &measured, &pauses, BREAKER.0, now) {
            made.extend(self.pause(&burst, term, (since, now)).await?);
        }
        Ok(made)
    }

    async fn pause(
        &self,
        burst: &Burst,
        term: Term,
        (since, now): (Timestamp, Timestamp),
    ) -> Result<Option<Pause>> {
        let operations = self.queue.operations();
        let errors = operations.errors_of(&burst.kind, since, ERRORS).await?;
        let pause = Pause {
            what: Paused::Kind(burst.kind.clone()),
            since: now,
            until: Some(
                now.checked_add(self.settings.pause)
                    .unwrap_or(Timestamp::MAX),
            ),
            by: BREAKER.0.to_owned(),
            reason: burst.reason(&errors, self.settings.window),
        };
        if !operations
            .pause_once(BREAKER, (LEADER, term), &pause)
            .await?
        {
            return Ok(None);
        }
        let (kind, reason) = (burst.kind.as_str(), pause.reason.as_str());
        let seconds = self.settings.pause.as_secs();
        tracing::warn!(
            kind,
            seconds,
            reason,
            "a kind of jobs fails and is paused for a while"
        );
        Ok(Some(pause))
    }

    /// Ticks on the current Tokio runtime until it is stopped. It does nothing when the settings have turned it off.
    pub fn start(self) -> BreakerHandle {
        let stop = CancellationToken::new();
        let ticking = tokio::spawn(self.run(stop.clone()));
        BreakerHandle { stop, ticking }
    }

    async fn run(self, stop: CancellationToken) {
        if self.settings.failures == 0 {
            return;
        }
        let mut pause = Wait::new();
        while !stop.is_cancelled() {
            let wait = match self.tick().await {
                Ok(_) => {
                    pause = Wait::new();
                    EVERY
                }
                Err(error) => {
                    tracing::warn!(%error, "failures could not be looked after; trying again");
                    pause.next()
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        if let Err(error) = self.queue.store().resign(LEADER, self.holder).await {
            tracing::warn!(%error, "the breaker could not give up its lead; it will run out");
        }
    }
}

/// A running breaker. Dropped, it stops.
#[derive(Debug)]
#[must_use = "a breaker whose handle is dropped stops"]
pub struct BreakerHandle {
    stop: CancellationToken,
    ticking: JoinHandle<()>,
}

impl BreakerHandle {
    /// Stops, and gives the lead up so that another node can take it at once.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // It can only end early by a panic, which the runtime has reported.
        let _ = (&mut self.ticking).await;
    }
}

impl Drop for BreakerHandle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
