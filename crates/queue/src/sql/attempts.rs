//! Attempts that ended without their job being done.

use duly_db::dialect::insert_or_change;
use duly_db::{Conn, FromRow, FromValue, Row, Tx, Value, query};
use jiff::Timestamp;

use super::id_list;
use crate::store::{AttemptOutcome, AttemptRecord, Fence, Held, WorkerId};
use crate::{ATTEMPTS_KEPT, JobId, Result};

/// How an attempt ended.
pub(super) struct Ended<'a> {
    pub(super) held: Held,
    pub(super) number: u32,
    pub(super) started_at: Timestamp,
    pub(super) worker: Option<WorkerId>,
    pub(super) outcome: AttemptOutcome,
    pub(super) error: Option<&'a str>,
}

/// Writes an attempt down, and forgets those that are too many.
pub(super) async fn write(tx: &mut Tx, ended: &Ended<'_>, now: Timestamp) -> Result<()> {
    let Held { id, fence } = ended.held;
    let keep = insert_or_change(
        tx.engine(),
        "INSERT INTO job_attempts (job_id, fence, number, started_at, ended_at, outcome, error, \
         worker) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        "job_id, fence",
        &["ended_at", "outcome", "error", "worker"],
    );
    let keep = query(keep)
        .bind(id)
        .bind(fence)
        .bind(ended.number)
        .bind(ended.started_at)
        .bind(now)
        .bind(ended.outcome)
        .bind(ended.error)
        .bind(ended.worker.map(|worker| worker.0));
    tx.execute(keep).await?;
    let oldest_kept = fence.0 - i64::from(ATTEMPTS_KEPT) + 1;
    if oldest_kept > 1 {
        let trim = query("DELETE FROM job_attempts WHERE job_id = ?1 AND fence < ?2");
        tx.execute(trim.bind(id).bind(oldest_kept)).await?;
    }
    Ok(())
}

/// Deletes what is known of the attempts at these jobs.
pub(super) async fn forget(tx: &mut Tx, ids: &[JobId]) -> Result<()> {
    for ids in ids.chunks(super::IDS) {
        let (list, ids) = id_list(1, ids.iter().copied());
        let delete = query(format!("DELETE FROM job_attempts WHERE job_id IN ({list})"));
        tx.execute(delete.bind_all(ids)).await?;
    }
    Ok(())
}

/// Those that ended, and the one that runs, oldest first.
pub(super) async fn list(conn: &mut Conn, id: JobId) -> Result<Vec<AttemptRecord>> {
    let ended = query(
        "SELECT fence, number, started_at, ended_at, outcome, error, worker FROM job_attempts \
         WHERE job_id = ?1 ORDER BY fence DESC",
    );
    let running = query(
        "SELECT fence, attempt AS number, started_at, worker FROM jobs \
         WHERE id = ?1 AND lease_until IS NOT NULL",
    );
    let answers = conn
        .snapshot(vec![running.bind(id), ended.bind(id)])
        .await?;
    let mut attempts: Vec<(Fence, AttemptRecord)> = Vec::new();
    for (index, rows) in answers.iter().enumerate() {
        for row in rows {
            let attempt = match index {
                0 => running_attempt(row)?,
                _ => AttemptRecord::from_row(row)?,
            };
            attempts.push((row.get("fence")?, attempt));
        }
    }
    attempts.truncate(usize::try_from(ATTEMPTS_KEPT).unwrap_or(usize::MAX));
    attempts.sort_by_key(|(fence, _)| *fence);
    Ok(attempts.into_iter().map(|(_, attempt)| attempt).collect())
}

fn running_attempt(row: &Row) -> Result<AttemptRecord> {
    Ok(AttemptRecord {
        number: row.get("number")?,
        started_at: row.get("started_at")?,
        ended_at: None,
        outcome: None,
        error: None,
        worker: row.get("worker")?,
    })
}

impl FromRow for AttemptRecord {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(AttemptRecord {
            number: row.get("number")?,
            started_at: row.get("started_at")?,
            ended_at: row.get("ended_at")?,
            outcome: row.get("outcome")?,
            error: row.get("error")?,
            worker: row.get("worker")?,
        })
    }
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

impl FromValue for AttemptOutcome {
    fn from_value(value: &Value) -> duly_db::Result<Self> {
        match String::from_value(value)?.as_str() {
            "retried" => Ok(AttemptOutcome::Retried),
            "failed" => Ok(AttemptOutcome::Failed),
            "expired" => Ok(AttemptOutcome::Expired),
            "released" => Ok(AttemptOutcome::Released),
            other => Err(duly_db::Error::Decode(format!(
                "no outcome of an attempt: {other}"
            ))),
        }
    }
}
