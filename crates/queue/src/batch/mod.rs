//! Jobs that belong together: how far they have come, and what is to be done when all have ended. A chain is a
//! batch whose jobs are done one after the other.
//!
//! A batch knows the ids of its jobs, and the [`BatchKeeper`] asks the store what has become of them. Nothing is
//! counted where jobs end, so that no count can be wrong, and jobs end as fast as others.

mod keeper;
mod records;

use duly_db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

pub use self::keeper::{BatchKeeper, BatchKeeperHandle};
pub use self::records::{BatchId, BatchRecord, BatchState};
use crate::sql::batches;
use crate::store::{By, NewJob};
use crate::{Job, JobId, Pushed, Queue, Result};

/// No call ends or looks at more jobs at once.
const PAGE: usize = 500;

/// A batch that is about to be made, see [`Queue::batch`].
#[derive(Debug)]
#[must_use = "it is made by `open`"]
pub struct NewBatch<'a> {
    queue: &'a Queue,
    name: String,
    by: Option<String>,
    steps: Vec<NewJob>,
    completion: Option<NewJob>,
}

impl NewBatch<'_> {
    /// Says who wants it.
    pub fn by(mut self, by: &str) -> Self {
        self.by = Some(by.to_owned());
        self
    }

    /// Adds a job that is pushed when all jobs before it are done. While one of them has failed, it waits until
    /// that one is tried again and done.
    ///
    /// # Errors
    /// As [`Queue::push`].
    pub fn step<J: Job>(mut self, job: &J) -> Result<Self> {
        self.steps.push(self.queue.envelope(job, None)?);
        Ok(self)
    }

    /// Says which job is pushed when all others have ended, whether they were done or failed. It may ask
    /// [`Queue::batch_record`] which. A batch that is cancelled pushes none.
    ///
    /// # Errors
    /// As [`Queue::push`].
    pub fn then<J: Job>(mut self, job: &J) -> Result<Self> {
        self.completion = Some(self.queue.envelope(job, None)?);
        Ok(self)
    }

    /// Makes it within the caller's transaction, and pushes its first step. One with steps is sealed from the
    /// beginning.
    ///
    /// # Errors
    /// What the store says.
    pub async fn open(mut self, tx: &mut Tx) -> Result<BatchId> {
        let id = BatchId(self.queue.new_id());
        let first = match self.steps.is_empty() {
            true => None,
            false => Some(self.steps.remove(0)),
        };
        let batch = batches::Stored {
            id,
            is_sealed: first.is_some(),
            name: self.name,
            by: self.by,
            steps: self.steps,
            completion: self.completion,
            created_at: self.queue.store().now().await?,
        };
        batches::insert(tx, &batch).await?;
        if let Some(first) = first {
            self.queue.put_into(tx, id, first).await?;
        }
        Ok(id)
    }
}

impl Queue {
    /// A batch of this name: `queue.batch("import").by("ann").then(&Told)?.open(&mut tx)`. Jobs are put into it by
    /// [`Queue::push_into`], in as many transactions as you like, until it is sealed. For a chain, add steps.
    pub fn batch(&self, name: impl Into<String>) -> NewBatch<'_> {
        NewBatch {
            queue: self,
            name: name.into(),
            by: None,
            steps: Vec::new(),
            completion: None,
        }
    }

    /// Pushes a job that belongs to a batch. It has the tag `batch:` with the batch's id.
    ///
    /// # Errors
    /// As [`Queue::push`].
    pub async fn push_into<J: Job>(&self, tx: &mut Tx, batch: BatchId, job: &J) -> Result<Pushed> {
        self.put_into(tx, batch, self.envelope(job, None)?).await
    }

    async fn put_into(&self, tx: &mut Tx, batch: BatchId, mut job: NewJob) -> Result<Pushed> {
        job.tags.push(batch.tag());
        let pushed = self.store().push(tx, job).await?;
        batches::add(tx, batch, pushed.id()).await?;
        Ok(pushed)
    }

    /// Says that no more jobs come: the batch ends when all it has have ended.
    ///
    /// # Errors
    /// What the store says.
    pub async fn seal_batch(&self, tx: &mut Tx, batch: BatchId) -> Result<()> {
        batches::seal(tx, batch).await
    }

    /// How far a batch has come.
    ///
    /// # Errors
    /// What the store says.
    pub async fn batch_record(&self, batch: BatchId) -> Result<Option<BatchRecord>> {
        batches::one(&mut self.db().read_fresh(), batch).await
    }

    /// Batches, the newest first; after `before` when that is given.
    ///
    /// # Errors
    /// What the store says.
    pub async fn batches(&self, limit: u32, before: Option<BatchId>) -> Result<Vec<BatchRecord>> {
        batches::list(&mut self.db().read_fresh(), limit, before).await
    }

    /// Ends a batch: none of its jobs starts any more, those that run are aborted, no step and no completion
    /// follows. The answer is `false` when it has ended already, or there is none.
    ///
    /// # Errors
    /// What the store says.
    pub async fn cancel_batch(&self, by: By<'_>, batch: BatchId) -> Result<bool> {
        let mut tx = self.begin();
        let now = self.store().now().await?;
        if !batches::cancel(&mut tx, batch, now).await? {
            return Ok(false);
        }
        tx.commit().await?;
        let mut after: Option<JobId> = None;
        loop {
            let mut conn = self.db().read_fresh();
            let open = batches::members(&mut conn, batch, batches::OPEN, after, PAGE).await?;
            let Some(last) = open.last() else {
                return Ok(true);
            };
            after = Some(*last);
            self.operations().cancel(by, &open).await?;
        }
    }
}

/// A batch that was made before this is forgotten, if it has ended.
fn forgotten(now: Timestamp) -> Timestamp {
    let kept = std::time::Duration::from_secs(crate::FAILED_KEPT_DAYS * 86_400);
    now.checked_sub(kept).unwrap_or(Timestamp::MIN)
}

/// Ids of batches are uuids like those of jobs.
impl From<Uuid> for BatchId {
    fn from(id: Uuid) -> Self {
        BatchId(id)
    }
}
