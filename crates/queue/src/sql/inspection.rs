//! Looking at jobs.

use std::collections::BTreeMap;

use duly_db::dialect::keyset_after;
use duly_db::{Conn, Engine, FromRow, FromValue, Row, Value, query};
use jiff::Timestamp;

use super::ending::minute;
use crate::store::{AttemptOutcome, AttemptRecord, Counts, FailedCursor, FailedJob, Totals};
use crate::{JobId, QueueName, Result};

pub(super) async fn counts(conn: &mut Conn, now: Timestamp) -> Result<BTreeMap<QueueName, Counts>> {
    let live = query(
        "SELECT queue, SUM(CASE WHEN lease_until IS NOT NULL THEN 1 ELSE 0 END) AS running, \
         SUM(CASE WHEN lease_until IS NULL AND run_at <= ?1 THEN 1 ELSE 0 END) AS ready, \
         SUM(CASE WHEN lease_until IS NULL AND run_at > ?1 THEN 1 ELSE 0 END) AS scheduled, \
         0 AS failed FROM jobs GROUP BY queue",
    );
    let failed = query(
        "SELECT queue, 0 AS running, 0 AS ready, 0 AS scheduled, COUNT(*) AS failed \
         FROM failed_jobs GROUP BY queue",
    );
    let mut queues: BTreeMap<QueueName, Counts> = BTreeMap::new();
    for row in conn
        .snapshot(vec![live.bind(now), failed])
        .await?
        .iter()
        .flatten()
    {
        let counts = queues.entry(row.get("queue")?).or_default();
        counts.ready += row.get::<u64>("ready")?;
        counts.scheduled += row.get::<u64>("scheduled")?;
        counts.running += row.get::<u64>("running")?;
        counts.failed += row.get::<u64>("failed")?;
    }
    Ok(queues)
}

pub(super) async fn totals(
    conn: &mut Conn,
    since: Timestamp,
) -> Result<BTreeMap<QueueName, Totals>> {
    let select = query(
        "SELECT queue, SUM(done) AS done, SUM(failed) AS failed, SUM(retried) AS retried, \
         SUM(expired) AS expired, SUM(released) AS released \
         FROM job_totals WHERE minute >= ?1 GROUP BY queue",
    );
    let mut queues = BTreeMap::new();
    for row in conn.rows(select.bind(minute(since))).await? {
        let totals = Totals {
            done: row.get("done")?,
            failed: row.get("failed")?,
            retried: row.get("retried")?,
            expired: row.get("expired")?,
            released: row.get("released")?,
        };
        queues.insert(row.get("queue")?, totals);
    }
    Ok(queues)
}

pub(super) async fn failed(
    conn: &mut Conn,
    engine: Engine,
    limit: u32,
    after: Option<FailedCursor>,
) -> Result<Vec<FailedJob>> {
    let place = match after {
        Some(_) => format!(
            "WHERE {}",
            keyset_after(engine, &["failed_at", "id"], 2, true)?
        ),
        None => String::new(),
    };
    let select = format!(
        "SELECT id, queue, name, payload, tags, attempt, error, pushed_at, failed_at \
         FROM failed_jobs {place} ORDER BY failed_at DESC, id DESC LIMIT ?1"
    );
    let mut select = query(select).bind(limit);
    if let Some(FailedCursor { failed_at, id }) = after {
        select = select.bind(failed_at).bind(id);
    }
    Ok(conn.all(select).await?)
}

pub(super) async fn attempts(conn: &mut Conn, id: JobId) -> Result<Vec<AttemptRecord>> {
    let select = query(
        "SELECT number, started_at, ended_at, outcome, error FROM job_attempts \
         WHERE job_id = ?1 ORDER BY fence",
    );
    Ok(conn.all(select.bind(id)).await?)
}

impl FromRow for FailedJob {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        let tags: serde_json::Value = row.get("tags")?;
        let tags = serde_json::from_value(tags)
            .map_err(|error| duly_db::Error::Decode(format!("column \"tags\": {error}")))?;
        Ok(FailedJob {
            id: row.get("id")?,
            queue: row.get("queue")?,
            name: row.get("name")?,
            payload: row.get("payload")?,
            tags,
            attempts: row.get("attempt")?,
            error: row.get("error")?,
            pushed_at: row.get("pushed_at")?,
            failed_at: row.get("failed_at")?,
        })
    }
}

impl FromRow for AttemptRecord {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(AttemptRecord {
            number: row.get("number")?,
            started_at: row.get("started_at")?,
            ended_at: row.get("ended_at")?,
            outcome: row.get("outcome")?,
            error: row.get("error")?,
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
