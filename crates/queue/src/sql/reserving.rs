//! Taking due jobs.

use std::time::Duration;

use duly_db::dialect::for_update_of_free_rows;
use duly_db::{Conn, Db, FromRow, FromValue, Query, Row, Tx, Value, placeholders, query};
use jiff::Timestamp;

use super::{ending, later};
use crate::store::{Fence, Held, Reserved, Want};
use crate::{ATTEMPTS_KEPT, JobId, QueueName, Result};

/// No call takes more than this many jobs from one queue.
const BATCH: u32 = 100;

pub(super) async fn reserve(db: &Db, want: &Want<'_>, now: Timestamp) -> Result<Vec<Reserved>> {
    let mut tx = db.begin_on_shared_rows();
    ending::end_expired(&mut tx, now).await?;
    let mut taken = Vec::new();
    let mut left = want.limit;
    for (queue, share) in want.shares {
        let limit = left.min(*share).min(BATCH);
        if limit == 0 || want.kinds.is_empty() {
            continue;
        }
        let jobs = waiting(&mut tx, queue, want.kinds, now, limit).await?;
        hold(&mut tx, &jobs, now, later(now, want.lease)).await?;
        left = left.saturating_sub(u32::try_from(jobs.len()).unwrap_or(u32::MAX));
        taken.extend(jobs);
    }
    tx.commit().await?;
    Ok(taken)
}

/// The jobs to be taken, with the attempt and the fence they are about to get.
async fn waiting(
    tx: &mut Tx,
    queue: &QueueName,
    kinds: &[&str],
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Reserved>> {
    let select = format!(
        "SELECT id, queue, name, payload, attempt + 1 AS attempt, tries, fence + 1 AS fence \
         FROM jobs WHERE queue = ?1 AND lease_until IS NULL AND run_at <= ?2 AND name IN ({}) \
         ORDER BY run_at, id LIMIT ?3{}",
        placeholders(4, kinds.len()),
        for_update_of_free_rows(tx.engine()),
    );
    let select = query(select)
        .bind(queue)
        .bind(now)
        .bind(limit)
        .bind_all(kinds.iter().copied());
    Ok(tx.all(select).await?)
}

/// Raises attempt and fence, and writes the attempts down: from here on a crash counts.
async fn hold(
    tx: &mut Tx,
    jobs: &[Reserved],
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let ids = || jobs.iter().map(|job| job.held.id);
    let list = placeholders(2, jobs.len());
    let raise = format!(
        "UPDATE jobs SET attempt = attempt + 1, fence = fence + 1, lease_until = ?1 \
         WHERE id IN ({list})"
    );
    tx.execute(query(raise).bind(lease_until).bind_all(ids()))
        .await?;
    let write_down = format!(
        "INSERT INTO job_attempts (job_id, fence, number, started_at) \
         SELECT id, fence, attempt, ?1 FROM jobs WHERE id IN ({list})"
    );
    tx.execute(query(write_down).bind(now).bind_all(ids()))
        .await?;
    for Held { id, fence } in jobs.iter().map(|job| job.held) {
        let oldest_kept = fence.0 - i64::from(ATTEMPTS_KEPT) + 1;
        if oldest_kept > 1 {
            let trim = query("DELETE FROM job_attempts WHERE job_id = ?1 AND fence < ?2");
            tx.execute(trim.bind(id).bind(oldest_kept)).await?;
        }
    }
    Ok(())
}

pub(super) async fn next_due(
    conn: &mut Conn,
    queues: &[QueueName],
    kinds: &[&str],
    now: Timestamp,
) -> Result<Option<Duration>> {
    let mut queries = Vec::with_capacity(queues.len() + 1);
    if !kinds.is_empty() {
        queries.extend(queues.iter().map(|queue| first_due(queue, kinds)));
    }
    queries.push(query(
        "SELECT MIN(lease_until) AS due FROM jobs WHERE lease_until IS NOT NULL",
    ));
    let answers = conn.snapshot(queries).await?;
    let mut first: Option<Timestamp> = None;
    for row in answers.iter().flatten() {
        let due: Option<Timestamp> = row.get("due")?;
        first = [first, due].into_iter().flatten().min();
    }
    Ok(first.map(|due| Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO)))
}

fn first_due(queue: &QueueName, kinds: &[&str]) -> Query {
    let select = format!(
        "SELECT run_at AS due FROM jobs WHERE queue = ?1 AND lease_until IS NULL \
         AND name IN ({}) ORDER BY run_at, id LIMIT 1",
        placeholders(2, kinds.len())
    );
    query(select).bind(queue).bind_all(kinds.iter().copied())
}

impl FromRow for Reserved {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(Reserved {
            held: Held {
                id: row.get::<JobId>("id")?,
                fence: row.get("fence")?,
            },
            queue: row.get("queue")?,
            name: row.get("name")?,
            payload: row.get("payload")?,
            attempt: row.get("attempt")?,
            tries: row.get("tries")?,
        })
    }
}

impl FromValue for Fence {
    fn from_value(value: &Value) -> duly_db::Result<Self> {
        i64::from_value(value).map(Fence)
    }
}

impl From<Fence> for Value {
    fn from(fence: Fence) -> Self {
        Value::Int(fence.0)
    }
}
