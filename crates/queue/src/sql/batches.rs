//! Which jobs belong together, and how far they have come.

use std::collections::BTreeMap;

use duly_db::dialect::{for_update, insert_or_keep};
use duly_db::{Conn, Db, FromRow, FromValue, Row, Tx, Value, query};
use jiff::Timestamp;

use super::{id_list, json};
use crate::batch::{BatchId, BatchRecord, BatchState};
use crate::store::{Fate, NewJob};
use crate::{JobId, Result};

/// A job that waits or runs, as far as is known.
pub(crate) const OPEN: i64 = 0;

/// A job that has failed.
pub(crate) const FAILED: i64 = 1;

/// A batch as it is made.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) id: BatchId,
    pub(crate) name: String,
    pub(crate) by: Option<String>,
    pub(crate) is_sealed: bool,
    /// Those that are still to come.
    pub(crate) steps: Vec<NewJob>,
    pub(crate) completion: Option<NewJob>,
    pub(crate) created_at: Timestamp,
}

impl From<BatchId> for Value {
    fn from(id: BatchId) -> Self {
        Value::Uuid(id.0)
    }
}

impl FromValue for BatchId {
    fn from_value(value: &Value) -> duly_db::Result<Self> {
        uuid::Uuid::from_value(value).map(BatchId)
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(crate) async fn insert(tx: &mut Tx, batch: &Stored) -> Result<()> {
    let insert = query(
        "INSERT INTO batches (id, name, actor, steps, completion, completion_kind, is_sealed, \
         total, done, failed, cancelled, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0, ?9)",
    );
    let completion = batch.completion.as_ref().map(json::written).transpose()?;
    let kind = batch.completion.as_ref().map(|job| job.name.to_string());
    let insert = insert
        .bind(batch.id)
        .bind(batch.name.as_str())
        .bind(batch.by.clone())
        .bind(json::written(&batch.steps)?)
        .bind(completion)
        .bind(kind)
        .bind(batch.is_sealed)
        .bind(number(batch.steps.len()))
        .bind(batch.created_at);
    tx.execute(insert).await?;
    Ok(())
}

/// Says that a job belongs to a batch. One that does already is counted once.
pub(crate) async fn add(tx: &mut Tx, batch: BatchId, job: JobId) -> Result<()> {
    let add = insert_or_keep(
        tx.engine(),
        "INSERT INTO batch_jobs (batch_id, job_id, state) VALUES (?1, ?2, ?3)",
    );
    if tx.execute(add.bind(batch).bind(job).bind(OPEN)).await? == 1 {
        let count = query("UPDATE batches SET total = total + 1 WHERE id = ?1");
        tx.execute(count.bind(batch)).await?;
    }
    Ok(())
}

pub(crate) async fn seal(tx: &mut Tx, batch: BatchId) -> Result<()> {
    let seal = query("UPDATE batches SET is_sealed = ?2 WHERE id = ?1");
    tx.execute(seal.bind(batch).bind(true)).await?;
    Ok(())
}

/// Ends it; the answer is `false` when it has ended already.
pub(crate) async fn cancel(tx: &mut Tx, batch: BatchId, now: Timestamp) -> Result<bool> {
    let cancel = query(
        "UPDATE batches SET is_sealed = ?3, cancelled_at = ?2 \
         WHERE id = ?1 AND ended_at IS NULL AND cancelled_at IS NULL",
    );
    Ok(tx.execute(cancel.bind(batch).bind(now).bind(true)).await? == 1)
}

const COLUMNS: &str = "id, name, actor, completion_kind, total, done, failed, cancelled, \
     created_at, ended_at, cancelled_at FROM batches";

pub(crate) async fn one(conn: &mut Conn, batch: BatchId) -> Result<Option<BatchRecord>> {
    let select = query(format!("SELECT {COLUMNS} WHERE id = ?1"));
    Ok(conn.optional(select.bind(batch)).await?)
}

pub(crate) async fn list(
    conn: &mut Conn,
    limit: u32,
    before: Option<BatchId>,
) -> Result<Vec<BatchRecord>> {
    let select = match before {
        Some(before) => query(format!(
            "SELECT {COLUMNS} WHERE id < ?2 ORDER BY id DESC LIMIT ?1"
        ))
        .bind(limit)
        .bind(before),
        None => query(format!("SELECT {COLUMNS} ORDER BY id DESC LIMIT ?1")).bind(limit),
    };
    Ok(conn.all(select).await?)
}

impl FromRow for BatchRecord {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        let ended_at: Option<Timestamp> = row.get("ended_at")?;
        let cancelled_at: Option<Timestamp> = row.get("cancelled_at")?;
        Ok(BatchRecord {
            id: row.get("id")?,
            name: row.get("name")?,
            by: row.get("actor")?,
            state: match (cancelled_at, ended_at) {
                (Some(_), _) => BatchState::Cancelled,
                (None, Some(_)) => BatchState::Finished,
                (None, None) => BatchState::Running,
            },
            total: row.get("total")?,
            done: row.get("done")?,
            failed: row.get("failed")?,
            cancelled: row.get("cancelled")?,
            completion: row.get("completion_kind")?,
            created_at: row.get("created_at")?,
            ended_at,
        })
    }
}

/// The batches that have not ended, those that were made first.
pub(crate) async fn open(conn: &mut Conn, limit: u32) -> Result<Vec<BatchId>> {
    let select = query("SELECT id FROM batches WHERE ended_at IS NULL ORDER BY id LIMIT ?1");
    let rows = conn.rows(select.bind(limit)).await?;
    let ids = rows.iter().map(|row| row.get("id"));
    Ok(ids.collect::<duly_db::Result<_>>()?)
}

/// The jobs of a batch in one state, in the order of their ids.
pub(crate) async fn members(
    conn: &mut Conn,
    batch: BatchId,
    state: i64,
    after: Option<JobId>,
    limit: usize,
) -> Result<Vec<JobId>> {
    let select = query(
        "SELECT job_id FROM batch_jobs WHERE batch_id = ?1 AND state = ?2 AND job_id > ?3 \
         ORDER BY job_id LIMIT ?4",
    );
    let after = after.unwrap_or(JobId(uuid::Uuid::nil()));
    let select = select.bind(batch).bind(state).bind(after);
    let rows = conn.rows(select.bind(number(limit))).await?;
    let ids = rows.iter().map(|row| row.get("job_id"));
    Ok(ids.collect::<duly_db::Result<_>>()?)
}

/// By how much the figures of a batch change.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    done: i64,
    failed: i64,
    cancelled: i64,
}

impl Tally {
    /// What has become of jobs that were in this state before.
    pub(crate) fn of(news: &BTreeMap<JobId, Fate>, before: i64) -> Self {
        let mut tally = Tally::default();
        if before == FAILED {
            tally.failed -= number(news.len());
        }
        for fate in news.values() {
            match fate {
                Fate::Open => {}
                Fate::Done => tally.done += 1,
                Fate::Failed => tally.failed += 1,
                Fate::Cancelled => tally.cancelled += 1,
            }
        }
        tally
    }
}

/// Notes what has become of some jobs, which were in this state before.
pub(crate) async fn note(
    db: &Db,
    batch: BatchId,
    news: &BTreeMap<JobId, Fate>,
    before: i64,
    tally: Tally,
) -> Result<()> {
    let mut tx = db.begin_on_shared_rows();
    let mut changed = 0;
    let ended = |fate: Fate| matches!(fate, Fate::Done | Fate::Cancelled);
    let gone: Vec<JobId> = ids_of(news, ended);
    for ids in gone.chunks(super::IDS) {
        let (list, ids) = id_list(3, ids.iter().copied());
        let delete = query(format!(
            "DELETE FROM batch_jobs WHERE batch_id = ?1 AND state = ?2 AND job_id IN ({list})"
        ));
        changed += tx
            .execute(delete.bind(batch).bind(before).bind_all(ids))
            .await?;
    }
    let stay: Vec<JobId> = ids_of(news, |fate| !ended(fate));
    let state = if before == OPEN { FAILED } else { OPEN };
    for ids in stay.chunks(super::IDS) {
        let (list, ids) = id_list(4, ids.iter().copied());
        let update = query(format!(
            "UPDATE batch_jobs SET state = ?3 \
             WHERE batch_id = ?1 AND state = ?2 AND job_id IN ({list})"
        ));
        let update = update.bind(batch).bind(before).bind(state).bind_all(ids);
        changed += tx.execute(update).await?;
    }
    // Somebody else, who led before, may have noted a part of it: then it is looked again.
    if changed != u64::try_from(news.len()).unwrap_or(u64::MAX) {
        return Ok(());
    }
    let count = query(
        "UPDATE batches SET done = done + ?2, failed = failed + ?3, cancelled = cancelled + ?4 \
         WHERE id = ?1",
    );
    let count = count
        .bind(batch)
        .bind(tally.done)
        .bind(tally.failed)
        .bind(tally.cancelled);
    tx.execute(count).await?;
    Ok(tx.commit().await?)
}

fn ids_of(news: &BTreeMap<JobId, Fate>, which: impl Fn(Fate) -> bool) -> Vec<JobId> {
    let ids = news.iter().filter(|(_, fate)| which(**fate));
    ids.map(|(id, _)| *id).collect()
}

/// What follows when no job of a batch is open.
pub(crate) enum Next {
    /// Nothing now.
    Wait,
    /// The next step is to be pushed.
    Step(Box<NewJob>),
    /// The batch has ended, and this is to be pushed.
    Completion(Box<NewJob>),
    /// The batch has ended.
    End,
}

/// Takes the next step out of a batch, or ends it, within the caller's transaction.
pub(crate) async fn next(tx: &mut Tx, batch: BatchId, now: Timestamp) -> Result<Next> {
    let select = query(format!(
        "SELECT steps, completion, is_sealed, failed, cancelled_at FROM batches \
         WHERE id = ?1 AND ended_at IS NULL{}",
        for_update(tx.engine())
    ));
    let Some(row) = tx.optional_row(select.bind(batch)).await? else {
        return Ok(Next::Wait);
    };
    let open =
        query("SELECT 1 AS found FROM batch_jobs WHERE batch_id = ?1 AND state = ?2 LIMIT 1");
    if tx
        .optional_row(open.bind(batch).bind(OPEN))
        .await?
        .is_some()
    {
        return Ok(Next::Wait);
    }
    let mut steps: Vec<NewJob> = json::read(&row, "steps")?;
    let is_cancelled = row.get::<Option<Timestamp>>("cancelled_at")?.is_some();
    let (is_sealed, failed): (bool, u64) = (row.get("is_sealed")?, row.get("failed")?);
    if !steps.is_empty() && !is_cancelled {
        if failed > 0 {
            return Ok(Next::Wait);
        }
        let step = steps.remove(0);
        // It is counted again when it is pushed.
        let take = query("UPDATE batches SET steps = ?2, total = total - 1 WHERE id = ?1");
        tx.execute(take.bind(batch).bind(json::written(&steps)?))
            .await?;
        return Ok(Next::Step(Box::new(step)));
    }
    if !is_sealed {
        return Ok(Next::Wait);
    }
    let end = query("UPDATE batches SET ended_at = ?2 WHERE id = ?1");
    tx.execute(end.bind(batch).bind(now)).await?;
    let completion: Option<String> = row.get("completion")?;
    Ok(match completion.filter(|_| !is_cancelled) {
        Some(_) => Next::Completion(Box::new(json::read(&row, "completion")?)),
        None => Next::End,
    })
}

/// Forgets what ended before this.
pub(crate) async fn forget(db: &Db, before: Timestamp) -> Result<()> {
    let old = query("SELECT id FROM batches WHERE ended_at < ?1 LIMIT 1").bind(before);
    let mut conn = db.read_fresh();
    let Some(row) = conn.optional_row(old).await? else {
        return Ok(());
    };
    let id: BatchId = row.get("id")?;
    let mut tx = db.begin_on_shared_rows();
    for delete in [
        "DELETE FROM batch_jobs WHERE batch_id = ?1",
        "DELETE FROM batches WHERE id = ?1",
    ] {
        tx.execute(query(delete).bind(id)).await?;
    }
    Ok(tx.commit().await?)
}
