//! The handle a program pushes jobs with and looks at them through.

use std::collections::BTreeMap;
use std::sync::Arc;

use duly_db::random::new_id;
use duly_db::{Db, SharedClock, SharedRandom, Tx};
use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use crate::job::assert_runnable;
use crate::sql::SqlStore;
use crate::store::{
    AttemptRecord, Counts, FailedCursor, FailedJob, JobStore, NewJob, Retried, Totals,
};
use crate::{Error, Job, JobId, Pushed, QueueName, Result};

/// How many bytes a job may have as JSON, its tags included.
pub const PAYLOAD_LIMIT: usize = 256 * 1024;

/// How many bytes a unique key may have.
pub const UNIQUE_KEY_LIMIT: usize = 255;

/// The queues of a program. Clones share them.
#[derive(Debug, Clone)]
pub struct Queue {
    db: Db,
    store: Arc<dyn JobStore>,
    clock: SharedClock,
    random: SharedRandom,
    wake: watch::Sender<u64>,
}

impl Queue {
    /// Jobs kept in the given database, see [`crate::MIGRATIONS`].
    #[must_use]
    pub fn new(db: Db, clock: SharedClock, random: SharedRandom) -> Self {
        let store = Arc::new(SqlStore::new(db.clone(), clock.clone(), random.clone()));
        Self::with_store(db, store, clock, random)
    }

    /// Jobs kept in the given store. The database is the one whose transactions jobs are pushed
    /// in.
    #[must_use]
    pub fn with_store(
        db: Db,
        store: Arc<dyn JobStore>,
        clock: SharedClock,
        random: SharedRandom,
    ) -> Self {
        Queue {
            db,
            store,
            clock,
            random,
            wake: watch::Sender::new(0),
        }
    }

    /// Stores a job to be run as soon as possible. It exists when the transaction commits, and
    /// only then; call [`Queue::notify`] after the commit.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::UniqueKeyTooLong`], [`Error::Encode`], or what the store says.
    pub async fn push<J: Job>(&self, tx: &mut Tx, job: &J) -> Result<Pushed> {
        self.store.push(tx, self.envelope(job, None)?).await
    }

    /// Stores a job to be run at the given time, or as soon as possible after it.
    ///
    /// # Errors
    /// As [`Queue::push`].
    pub async fn push_at<J: Job>(&self, tx: &mut Tx, job: &J, at: Timestamp) -> Result<Pushed> {
        self.store.push(tx, self.envelope(job, Some(at))?).await
    }

    fn envelope<J: Job>(&self, job: &J, run_at: Option<Timestamp>) -> Result<NewJob> {
        const { assert_runnable::<J>() };
        let name = J::NAME;
        let payload = serde_json::to_string(job).map_err(|error| Error::Encode {
            name,
            reason: error.to_string(),
        })?;
        let tags = job.tags();
        let bytes = payload.len() + tags.iter().map(String::len).sum::<usize>();
        if bytes > PAYLOAD_LIMIT {
            return Err(Error::TooLarge {
                name,
                bytes,
                limit: PAYLOAD_LIMIT,
            });
        }
        let unique = job.unique();
        if let Some(bytes) = unique
            .as_ref()
            .map(String::len)
            .filter(|&it| it > UNIQUE_KEY_LIMIT)
        {
            return Err(Error::UniqueKeyTooLong {
                name,
                bytes,
                limit: UNIQUE_KEY_LIMIT,
            });
        }
        let id = JobId(self.new_id());
        Ok(NewJob {
            id,
            queue: J::QUEUE,
            name,
            payload,
            tries: J::TRIES,
            unique,
            tags,
            run_at,
        })
    }

    /// Wakes the workers of this process. A lost wake costs at most their poll interval.
    pub fn notify(&self) {
        self.wake
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// How many jobs of each queue are in which state. Queues without jobs are not listed.
    ///
    /// # Errors
    /// What the store says.
    pub async fn counts(&self) -> Result<BTreeMap<QueueName, Counts>> {
        self.store.counts().await
    }

    /// What has become of attempts since the given instant (to the minute; a week is kept).
    ///
    /// # Errors
    /// What the store says.
    pub async fn totals(&self, since: Timestamp) -> Result<BTreeMap<QueueName, Totals>> {
        self.store.totals(since).await
    }

    /// Jobs that failed for good, newest first; the next page starts after the last one's
    /// [`FailedJob::cursor`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn failed(&self, limit: u32, after: Option<FailedCursor>) -> Result<Vec<FailedJob>> {
        self.store.failed(limit, after).await
    }

    /// Lets a failed job wait again, with all its tries.
    ///
    /// # Errors
    /// What the store says.
    pub async fn retry_failed(&self, id: JobId) -> Result<Retried> {
        let retried = self.store.retry_failed(id).await?;
        self.notify();
        Ok(retried)
    }

    /// The attempts at a waiting, running or failed job, oldest first, the newest
    /// [`crate::ATTEMPTS_KEPT`] of them. A job that is done leaves none.
    ///
    /// # Errors
    /// What the store says.
    pub async fn attempts(&self, id: JobId) -> Result<Vec<AttemptRecord>> {
        self.store.attempts(id).await
    }

    /// The store, for what is built on top of the queue.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn JobStore> {
        &self.store
    }

    pub(crate) fn begin(&self) -> Tx {
        self.db.begin_on_shared_rows()
    }

    pub(crate) fn new_id(&self) -> Uuid {
        new_id(&*self.random, self.clock.now())
    }

    pub(crate) fn random(&self) -> &SharedRandom {
        &self.random
    }

    pub(crate) fn wakes(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }
}
