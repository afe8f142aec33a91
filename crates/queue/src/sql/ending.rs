//! What becomes of jobs that do not end well, and when history goes.

use std::borrow::Cow;

use duly_db::dialect::{for_update, for_update_of_free_rows};
use duly_db::{Db, FromRow, Row, Tx, query};
use jiff::Timestamp;

use super::attempts::{self, Ended};
use super::measuring::Tally;
use super::{days_before, finished, id_list};
use crate::fingerprint::fingerprint;
use crate::store::{AttemptOutcome, Held, Swept, What, WorkerId};
use crate::{FAILED_KEPT_DAYS, JobId, JobLog, Priority, QueueName, Result};

/// No call ends or drops more than this many jobs, so that none holds the writer for long.
const BATCH: u32 = 500;

const LEASE_OVER: &str = "the lease was over: the worker died or was stuck";

pub(super) async fn sweep(db: &Db, now: Timestamp) -> Result<Swept> {
    let oldest_failed = days_before(now, FAILED_KEPT_DAYS);
    let anything = query(
        "SELECT 1 AS found FROM jobs WHERE lease_until <= ?1 \
         UNION ALL SELECT 1 FROM failed_jobs WHERE failed_at < ?2 LIMIT 1",
    );
    let anything = anything.bind(now).bind(oldest_failed);
    let mut conn = db.read_fresh();
    let spare = finished::oldest_spare(&mut conn).await?;
    if conn.optional_row(anything).await?.is_none() && spare.is_none() {
        return Ok(Swept::default());
    }
    let mut tx = db.begin_on_shared_rows();
    let swept = end_expired(&mut tx, now).await?;
    drop_failed_before(&mut tx, oldest_failed).await?;
    if let Some(newest) = spare {
        finished::drop_until(&mut tx, newest, BATCH).await?;
    }
    tx.commit().await?;
    Ok(swept)
}

async fn drop_failed_before(tx: &mut Tx, oldest: Timestamp) -> Result<()> {
    let select = query(format!(
        "SELECT id FROM failed_jobs WHERE failed_at < ?1 ORDER BY failed_at, id LIMIT ?2{}",
        for_update_of_free_rows(tx.engine())
    ));
    let rows = tx.rows(select.bind(oldest).bind(BATCH)).await?;
    let ids: Vec<JobId> = rows
        .iter()
        .map(|row| row.get("id"))
        .collect::<duly_db::Result<_>>()?;
    delete_failed(tx, &ids).await
}

/// Deletes failed jobs with their attempts.
pub(super) async fn delete_failed(tx: &mut Tx, ids: &[JobId]) -> Result<()> {
    attempts::forget(tx, ids).await?;
    for ids in ids.chunks(super::IDS) {
        let (list, ids) = id_list(1, ids.iter().copied());
        // Their batches go on counting them as failed.
        let forget = query(format!("DELETE FROM batch_jobs WHERE job_id IN ({list})"));
        tx.execute(forget.bind_all(ids.iter().copied())).await?;
        let delete = query(format!("DELETE FROM failed_jobs WHERE id IN ({list})"));
        tx.execute(delete.bind_all(ids)).await?;
    }
    Ok(())
}

struct Expired {
    held: Held,
    queue: QueueName,
    name: Cow<'static, str>,
    priority: Priority,
    worker: Option<WorkerId>,
    number: u32,
    started_at: Option<Timestamp>,
    may_go_on: bool,
}

impl Expired {
    fn from_row(row: &Row, now: Timestamp) -> duly_db::Result<Self> {
        let number: u32 = row.get("attempt")?;
        let retry_until: Option<Timestamp> = row.get("retry_until")?;
        Ok(Expired {
            held: Held {
                id: row.get("id")?,
                fence: row.get("fence")?,
            },
            queue: row.get("queue")?,
            name: Cow::Owned(row.get("name")?),
            priority: row.get("priority")?,
            worker: row.get("worker")?,
            number,
            started_at: row.get("started_at")?,
            may_go_on: number < row.get("tries")? && retry_until.is_none_or(|until| now <= until),
        })
    }
}

/// As [`end_expired`], in a transaction of its own if there is anything to do.
pub(super) async fn end_leases(db: &Db, now: Timestamp) -> Result<()> {
    // In an order, it is looked up in the index: who looks for any row may read all of them.
    let first = "SELECT lease_until FROM jobs WHERE lease_until <= ?1 ORDER BY lease_until LIMIT 1";
    let first = query(first).bind(now);
    if db.read_fresh().optional_row(first).await?.is_some() {
        let mut tx = db.begin_on_shared_rows();
        end_expired(&mut tx, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Jobs whose lease is over come back at once if they have tries left. If not, they fail: so a
/// job that kills its worker is tried as often as any other, and no oftener.
async fn end_expired(tx: &mut Tx, now: Timestamp) -> Result<Swept> {
    let select = query(format!(
        "SELECT id, fence, queue, name, priority, attempt, tries, retry_until, started_at, worker \
         FROM jobs WHERE lease_until <= ?1 ORDER BY lease_until LIMIT ?2{}",
        for_update_of_free_rows(tx.engine())
    ));
    let mut swept = Swept::default();
    let mut tally = Tally::default();
    for row in tx.rows(select.bind(now).bind(BATCH)).await? {
        let expired = Expired::from_row(&row, now)?;
        let ended = Ended {
            held: expired.held,
            number: expired.number,
            started_at: expired.started_at.unwrap_or(now),
            worker: expired.worker,
            outcome: AttemptOutcome::Expired,
            error: Some(LEASE_OVER),
            log: &JobLog::default(),
        };
        attempts::write(tx, &ended, now).await?;
        tally.count(&expired.queue, expired.name.clone(), What::Expired, 1);
        let Held { id, .. } = expired.held;
        if expired.may_go_on {
            let give_back = query(
                "UPDATE jobs SET lease_until = NULL, run_at = ?2, position = ?3 WHERE id = ?1",
            );
            let position = expired.priority.position(now);
            tx.execute(give_back.bind(id).bind(now).bind(position))
                .await?;
            swept.given_back += 1;
        } else {
            move_to_failed(tx, id, &expired.name, LEASE_OVER, now).await?;
            tally.count(&expired.queue, expired.name, What::Failed, 1);
            swept.failed += 1;
        }
    }
    tally.add(tx, now).await?;
    Ok(swept)
}

/// What a job is that a worker holds.
pub(super) struct HeldRow {
    pub(super) number: u32,
    pub(super) started_at: Timestamp,
    pub(super) worker: Option<WorkerId>,
}

impl FromRow for HeldRow {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        let started_at: Option<Timestamp> = row.get("started_at")?;
        Ok(HeldRow {
            number: row.get("attempt")?,
            started_at: started_at.map_or_else(|| row.get("pushed_at"), Ok)?,
            worker: row.get("worker")?,
        })
    }
}

/// Locks a running job; [`None`] when it is no longer held.
pub(super) async fn lock(tx: &mut Tx, Held { id, fence }: Held) -> Result<Option<HeldRow>> {
    let lock = query(format!(
        "SELECT attempt, started_at, pushed_at, worker FROM jobs \
         WHERE id = ?1 AND fence = ?2 AND lease_until IS NOT NULL{}",
        for_update(tx.engine())
    ));
    Ok(tx.optional(lock.bind(id).bind(fence)).await?)
}

/// Moves a job that this transaction has locked.
pub(super) async fn move_to_failed(
    tx: &mut Tx,
    id: JobId,
    name: &str,
    error: &str,
    now: Timestamp,
) -> Result<()> {
    let copy = query(
        "INSERT INTO failed_jobs (id, queue, name, payload, tags, unique_key, tries, attempt, \
         fence, pushed_at, failed_at, error, priority, lane, fingerprint) \
         SELECT id, queue, name, payload, tags, unique_key, tries, attempt, fence, pushed_at, \
         ?2, ?3, priority, lane, ?4 FROM jobs WHERE id = ?1",
    );
    let copy = copy
        .bind(id)
        .bind(now)
        .bind(error)
        .bind(fingerprint(name, error));
    tx.execute(copy).await?;
    tx.execute(query("DELETE FROM jobs WHERE id = ?1").bind(id))
        .await?;
    Ok(())
}
