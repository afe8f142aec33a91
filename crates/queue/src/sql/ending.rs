//! What becomes of jobs that do not end well, and when history goes.

use std::collections::BTreeMap;

use duly_db::dialect::{for_update, for_update_of_free_rows, insert_or_add, insert_or_keep};
use duly_db::{Db, Error as DbError, FromRow, Row, Tx, Value, query};
use jiff::Timestamp;

use super::{days_before, pushing};
use crate::store::{AttemptOutcome, Held, Retried, Swept, Totals};
use crate::{Error, FAILED_KEPT_DAYS, JobId, QueueName, Result};

/// No call ends or drops more than this many jobs, so that none holds the writer for long.
const BATCH: i64 = 500;

const LEASE_OVER: &str = "the lease was over: the worker died or was stuck";

pub(super) async fn sweep(db: &Db, now: Timestamp) -> Result<Swept> {
    let oldest_failed = days_before(now, FAILED_KEPT_DAYS);
    let anything = query(
        "SELECT 1 AS found FROM jobs WHERE lease_until <= ?1 \
         UNION ALL SELECT 1 FROM failed_jobs WHERE failed_at < ?2 LIMIT 1",
    );
    let anything = anything.bind(now).bind(oldest_failed);
    if db.read_fresh().optional_row(anything).await?.is_none() {
        return Ok(Swept::default());
    }
    let mut tx = db.begin_on_shared_rows();
    let swept = end_expired(&mut tx, now).await?;
    drop_failed_before(&mut tx, oldest_failed).await?;
    tx.commit().await?;
    Ok(swept)
}

async fn drop_failed_before(tx: &mut Tx, oldest: Timestamp) -> Result<()> {
    let select = query(format!(
        "SELECT id FROM failed_jobs WHERE failed_at < ?1 ORDER BY failed_at, id LIMIT ?2{}",
        for_update_of_free_rows(tx.engine())
    ));
    for row in tx.rows(select.bind(oldest).bind(BATCH)).await? {
        let id: JobId = row.get("id")?;
        tx.execute(query("DELETE FROM job_attempts WHERE job_id = ?1").bind(id))
            .await?;
        tx.execute(query("DELETE FROM failed_jobs WHERE id = ?1").bind(id))
            .await?;
    }
    Ok(())
}

struct Expired {
    held: Held,
    queue: QueueName,
    out_of_tries: bool,
}

impl FromRow for Expired {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        let attempt: u32 = row.get("attempt")?;
        Ok(Expired {
            held: Held {
                id: row.get("id")?,
                fence: row.get("fence")?,
            },
            queue: row.get("queue")?,
            out_of_tries: attempt >= row.get("tries")?,
        })
    }
}

/// Jobs whose lease is over come back at once if they have tries left. If not, they fail: so a
/// job that kills its worker is tried as often as any other, and no oftener.
pub(super) async fn end_expired(tx: &mut Tx, now: Timestamp) -> Result<Swept> {
    let select = query(format!(
        "SELECT id, fence, queue, attempt, tries FROM jobs WHERE lease_until <= ?1 \
         ORDER BY lease_until LIMIT ?2{}",
        for_update_of_free_rows(tx.engine())
    ));
    let mut swept = Swept::default();
    let mut totals: BTreeMap<QueueName, Totals> = BTreeMap::new();
    for Expired {
        held,
        queue,
        out_of_tries,
    } in tx.all(select.bind(now).bind(BATCH)).await?
    {
        let ended = Ended {
            outcome: AttemptOutcome::Expired,
            error: Some(LEASE_OVER),
        };
        end_attempt(tx, held, ended, now).await?;
        let of_queue = totals.entry(queue).or_default();
        of_queue.expired += 1;
        if out_of_tries {
            move_to_failed(tx, held.id, LEASE_OVER, now).await?;
            of_queue.failed += 1;
            swept.failed += 1;
        } else {
            let give_back = query("UPDATE jobs SET lease_until = NULL, run_at = ?2 WHERE id = ?1");
            tx.execute(give_back.bind(held.id).bind(now)).await?;
            swept.given_back += 1;
        }
    }
    for (queue, totals) in totals {
        add_totals(tx, &queue, totals, now).await?;
    }
    Ok(swept)
}

/// Moves a running job to the failed ones. The answer is `false` when it is no longer held.
pub(super) async fn fail(
    tx: &mut Tx,
    Held { id, fence }: Held,
    error: &str,
    now: Timestamp,
) -> Result<bool> {
    let lock = query(format!(
        "SELECT id FROM jobs WHERE id = ?1 AND fence = ?2 AND lease_until IS NOT NULL{}",
        for_update(tx.engine())
    ));
    if tx.optional_row(lock.bind(id).bind(fence)).await?.is_none() {
        return Ok(false);
    }
    move_to_failed(tx, id, error, now).await?;
    Ok(true)
}

/// Moves a job that this transaction has locked.
async fn move_to_failed(tx: &mut Tx, id: JobId, error: &str, now: Timestamp) -> Result<()> {
    let copy = query(
        "INSERT INTO failed_jobs (id, queue, name, payload, tags, unique_key, tries, attempt, \
         fence, pushed_at, failed_at, error) \
         SELECT id, queue, name, payload, tags, unique_key, tries, attempt, fence, pushed_at, \
         ?2, ?3 FROM jobs WHERE id = ?1",
    );
    tx.execute(copy.bind(id).bind(now).bind(error)).await?;
    tx.execute(query("DELETE FROM jobs WHERE id = ?1").bind(id))
        .await?;
    Ok(())
}

pub(super) async fn retry_failed(db: &Db, id: JobId, now: Timestamp) -> Result<Retried> {
    let mut tx = db.begin_on_shared_rows();
    let select = query(format!(
        "SELECT name, unique_key FROM failed_jobs WHERE id = ?1{}",
        for_update(tx.engine())
    ));
    let Some(failed) = tx.optional_row(select.bind(id)).await? else {
        return Ok(Retried::Unknown);
    };
    let copy = insert_or_keep(
        tx.engine(),
        "INSERT INTO jobs (id, queue, name, payload, tags, unique_key, tries, attempt, fence, \
         run_at, lease_until, pushed_at) \
         SELECT id, queue, name, payload, tags, unique_key, tries, 0, fence, ?2, NULL, pushed_at \
         FROM failed_jobs WHERE id = ?1",
    );
    if tx.execute(copy.bind(id).bind(now)).await? == 0 {
        let (name, unique): (String, String) = (failed.get("name")?, failed.get("unique_key")?);
        let other = pushing::holder_of(&mut tx, &name, &unique).await?;
        return other
            .map(Retried::Duplicate)
            .ok_or(Error::from(DbError::Busy));
    }
    tx.execute(query("DELETE FROM failed_jobs WHERE id = ?1").bind(id))
        .await?;
    tx.commit().await?;
    Ok(Retried::Queued)
}

/// How an attempt ended.
pub(super) struct Ended<'a> {
    pub(super) outcome: AttemptOutcome,
    pub(super) error: Option<&'a str>,
}

pub(super) async fn end_attempt(
    tx: &mut Tx,
    Held { id, fence }: Held,
    Ended { outcome, error }: Ended<'_>,
    now: Timestamp,
) -> Result<()> {
    let update = query(
        "UPDATE job_attempts SET ended_at = ?3, outcome = ?4, error = ?5 \
         WHERE job_id = ?1 AND fence = ?2",
    );
    tx.execute(
        update
            .bind(id)
            .bind(fence)
            .bind(now)
            .bind(outcome)
            .bind(error),
    )
    .await?;
    Ok(())
}

impl From<AttemptOutcome> for Value {
    fn from(outcome: AttemptOutcome) -> Self {
        Value::from(match outcome {
            AttemptOutcome::Retried => "retried",
            AttemptOutcome::Failed => "failed",
            AttemptOutcome::Expired => "expired",
            AttemptOutcome::Released => "released",
        })
    }
}

/// Minutes since 1970 UTC.
pub(super) fn minute(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

pub(super) async fn add_totals(
    tx: &mut Tx,
    queue: &QueueName,
    totals: Totals,
    now: Timestamp,
) -> Result<()> {
    let counts = [
        totals.done,
        totals.failed,
        totals.retried,
        totals.expired,
        totals.released,
    ]
    .map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    let add = insert_or_add(
        tx.engine(),
        "job_totals",
        "INSERT INTO job_totals (queue, minute, done, failed, retried, expired, released) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        "queue, minute",
        &["done", "failed", "retried", "expired", "released"],
    );
    tx.execute(query(add).bind(queue).bind(minute(now)).bind_all(counts))
        .await?;
    Ok(())
}
