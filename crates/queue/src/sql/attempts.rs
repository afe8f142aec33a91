//! Attempts that ended.

use duly_db::dialect::insert_or_change;
use duly_db::{Conn, FromRow, FromValue, Query, Row, Tx, Value, query};
use jiff::Timestamp;

use super::id_list;
use crate::store::{AttemptOutcome, AttemptRecord, Fence, Held, WorkerId};
use crate::{ATTEMPTS_KEPT, JobId, JobLog, Result};

/// How an attempt ended.
pub(super) struct Ended<'a> {
    pub(super) held: Held,
    pub(super) number: u32,
    pub(super) started_at: Timestamp,
    pub(super) worker: Option<WorkerId>,
    pub(super) outcome: AttemptOutcome,
    pub(super) error: Option<&'a str>,
    pub(super) log: &'a JobLog,
}

/// Writes an attempt down, and forgets those that are too many.
pub(super) async fn write(tx: &mut Tx, ended: &Ended<'_>, now: Timestamp) -> Result<()> {
    let Held { id, fence } = ended.held;
    let keep = insert_or_change(
        tx.engine(),
        "INSERT INTO job_attempts (job_id, fence, number, started_at, ended_at, outcome, error, \
         worker, log) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        "job_id, fence",
        &["ended_at", "outcome", "error", "worker", "log"],
    );
    let keep = query(keep)
        .bind(id)
        .bind(fence)
        .bind(ended.number)
        .bind(ended.started_at)
        .bind(now)
        .bind(ended.outcome)
        .bind(ended.error)
        .bind(ended.worker.map(|worker| worker.0))
        .bind(ended.log.packed());
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

/// Those that ended, and the one that runs, oldest first. The last one at a job that is done, or of one that was
/// cancelled while it ran, is known by the job.
pub(super) async fn list(conn: &mut Conn, id: JobId) -> Result<Vec<AttemptRecord>> {
    let ended = query(
        "SELECT fence, number, started_at, ended_at, outcome, error, worker, log FROM job_attempts \
         WHERE job_id = ?1 ORDER BY fence DESC",
    );
    let running = query(
        "SELECT fence, attempt AS number, started_at, worker FROM jobs \
         WHERE id = ?1 AND lease_until IS NOT NULL",
    );
    let finished = query(
        "SELECT fence, attempt AS number, started_at, ended_at, cancelled, worker, log \
         FROM finished_jobs WHERE id = ?1 AND started_at IS NOT NULL",
    );
    let queries = vec![running.bind(id), finished.bind(id), ended.bind(id)];
    let answers = conn.snapshot(queries).await?;
    let mut attempts: Vec<(Fence, AttemptRecord)> = Vec::new();
    for (index, rows) in answers.iter().enumerate() {
        for row in rows {
            let attempt = match index {
                0 => running_attempt(row)?,
                1 => last_attempt(row)?,
                _ => AttemptRecord::from_row(row)?,
            };
            attempts.push((row.get("fence")?, attempt));
        }
    }
    // What was cancelled while it waited: its last attempt has ended before.
    let (last, others) = (attempts.first(), attempts.get(1..).unwrap_or_default());
    if let Some((fence, last)) = last
        && last.outcome == Some(AttemptOutcome::Cancelled)
        && others.iter().any(|(other, _)| other == fence)
    {
        attempts.remove(0);
    }
    attempts.truncate(usize::try_from(ATTEMPTS_KEPT).unwrap_or(usize::MAX));
    attempts.sort_by_key(|(fence, _)| *fence);
    Ok(attempts.into_iter().map(|(_, attempt)| attempt).collect())
}

/// Why attempts failed at jobs of a kind that wait for another, or have failed for good.
pub(super) async fn errors_of(
    conn: &mut Conn,
    kind: &str,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<String>> {
    let waiting = query(
        "SELECT job_attempts.error AS error FROM jobs \
         JOIN job_attempts ON job_attempts.job_id = jobs.id \
         WHERE jobs.name = ?1 AND jobs.attempt > 0 AND job_attempts.ended_at >= ?2 \
         AND job_attempts.error IS NOT NULL LIMIT ?3",
    );
    let failed =
        query("SELECT error FROM failed_jobs WHERE name = ?1 AND failed_at >= ?2 LIMIT ?3");
    let bound = |query: Query| query.bind(kind).bind(since).bind(limit);
    let answers = conn.snapshot(vec![bound(waiting), bound(failed)]).await?;
    let errors = answers.iter().flatten().map(|row| row.get("error"));
    Ok(errors.collect::<duly_db::Result<_>>()?)
}

fn running_attempt(row: &Row) -> Result<AttemptRecord> {
    Ok(AttemptRecord {
        number: row.get("number")?,
        started_at: row.get("started_at")?,
        ended_at: None,
        outcome: None,
        error: None,
        worker: row.get("worker")?,
        log: JobLog::default(),
    })
}

fn last_attempt(row: &Row) -> Result<AttemptRecord> {
    let outcome = match row.get("cancelled")? {
        true => AttemptOutcome::Cancelled,
        false => AttemptOutcome::Done,
    };
    Ok(AttemptRecord {
        number: row.get("number")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        outcome: Some(outcome),
        error: None,
        worker: row.get("worker")?,
        log: log(row)?,
    })
}

fn log(row: &Row) -> duly_db::Result<JobLog> {
    let packed: Option<String> = row.get("log")?;
    Ok(JobLog::unpacked(packed.as_deref()))
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
            log: log(row)?,
        })
    }
}

impl From<AttemptOutcome> for Value {
    fn from(outcome: AttemptOutcome) -> Self {
        Value::from(outcome.as_str())
    }
}

impl FromValue for AttemptOutcome {
    fn from_value(value: &Value) -> duly_db::Result<Self> {
        let word = String::from_value(value)?;
        AttemptOutcome::named(&word)
            .ok_or_else(|| duly_db::Error::Decode(format!("no outcome of an attempt: {word}")))
    }
}
