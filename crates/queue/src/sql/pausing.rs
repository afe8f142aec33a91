//! What nobody takes from.

use duly_db::dialect::insert_or_change;
use duly_db::{Conn, Db, Query, Row, Tx, query};
use jiff::Timestamp;

use super::actions;
use crate::store::{By, Pause, Paused};
use crate::{QueueName, Result};

/// The pauses that are not over.
pub(super) fn select(now: Timestamp) -> Query {
    query(
        "SELECT scope, name, paused_at, ends_at, actor, reason FROM job_pauses \
         WHERE ends_at IS NULL OR ends_at > ?1 ORDER BY scope, name",
    )
    .bind(now)
}

/// What is paused, from the rows of [`select`].
pub(super) fn read(rows: &[Row]) -> Result<Vec<Paused>> {
    rows.iter().map(paused).collect()
}

fn paused(row: &Row) -> Result<Paused> {
    let (scope, name): (String, String) = (row.get("scope")?, row.get("name")?);
    Ok(match scope.as_str() {
        "kind" => Paused::Kind(name),
        _ => Paused::Queue(QueueName::from(name)),
    })
}

pub(super) async fn in_force(tx: &mut Tx, now: Timestamp) -> Result<Vec<Paused>> {
    read(&tx.rows(select(now)).await?)
}

pub(super) async fn list(conn: &mut Conn, now: Timestamp) -> Result<Vec<Pause>> {
    let rows = conn.rows(select(now)).await?;
    let pauses = rows.iter().map(|row| {
        Ok(Pause {
            what: paused(row)?,
            since: row.get("paused_at")?,
            until: row.get("ends_at")?,
            by: row.get("actor")?,
            reason: row.get("reason")?,
        })
    });
    pauses.collect()
}

fn key(paused: &Paused) -> (&'static str, &str) {
    match paused {
        Paused::Queue(queue) => ("queue", queue.as_str()),
        Paused::Kind(kind) => ("kind", kind),
    }
}

pub(super) async fn pause(db: &Db, by: By<'_>, pause: &Pause, entry: actions::Entry) -> Result<()> {
    let (scope, name) = key(&pause.what);
    let mut tx = db.begin_on_shared_rows();
    let keep = insert_or_change(
        tx.engine(),
        "INSERT INTO job_pauses (scope, name, paused_at, ends_at, actor, reason) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        "scope, name",
        &["paused_at", "ends_at", "actor", "reason"],
    );
    let keep = query(keep)
        .bind(scope)
        .bind(name)
        .bind(entry.at)
        .bind(pause.until)
        .bind(by.0)
        .bind(pause.reason.as_str());
    tx.execute(keep).await?;
    entry
        .write(&mut tx, by, "pause", name, &pause.reason)
        .await?;
    Ok(tx.commit().await?)
}

pub(super) async fn resume(
    db: &Db,
    by: By<'_>,
    paused: &Paused,
    entry: actions::Entry,
) -> Result<bool> {
    let (scope, name) = key(paused);
    let mut tx = db.begin_on_shared_rows();
    let delete = query("DELETE FROM job_pauses WHERE scope = ?1 AND name = ?2");
    let was_paused = tx.execute(delete.bind(scope).bind(name)).await? == 1;
    if was_paused {
        entry.write(&mut tx, by, "resume", name, "").await?;
    }
    tx.commit().await?;
    Ok(was_paused)
}
