//! From the outbox to Redis.
//!
//! First rows are read. A script takes them in, and notes the id of each row: whoever hands over the same row again
//! is told that it is known. Then the rows are deleted. At last their notes are marked as old, and go after ten
//! minutes.
//!
//! Whoever dies in between leaves rows for the next, or notes that [`RedisStore::sweep`](super::RedisStore) marks.

use std::sync::PoisonError;
use std::time::Duration;

use duly_db::Tx;
use jiff::Timestamp;
use redis::cmd;
use tokio::time::Instant;
use uuid::Uuid;

use super::keys::{Place, place_in};
use super::link::Arguments;
use super::packing::{self, Body, Fixed, micros, optional, written_id, written_priority};
use super::{RedisStore, scripts};
use crate::sql::later;
use crate::sql::outbox::{self, OutboxRow};
use crate::store::NewJob;
use crate::{JobId, Pushed, Result};

/// As many rows are handed over at once.
const BATCH: usize = 256;

/// Rows that were read longer ago are read again: the notes of those that are gone may be gone, too.
const FRESH: Duration = Duration::from_secs(60);

/// Whoever pushed and has not seen it in the outbox for so long looks no more by itself: it was rolled back, or
/// somebody else has handed it over.
const COMMITTED: Duration = Duration::from_secs(5);

/// How long a push waits to hear who holds its unique key.
const ASKING: Duration = Duration::from_millis(50);

/// How often a push is tried whose duplicate is gone by the time it is looked at.
const TRIES: u32 = 5;

/// Rows that were read.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) rows: Vec<OutboxRow>,
    pub(super) read_at: Instant,
}

impl Batch {
    pub(super) fn ids(&self) -> Vec<Uuid> {
        self.rows.iter().map(|row| row.id).collect()
    }
}

impl RedisStore {
    /// Writes a job down within the caller's transaction.
    pub(super) async fn write_to_outbox(&self, tx: &mut Tx, job: NewJob) -> Result<Pushed> {
        let row = self.row(job)?;
        for _ in 0..TRIES {
            if outbox::write(tx, &row).await? {
                // Whoever holds the key has been handed over before this row could be written.
                if let Some(holder) = self.holder_within(&row, ASKING).await.ok().flatten() {
                    outbox::remove(tx, row.id).await?;
                    return Ok(Pushed::Duplicate(holder));
                }
                self.pending().insert(row.id, Instant::now());
                return Ok(Pushed::New(row.job));
            }
            let Some(unique) = &row.unique else {
                // Only the id can be there already: it is the same push again.
                return Ok(Pushed::Duplicate(row.job));
            };
            if let Some(holder) = self.holder_on_its_way(tx, &row.name, unique).await? {
                return Ok(Pushed::Duplicate(holder));
            }
            // It has been handed over in between.
            if let Some(holder) = self.holder_within(&row, ASKING).await.ok().flatten() {
                return Ok(Pushed::Duplicate(holder));
            }
        }
        Err(duly_db::Error::Busy.into())
    }

    fn row(&self, job: NewJob) -> Result<OutboxRow> {
        let now = self.sql.clock.now();
        let run_at = job.run_at.unwrap_or(now);
        let tags = serde_json::to_string(&job.tags);
        Ok(OutboxRow {
            id: job.id.0,
            job: job.id,
            written_at: now,
            turn: self.next_turn(),
            queue: job.queue,
            name: job.name.into_owned(),
            payload: job.payload,
            tags: tags.map_err(|error| duly_db::Error::Other(error.to_string()))?,
            unique: job.unique,
            tries: job.tries,
            attempt: 0,
            fence: crate::store::Fence(0),
            run_at,
            pushed_at: now,
            priority: job.priority,
            position: None,
            lane: job.lane,
            retry_until: job.retry_for.map(|wait| later(run_at, wait)),
            trace_parent: job.trace_parent,
        })
    }

    /// The job of the outbox that holds a unique key. The row of a job that has ended already is only not yet
    /// cleared away, and makes room.
    pub(super) async fn holder_on_its_way(
        &self,
        tx: &mut Tx,
        name: &str,
        unique: &str,
    ) -> Result<Option<JobId>> {
        let Some((row, job)) = outbox::holder(tx, name, unique).await? else {
            return Ok(None);
        };
        let ended = tokio::time::timeout(ASKING, self.has_ended(row, job)).await;
        if !matches!(ended, Ok(Ok(true))) {
            return Ok(Some(job));
        }
        outbox::remove(tx, row).await?;
        Ok(None)
    }

    /// Whether the job of this row was handed over, and is gone since.
    async fn has_ended(&self, row: Uuid, job: JobId) -> Result<bool> {
        let (mut noted, mut live) = (cmd("ZSCORE"), cmd("HEXISTS"));
        noted.arg(self.link.keys.relayed()).arg(written_id(row));
        let noted: Option<f64> = self.link.run(&noted).await?;
        live.arg(self.link.keys.jobs()).arg(written_id(job.0));
        Ok(noted.is_some() && !self.link.run::<bool>(&live).await?)
    }

    /// The job in Redis that holds the unique key of this one; nothing when nobody answers a push in time.
    pub(super) async fn holder_within(
        &self,
        row: &OutboxRow,
        patience: Duration,
    ) -> Result<Option<JobId>> {
        let Some(unique) = &row.unique else {
            return Ok(None);
        };
        let away = || duly_db::Error::Unavailable("Redis does not answer".to_owned());
        if self.link.is_away() {
            return Err(away().into());
        }
        let mut get = cmd("HGET");
        get.arg(self.link.keys.unique())
            .arg(format!("{}\0{unique}", row.name));
        let asked = tokio::time::timeout(patience, self.link.run(&get)).await;
        // Who pushes many does not wait for each.
        let holder: Option<String> = asked.map_err(|_| {
            self.link.lost();
            away()
        })??;
        Ok(holder.as_deref().and_then(packing::id))
    }

    pub(super) fn pending(
        &self,
    ) -> std::sync::MutexGuard<'_, std::collections::HashMap<Uuid, Instant>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over what this process has pushed, and leaves the rest to the background: whoever takes jobs does not
    /// wait for the disk. While nothing can be handed over, what Redis has goes on.
    pub(super) async fn relay_own(&self) {
        if self.pending().is_empty() {
            return;
        }
        let _one_at_a_time = self.relaying.lock().await;
        if self.pending().is_empty() {
            // Somebody has done it meanwhile.
            return;
        }
        match self.hand_over_all().await {
            Ok(()) => self.pushed.notify_one(),
            Err(error) => {
                tracing::warn!(%error, "jobs could not be handed over to Redis; they stay in the outbox");
            }
        }
    }

    /// Hands over all there is, and clears the outbox.
    pub(super) async fn relay(&self) -> Result<()> {
        {
            let _one_at_a_time = self.relaying.lock().await;
            self.hand_over_all().await?;
        }
        self.clear().await
    }

    async fn hand_over_all(&self) -> Result<()> {
        // What would be read again, and again be in the way of what is new.
        self.clear().await?;
        loop {
            let batch = self.read_outbox().await?;
            if batch.rows.is_empty() {
                self.pending()
                    .retain(|_, pushed| pushed.elapsed() < COMMITTED);
                return Ok(());
            }
            self.hand_over(&batch).await?;
            let ids = batch.ids();
            self.is_handed_over(ids);
            if batch.rows.len() < BATCH {
                return Ok(());
            }
            self.clear().await?;
        }
    }

    /// Deletes the rows that were handed over, and marks their notes. What stays because of an error is read
    /// again, and then known.
    async fn clear(&self) -> Result<()> {
        let ids = std::mem::take(&mut *self.handed_over());
        if ids.is_empty() {
            return Ok(());
        }
        self.delete_rows(&ids).await?;
        self.mark_rows(&ids).await
    }

    fn is_handed_over(&self, ids: Vec<Uuid>) {
        let mut pending = self.pending();
        for id in &ids {
            pending.remove(id);
        }
        self.handed_over().extend(ids);
    }

    fn handed_over(&self) -> std::sync::MutexGuard<'_, Vec<Uuid>> {
        let handed_over = self.handed_over.lock();
        handed_over.unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn read_outbox(&self) -> Result<Batch> {
        let read_at = Instant::now();
        let rows = outbox::read(&mut self.sql.db.read_fresh(), BATCH).await?;
        Ok(Batch { rows, read_at })
    }

    /// Has Redis take rows in. A row that is old by now is left for the next look.
    pub(super) async fn hand_over(&self, batch: &Batch) -> Result<()> {
        if batch.read_at.elapsed() >= FRESH {
            return Err(duly_db::Error::Timeout.into());
        }
        let mut places: Vec<Place> = Vec::new();
        let mut arguments = Arguments::default();
        arguments.own(self.link.keys.channel());
        for row in &batch.rows {
            let place = place_in(&mut places, &self.link.keys, &row.queue, &row.name);
            add(&mut arguments, row, place);
        }
        let answers: Vec<String> = self.link.call(&scripts::PUSH, &places, &arguments).await?;
        for (row, answer) in batch.rows.iter().zip(answers) {
            if let Some(holder) = packing::id(&answer) {
                let (id, name) = (row.job, row.name.as_str());
                tracing::debug!(job.id = %id, job.name = name, %holder, "a job was a duplicate");
            }
        }
        Ok(())
    }

    pub(super) async fn delete_rows(&self, ids: &[Uuid]) -> Result<()> {
        let delete = || outbox::delete(&self.sql.db, ids);
        self.sql.alone(delete).await
    }

    /// Says that these rows are gone.
    pub(super) async fn mark_rows(&self, ids: &[Uuid]) -> Result<()> {
        let mut arguments = Arguments::default();
        for id in ids {
            arguments.own(written_id(*id));
        }
        let _: i64 = self.link.call(&scripts::RELAYED, &[], &arguments).await?;
        Ok(())
    }
}

/// A row as the script is told of it.
fn add<'a>(arguments: &mut Arguments<'a>, row: &'a OutboxRow, place: usize) {
    let fixed = Fixed {
        tries: row.tries,
        retry_until: row.retry_until,
        priority: row.priority,
        base: row.fence.0,
        queue: row.queue.clone(),
        kind: row.name.clone(),
        lane: row.lane.clone(),
        unique: row.unique.clone(),
    };
    let body = Body {
        pushed_at: row.pushed_at,
        tags: row.tags.clone(),
        payload: row.payload.clone(),
        trace_parent: row.trace_parent.clone(),
    };
    // What has been a job before is not refused: it would be lost.
    let was_there = row.fence.0 > 0 || row.position.is_some();
    let position = row.position.map(|position| micros(position).to_string());
    arguments
        .own(written_id(row.id))
        .own(written_id(row.job.0))
        .number(place)
        .text(flag(was_there))
        .text(flag(is_at_once(row.run_at, row.written_at)))
        .number(micros(row.run_at))
        .own(position.unwrap_or_default())
        .own(optional(row.unique.as_deref()))
        .own(optional(row.lane.as_deref()))
        .text(written_priority(row.priority))
        .number(row.attempt)
        .number(row.fence.0)
        .own(fixed.packed())
        .own(body.packed());
}

fn flag(is_set: bool) -> &'static str {
    match is_set {
        true => "1",
        false => "",
    }
}

/// Whether it was due when it was written down.
fn is_at_once(run_at: Timestamp, written_at: Timestamp) -> bool {
    run_at <= written_at
}
