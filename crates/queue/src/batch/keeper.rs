//! Looking what has become of the jobs of batches, on whichever node leads.

use std::collections::BTreeMap;
use std::time::Duration;

use duly_db::retry;
use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{PAGE, forgotten};
use crate::pause::Pause;
use crate::sql::batches::{self, Next, Tally};
use crate::store::Fate;
use crate::{BatchId, JobId, Queue, Result};

/// The lease of the leader.
const LEADER: &str = "batches";

/// How long a leader that has died keeps others from leading.
const LEASE: Duration = Duration::from_secs(15);

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// So many open batches are looked after at once, those that were made first.
const BATCHES: u32 = 50;

/// No look asks for more pages of a batch's jobs.
const PAGES: u32 = 20;

/// Looks after batches, on whichever node leads.
#[derive(Debug)]
pub struct BatchKeeper {
    queue: Queue,
    holder: Uuid,
}

impl BatchKeeper {
    /// One that does not run yet: call [`BatchKeeper::tick`], or [`BatchKeeper::start`] it.
    #[must_use]
    pub fn new(queue: Queue) -> Self {
        let holder = queue.new_id();
        BatchKeeper { queue, holder }
    }

    /// Looks once, if this keeper leads; answers whether it does.
    ///
    /// # Errors
    /// What the store says.
    pub async fn tick(&self) -> Result<bool> {
        let store = self.queue.store();
        if store.lead(LEADER, self.holder, LEASE).await?.is_none() {
            return Ok(false);
        }
        let now = store.now().await?;
        let open = batches::open(&mut self.queue.db().read_fresh(), BATCHES).await?;
        for batch in open {
            self.look_after(batch, now).await?;
        }
        let random = self.queue.random().clone();
        let forget = || batches::forget(self.queue.db(), forgotten(now));
        retry::on_conflict(&*random, forget).await?;
        Ok(true)
    }

    async fn look_after(&self, batch: BatchId, now: Timestamp) -> Result<()> {
        let mut after = None;
        let mut is_whole = false;
        for _ in 0..PAGES {
            let mut conn = self.queue.db().read_fresh();
            let page = batches::members(&mut conn, batch, batches::OPEN, after, PAGE).await?;
            after = page.last().copied();
            is_whole = page.len() < PAGE;
            self.note(batch, &page, batches::OPEN).await?;
            if is_whole {
                break;
            }
        }
        let mut conn = self.queue.db().read_fresh();
        let failed = batches::members(&mut conn, batch, batches::FAILED, None, PAGE).await?;
        self.note(batch, &failed, batches::FAILED).await?;
        if is_whole {
            self.go_on(batch, now).await?;
        }
        Ok(())
    }

    /// Notes what has become of some of a batch's jobs, which were in this state before.
    async fn note(&self, batch: BatchId, jobs: &[JobId], before: i64) -> Result<()> {
        if jobs.is_empty() {
            return Ok(());
        }
        let fates = self.queue.operations().fates(jobs).await?;
        let is_news = |(_, fate): &(&JobId, &Fate)| match before {
            batches::OPEN => **fate != Fate::Open,
            _ => **fate != Fate::Failed,
        };
        let news: BTreeMap<JobId, Fate> = fates
            .iter()
            .filter(is_news)
            .map(|(id, fate)| (*id, *fate))
            .collect();
        if news.is_empty() {
            return Ok(());
        }
        let random = self.queue.random().clone();
        let tally = Tally::of(&news, before);
        retry::on_conflict(&*random, || {
            batches::note(self.queue.db(), batch, &news, before, tally)
        })
        .await
    }

    /// Pushes the next step when all before it are done, or ends the batch.
    async fn go_on(&self, batch: BatchId, now: Timestamp) -> Result<()> {
        let random = self.queue.random().clone();
        let again = async || -> Result<()> {
            let mut tx = self.queue.begin();
            match batches::next(&mut tx, batch, now).await? {
                Next::Wait => return Ok(()),
                Next::Step(job) => drop(self.queue.put_into(&mut tx, batch, *job).await?),
                Next::Completion(job) => drop(self.queue.store().push(&mut tx, *job).await?),
                Next::End => {}
            }
            Ok(tx.commit().await?)
        };
        retry::on_conflict(&*random, again).await?;
        self.queue.notify();
        Ok(())
    }

    /// Ticks on the current Tokio runtime until it is stopped.
    pub fn start(self) -> BatchKeeperHandle {
        let stop = CancellationToken::new();
        let ticking = tokio::spawn(self.run(stop.clone()));
        BatchKeeperHandle { stop, ticking }
    }

    async fn run(self, stop: CancellationToken) {
        let mut pause = Pause::new();
        while !stop.is_cancelled() {
            let wait = match self.tick().await {
                Ok(_) => {
                    pause = Pause::new();
                    EVERY
                }
                Err(error) => {
                    tracing::warn!(%error, "batches could not be looked after; trying again");
                    pause.next()
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        if let Err(error) = self.queue.store().resign(LEADER, self.holder).await {
            tracing::warn!(%error, "the keeper of batches could not give up its lead");
        }
    }
}

/// A running keeper. Dropped, it stops.
#[derive(Debug)]
#[must_use = "a keeper whose handle is dropped stops"]
pub struct BatchKeeperHandle {
    stop: CancellationToken,
    ticking: JoinHandle<()>,
}

impl BatchKeeperHandle {
    /// Stops, and gives the lead up so that another node can take it at once.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // It can only end early by a panic, which the runtime has reported.
        let _ = (&mut self.ticking).await;
    }
}

impl Drop for BatchKeeperHandle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
