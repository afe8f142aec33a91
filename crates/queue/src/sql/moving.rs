//! Jobs that change over to another store, and back.

use duly_db::dialect::{for_update, insert_or_keep};
use duly_db::{Row, Tx, query};
use jiff::Timestamp;
use uuid::Uuid;

use super::attempts::{self, Ended};
use super::id_list;
use super::outbox::{self, OutboxRow};
use crate::redis::{Body, Fixed, Live};
use crate::store::{AttemptRecord, Fence, Held};
use crate::{JobId, Result};

/// Moves waiting jobs into the outbox, at most so many. Each of their rows has an id of its own: the other store
/// may remember the job from before.
pub(crate) async fn to_outbox(
    tx: &mut Tx,
    limit: u32,
    now: Timestamp,
    new_id: impl Fn() -> Uuid,
) -> Result<usize> {
    let select = query(format!(
        "SELECT id, queue, name, payload, tags, unique_key, tries, attempt, fence, run_at, \
         pushed_at, priority, position, lane, retry_until, trace_parent FROM jobs \
         WHERE lease_until IS NULL ORDER BY id LIMIT ?1{}",
        for_update(tx.engine())
    ));
    let rows = tx.rows(select.bind(limit)).await?;
    let mut ids = Vec::with_capacity(rows.len());
    for (turn, row) in rows.iter().enumerate() {
        let turn = i64::try_from(turn).unwrap_or(i64::MAX);
        let mut job = leaving(row, (new_id(), turn), now)?;
        if !outbox::write(tx, &job).await? {
            // Another holds its unique key there: better two of them than none.
            job.unique = None;
            outbox::write(tx, &job).await?;
        }
        ids.push(job.job);
    }
    for ids in ids.chunks(super::IDS) {
        let (list, ids) = id_list(1, ids.iter().copied());
        let delete = query(format!("DELETE FROM jobs WHERE id IN ({list})"));
        tx.execute(delete.bind_all(ids)).await?;
    }
    Ok(ids.len())
}

fn leaving(row: &Row, (id, turn): (Uuid, i64), now: Timestamp) -> Result<OutboxRow> {
    Ok(OutboxRow {
        id,
        job: row.get("id")?,
        written_at: now,
        turn,
        queue: row.get("queue")?,
        name: row.get("name")?,
        payload: row.get("payload")?,
        tags: row.get("tags")?,
        unique: row.get("unique_key")?,
        tries: row.get("tries")?,
        attempt: row.get("attempt")?,
        fence: row.get("fence")?,
        run_at: row.get("run_at")?,
        pushed_at: row.get("pushed_at")?,
        priority: row.get("priority")?,
        position: Some(row.get("position")?),
        lane: row.get("lane")?,
        retry_until: row.get("retry_until")?,
        trace_parent: row.get("trace_parent")?,
    })
}

/// Keeps a job that comes from another store, with the attempts at it. One that is here already stays as it is.
pub(crate) async fn take_in(
    tx: &mut Tx,
    id: JobId,
    (live, body): (&Live, &Body),
    ended: &[(Fence, AttemptRecord)],
) -> Result<()> {
    let unique = live.fixed.unique.clone();
    if !insert(tx, id, (live, body), unique).await? {
        // It is here, or another holds its unique key: better two of them than none.
        insert(tx, id, (live, body), None).await?;
    }
    for (fence, attempt) in ended {
        let Some(outcome) = attempt.outcome else {
            continue;
        };
        let ended = Ended {
            held: Held { id, fence: *fence },
            number: attempt.number,
            started_at: attempt.started_at,
            worker: attempt.worker,
            outcome,
            error: attempt.error.as_deref(),
            log: &attempt.log,
        };
        attempts::write(tx, &ended, attempt.ended_at.unwrap_or(attempt.started_at)).await?;
    }
    Ok(())
}

async fn insert(
    tx: &mut Tx,
    id: JobId,
    (live, body): (&Live, &Body),
    unique: Option<String>,
) -> Result<bool> {
    let insert = insert_or_keep(
        tx.engine(),
        "INSERT INTO jobs (id, queue, name, payload, tags, unique_key, tries, attempt, fence, \
         run_at, lease_until, pushed_at, priority, position, lane, retry_until, started_at, worker, \
         trace_parent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL, ?11, ?12, ?13, ?14, \
         ?15, ?16, ?17, ?18)",
    );
    let Fixed {
        queue, kind, lane, ..
    } = &live.fixed;
    let insert = insert
        .bind(id)
        .bind(queue)
        .bind(kind.as_str())
        .bind(body.payload.as_str())
        .bind(body.tags.as_str())
        .bind(unique)
        .bind(live.fixed.tries)
        .bind(live.attempt)
        .bind(live.fence)
        .bind(live.run_at)
        .bind(body.pushed_at)
        .bind(live.fixed.priority)
        .bind(live.position)
        .bind(lane.clone())
        .bind(live.fixed.retry_until)
        .bind(live.started_at)
        .bind(live.worker.map(|worker| worker.0))
        .bind(body.trace_parent.clone());
    Ok(tx.execute(insert).await? == 1)
}
