//! The handle a program pushes jobs with and looks at them through.

use std::collections::BTreeMap;
use std::sync::Arc;

use duly_db::random::new_id;
use duly_db::{Db, SharedClock, SharedRandom, Tx};
use duly_redis::Address;
use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use crate::job::assert_runnable;
use crate::redis::{Keeping, RedisStore};
use crate::sql::SqlStore;
use crate::store::{
    AttemptRecord, By, Counts, Filter, JobRecord, JobStore, Listing, NewJob, Operations, Retried,
    Retrying, State, Totals,
};
use crate::{Error, Job, JobId, Pushed, QueueName, Result};

/// How many bytes a job may have as JSON, its tags included.
pub const PAYLOAD_LIMIT: usize = 256 * 1024;

/// How many bytes a unique key may have.
pub const UNIQUE_KEY_LIMIT: usize = 255;

/// How many bytes the name of a lane may have.
pub const LANE_LIMIT: usize = 128;

/// So many jobs are looked through at a time.
const PAGE: u32 = 200;

/// The queues of a program. Clones share them.
#[derive(Debug, Clone)]
pub struct Queue {
    db: Db,
    store: Arc<dyn JobStore>,
    clock: SharedClock,
    random: SharedRandom,
    wake: watch::Sender<u64>,
    /// Says in which span of which trace a job is pushed.
    trace_parent: fn() -> Option<String>,
    /// What the store needs to have done in the background.
    _keeping: Option<Arc<Keeping>>,
}

impl Queue {
    /// Jobs kept in the given database, see [`crate::MIGRATIONS`].
    #[must_use]
    pub fn new(db: Db, clock: SharedClock, random: SharedRandom) -> Self {
        let store = Arc::new(SqlStore::new(db.clone(), clock.clone(), random.clone()));
        Self::with_store(db, store, clock, random)
    }

    /// Jobs that move in the Redis at this address and are recorded in the given database, see
    /// [`crate::RedisStore`]. What is kept for one installation is not found for another. Runs in a Tokio
    /// runtime; nobody waits for Redis here.
    #[must_use]
    pub fn in_redis(
        db: Db,
        address: Address,
        installation: &str,
        clock: SharedClock,
        random: SharedRandom,
    ) -> Self {
        let sql = SqlStore::new(db.clone(), clock.clone(), random.clone());
        let store = Arc::new(RedisStore::new(sql, address, installation));
        let mut queue = Self::with_store(db, store.clone(), clock, random);
        queue._keeping = Some(Arc::new(store.keep_up(&queue)));
        queue
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
            trace_parent: || None,
            _keeping: None,
        }
    }

    /// Has each job carry the span it is pushed in, for [`crate::Middleware`] to go on with its trace. The
    /// function answers a `traceparent` (W3C Trace Context, 3.2), or nothing when no trace is recorded.
    #[must_use]
    pub fn carrying(mut self, trace_parent: fn() -> Option<String>) -> Self {
        self.trace_parent = trace_parent;
        self
    }

    /// Stores a job to be run as soon as possible. It exists when the transaction commits, and
    /// only then; call [`Queue::notify`] after the commit.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::KeyTooLong`], [`Error::Encode`], or what the store says.
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

    /// Adds a job to those that [`Queue::push_all`] stores, to be run as soon as possible or not before the given
    /// time.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::KeyTooLong`] or [`Error::Encode`].
    pub fn add<J: Job>(&self, jobs: &mut NewJobs, job: &J, at: Option<Timestamp>) -> Result<()> {
        jobs.0.push(self.envelope(job, at)?);
        Ok(())
    }

    /// Stores many jobs as [`Queue::push`] does each, with few statements. The answers come in the order in which
    /// they were added.
    ///
    /// # Errors
    /// What the store says.
    pub async fn push_all(&self, tx: &mut Tx, jobs: NewJobs) -> Result<Vec<Pushed>> {
        self.store.push_all(tx, jobs.0).await
    }

    pub(crate) fn envelope<J: Job>(&self, job: &J, run_at: Option<Timestamp>) -> Result<NewJob> {
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
        let (unique, lane) = (job.unique(), job.lane());
        bounded(name, "unique key", unique.as_ref(), UNIQUE_KEY_LIMIT)?;
        bounded(name, "lane", lane.as_ref(), LANE_LIMIT)?;
        let id = JobId(self.new_id());
        Ok(NewJob {
            id,
            queue: J::QUEUE,
            name: name.into(),
            payload,
            tries: J::TRIES,
            unique,
            tags,
            run_at,
            priority: J::PRIORITY,
            lane,
            retry_for: J::RETRY_FOR,
            trace_parent: (self.trace_parent)(),
        })
    }

    /// Wakes the workers of this process. A lost wake costs at most their poll interval.
    pub fn notify(&self) {
        self.store.pushed();
        self.wake();
    }

    /// Wakes the workers of this process, when the store knows of jobs.
    fn wake(&self) {
        self.wake
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// How many jobs of each queue are in which state. Queues without jobs are not listed.
    ///
    /// # Errors
    /// What the store says.
    pub async fn counts(&self) -> Result<BTreeMap<QueueName, Counts>> {
        self.operations().counts().await
    }

    /// What has become of attempts since the given instant (to the minute; two days are kept so).
    ///
    /// # Errors
    /// What the store says.
    pub async fn totals(&self, since: Timestamp) -> Result<BTreeMap<QueueName, Totals>> {
        self.operations().totals(since).await
    }

    /// Lets failed jobs wait again, and wakes the workers of this process; see [`Operations::retry`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn retry(
        &self,
        by: By<'_>,
        ids: &[JobId],
        retrying: &Retrying,
    ) -> Result<Vec<Retried>> {
        let retried = self.operations().retry(by, ids, retrying).await?;
        self.notify();
        Ok(retried)
    }

    /// The jobs in any of these states that fit, at most so many.
    ///
    /// # Errors
    /// What the store says.
    pub async fn find(&self, states: &[State], filter: &Filter, most: u32) -> Result<Vec<JobId>> {
        let mut found = Vec::new();
        for &state in states {
            let mut after = None;
            loop {
                let left = most.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
                let listing = Listing {
                    state,
                    filter,
                    limit: left.min(PAGE),
                    after,
                };
                let page = match left {
                    0 => Vec::new(),
                    _ => self.operations().list(&listing).await?,
                };
                found.extend(page.iter().map(|job| job.id));
                after = page.last().map(JobRecord::cursor);
                if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// The attempts at a job, oldest first, the newest [`crate::ATTEMPTS_KEPT`] of them. Those at jobs that are
    /// done or were cancelled go with them.
    ///
    /// # Errors
    /// What the store says.
    pub async fn attempts(&self, id: JobId) -> Result<Vec<AttemptRecord>> {
        self.operations().attempts(id).await
    }

    /// What operators see of jobs, and what they do with them.
    #[must_use]
    pub fn operations(&self) -> &dyn Operations {
        self.store.operations()
    }

    /// The store, for what is built on top of the queue.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn JobStore> {
        &self.store
    }

    pub(crate) fn db(&self) -> &Db {
        &self.db
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

    pub(crate) fn waker(&self) -> watch::Sender<u64> {
        self.wake.clone()
    }

    pub(crate) fn wakes(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }
}

/// Jobs that are to be stored together.
#[derive(Debug, Default)]
#[must_use = "they are stored by `Queue::push_all`"]
pub struct NewJobs(Vec<NewJob>);

/// Refuses a key that is longer than it may be.
fn bounded(
    name: &'static str,
    key: &'static str,
    text: Option<&String>,
    limit: usize,
) -> Result<()> {
    match text.map(String::len) {
        Some(bytes) if bytes > limit => Err(Error::KeyTooLong {
            name,
            key,
            bytes,
            limit,
        }),
        _ => Ok(()),
    }
}
