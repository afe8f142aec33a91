//! Jobs on their way to another store.

use duly_db::dialect::{for_share, insert_or_keep};
use duly_db::{Conn, Db, FromRow, Row, Tx, placeholders, query};
use jiff::Timestamp;
use uuid::Uuid;

use crate::store::Fence;
use crate::{JobId, Priority, QueueName, Result};

/// A job that has been pushed, and of which the other store may not know yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutboxRow {
    /// The job's own, but for one that failed and is tried again.
    pub(crate) id: Uuid,
    pub(crate) job: JobId,
    pub(crate) written_at: Timestamp,
    /// Orders those that one process wrote at the same time.
    pub(crate) turn: i64,
    pub(crate) queue: QueueName,
    pub(crate) name: String,
    pub(crate) payload: String,
    /// As JSON.
    pub(crate) tags: String,
    pub(crate) unique: Option<String>,
    pub(crate) tries: u32,
    pub(crate) attempt: u32,
    /// The last one that was given out. With one, attempts are recorded here.
    pub(crate) fence: Fence,
    pub(crate) run_at: Timestamp,
    pub(crate) pushed_at: Timestamp,
    pub(crate) priority: Priority,
    /// [`None`] for a job that takes its turn in its lane.
    pub(crate) position: Option<Timestamp>,
    pub(crate) lane: Option<String>,
    pub(crate) retry_until: Option<Timestamp>,
    pub(crate) trace_parent: Option<String>,
}

/// Writes a row. The answer is `false` when one with its id or its unique key is there.
pub(crate) async fn write(tx: &mut Tx, row: &OutboxRow) -> Result<bool> {
    let insert = insert_or_keep(
        tx.engine(),
        "INSERT INTO job_outbox (id, job_id, written_at, turn, queue, name, payload, tags, \
         unique_key, tries, attempt, fence, run_at, pushed_at, priority, position, lane, \
         retry_until, trace_parent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
         ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    );
    let insert = insert
        .bind(row.id)
        .bind(row.job)
        .bind(row.written_at)
        .bind(row.turn)
        .bind(&row.queue)
        .bind(row.name.as_str())
        .bind(row.payload.as_str())
        .bind(row.tags.as_str())
        .bind(row.unique.clone())
        .bind(row.tries)
        .bind(row.attempt)
        .bind(row.fence)
        .bind(row.run_at)
        .bind(row.pushed_at)
        .bind(row.priority)
        .bind(row.position)
        .bind(row.lane.clone())
        .bind(row.retry_until)
        .bind(row.trace_parent.clone());
    Ok(tx.execute(insert).await? == 1)
}

/// Removes a row within the caller's transaction.
pub(crate) async fn remove(tx: &mut Tx, id: Uuid) -> Result<()> {
    tx.execute(query("DELETE FROM job_outbox WHERE id = ?1").bind(id))
        .await?;
    Ok(())
}

/// The row that holds a unique key, and its job.
pub(crate) async fn holder(tx: &mut Tx, name: &str, unique: &str) -> Result<Option<(Uuid, JobId)>> {
    let select = query(format!(
        "SELECT id, job_id FROM job_outbox WHERE name = ?1 AND unique_key = ?2{}",
        for_share(tx.engine())
    ));
    let row = tx.optional_row(select.bind(name).bind(unique)).await?;
    Ok(row
        .map(|row| Ok::<_, duly_db::Error>((row.get("id")?, row.get("job_id")?)))
        .transpose()?)
}

/// The rows that have been there longest.
pub(crate) async fn read(conn: &mut Conn, limit: usize) -> Result<Vec<OutboxRow>> {
    let select = query(
        "SELECT id, job_id, written_at, turn, queue, name, payload, tags, unique_key, tries, \
         attempt, fence, run_at, pushed_at, priority, position, lane, retry_until, trace_parent \
         FROM job_outbox ORDER BY written_at, turn LIMIT ?1",
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(conn.all(select.bind(limit)).await?)
}

/// Deletes rows of which the other store knows.
pub(crate) async fn delete(db: &Db, ids: &[Uuid]) -> Result<()> {
    let mut tx = db.begin_on_shared_rows();
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    for ids in ids.chunks(super::IDS) {
        let (list, ids) = super::id_list(1, ids.iter().copied().map(JobId));
        let delete = query(format!("DELETE FROM job_outbox WHERE id IN ({list})"));
        tx.execute(delete.bind_all(ids)).await?;
    }
    Ok(tx.commit().await?)
}

/// Which of these are there.
pub(crate) async fn present(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let select = query(format!(
        "SELECT id FROM job_outbox WHERE id IN ({})",
        placeholders(1, ids.len())
    ));
    let rows = conn.rows(select.bind_all(ids.iter().copied())).await?;
    let ids = rows.iter().map(|row| row.get("id"));
    Ok(ids.collect::<duly_db::Result<_>>()?)
}

/// The rows of these jobs: they are on their way, or their rows are not cleared away yet.
pub(crate) async fn of_jobs(conn: &mut Conn, jobs: &[JobId]) -> Result<Vec<(Uuid, JobId)>> {
    let mut found = Vec::new();
    for jobs in jobs.chunks(super::IDS) {
        let (list, jobs) = super::id_list(1, jobs.iter().copied());
        let select = query(format!(
            "SELECT id, job_id FROM job_outbox WHERE job_id IN ({list})"
        ));
        for row in conn.rows(select.bind_all(jobs)).await? {
            found.push((row.get("id")?, row.get("job_id")?));
        }
    }
    Ok(found)
}

impl FromRow for OutboxRow {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(OutboxRow {
            id: row.get("id")?,
            job: row.get("job_id")?,
            written_at: row.get("written_at")?,
            turn: row.get("turn")?,
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
            position: row.get("position")?,
            lane: row.get("lane")?,
            retry_until: row.get("retry_until")?,
            trace_parent: row.get("trace_parent")?,
        })
    }
}
