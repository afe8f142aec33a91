//! Which workers live, and what they are at.

use std::time::Duration;

use duly_db::dialect::insert_or_change;
use duly_db::{Conn, Db, FromRow, Row, query};
use jiff::Timestamp;

use super::json;
use crate::Result;
use crate::store::{WorkerId, WorkerRecord};

/// Who has not been heard of for so long is not listed, and its row goes.
const SILENCE: Duration = Duration::from_secs(60);

pub(super) async fn report(db: &Db, worker: &WorkerRecord, now: Timestamp) -> Result<()> {
    let mut tx = db.begin_on_shared_rows();
    let keep = insert_or_change(
        tx.engine(),
        "INSERT INTO job_workers (id, host, process, version, queues, slots, running, memory, \
         started_at, heard_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
        "id",
        &["queues", "slots", "running", "memory", "heard_at"],
    );
    let keep = query(keep)
        .bind(worker.id)
        .bind(worker.host.as_str())
        .bind(worker.process)
        .bind(worker.version.as_str())
        .bind(json::written(&worker.queues)?)
        .bind(worker.slots)
        .bind(json::written(&worker.running)?)
        .bind(i64::try_from(worker.memory).unwrap_or(i64::MAX))
        .bind(now);
    tx.execute(keep).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn leave(db: &Db, worker: WorkerId, now: Timestamp) -> Result<()> {
    let mut tx = db.begin_on_shared_rows();
    let delete = query("DELETE FROM job_workers WHERE id = ?1 OR heard_at < ?2");
    tx.execute(delete.bind(worker).bind(silent(now))).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn list(conn: &mut Conn, now: Timestamp) -> Result<Vec<WorkerRecord>> {
    let select = query(
        "SELECT id, host, process, version, queues, slots, running, memory, started_at, heard_at \
         FROM job_workers WHERE heard_at >= ?1 ORDER BY host, process, id",
    );
    Ok(conn.all(select.bind(silent(now))).await?)
}

fn silent(now: Timestamp) -> Timestamp {
    now.checked_sub(SILENCE).unwrap_or(Timestamp::MIN)
}

impl FromRow for WorkerRecord {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(WorkerRecord {
            id: row.get("id")?,
            host: row.get("host")?,
            process: row.get("process")?,
            version: row.get("version")?,
            queues: json::read(row, "queues")?,
            slots: row.get("slots")?,
            running: json::read(row, "running")?,
            memory: row.get("memory")?,
            started_at: row.get("started_at")?,
            heard_at: row.get("heard_at")?,
        })
    }
}
