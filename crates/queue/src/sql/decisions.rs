//! How slots were given to queues.

use std::time::Duration;

use duly_db::dialect::insert_or_keep;
use duly_db::{Conn, Db, FromRow, Row, query};
use jiff::Timestamp;

use super::{json, leadership};
use crate::Result;
use crate::balance::{Decision, Memory};
use crate::store::{Decided, Term};

/// How long a decision is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Keeps a decision of whoever leads. The answer is `false` when that is somebody else by now.
pub(super) async fn keep(
    db: &Db,
    (leader, term): (&str, Term),
    decision: &Decision,
    memory: &Memory,
    now: Timestamp,
) -> Result<bool> {
    let mut tx = db.begin_on_shared_rows();
    if !leadership::leads(&mut tx, leader, term, now).await? {
        return Ok(false);
    }
    let insert = insert_or_keep(
        tx.engine(),
        "INSERT INTO job_decisions (decided_at, decision, memory) VALUES (?1, ?2, ?3)",
    );
    let insert = insert
        .bind(now)
        .bind(json::written(decision)?)
        .bind(json::written(memory)?);
    tx.execute(insert).await?;
    let old = query("DELETE FROM job_decisions WHERE decided_at < ?1");
    tx.execute(old.bind(now.checked_sub(KEPT).unwrap_or(Timestamp::MIN)))
        .await?;
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn list(conn: &mut Conn, since: Timestamp, limit: u32) -> Result<Vec<Decided>> {
    let select = query(
        "SELECT decided_at, decision, memory FROM job_decisions WHERE decided_at >= ?1 \
         ORDER BY decided_at DESC LIMIT ?2",
    );
    Ok(conn.all(select.bind(since).bind(limit)).await?)
}

pub(super) async fn list_after(
    conn: &mut Conn,
    after: Timestamp,
    limit: u32,
) -> Result<Vec<Decided>> {
    let select = query(
        "SELECT decided_at, decision, memory FROM job_decisions WHERE decided_at > ?1 \
         ORDER BY decided_at LIMIT ?2",
    );
    Ok(conn.all(select.bind(after).bind(limit)).await?)
}

impl FromRow for Decided {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(Decided {
            at: row.get("decided_at")?,
            decision: json::read(row, "decision")?,
            memory: json::read(row, "memory")?,
        })
    }
}
