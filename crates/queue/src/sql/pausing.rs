//! What nobody takes from.

use duly_db::dialect::insert_or_change;
use duly_db::{Conn, Db, Query, Row, Tx, query};
use jiff::Timestamp;

use super::{actions, leadership};
use crate::store::{By, Pause, Paused, Term};
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
    whole(&conn.rows(select(now)).await?)
}

/// Those that are not over, or ended at this time or later.
pub(super) async fn list_since(conn: &mut Conn, since: Timestamp) -> Result<Vec<Pause>> {
    let select = query(
        "SELECT scope, name, paused_at, ends_at, actor, reason FROM job_pauses \
         WHERE ends_at IS NULL OR ends_at >= ?1 ORDER BY scope, name",
    );
    whole(&conn.rows(select.bind(since)).await?)
}

fn whole(rows: &[Row]) -> Result<Vec<Pause>> {
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
    let mut tx = db.begin_on_shared_rows();
    keep(&mut tx, by, pause, entry).await?;
    Ok(tx.commit().await?)
}

/// Pauses what is not paused, if that is decided by whoever leads.
pub(super) async fn pause_once(
    db: &Db,
    by: By<'_>,
    (leader, term): (&str, Term),
    pause: &Pause,
    entry: actions::Entry,
) -> Result<bool> {
    let mut tx = db.begin_on_shared_rows();
    let is_paused = in_force(&mut tx, entry.at).await?.contains(&pause.what);
    if is_paused || !leadership::leads(&mut tx, leader, term, entry.at).await? {
        return Ok(false);
    }
    keep(&mut tx, by, pause, entry).await?;
    tx.commit().await?;
    Ok(true)
}

async fn keep(tx: &mut Tx, by: By<'_>, pause: &Pause, entry: actions::Entry) -> Result<()> {
    let (scope, name) = key(&pause.what);
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
    entry.write(tx, by, "pause", name, &pause.reason).await
}

pub(super) async fn resume(
    db: &Db,
    by: By<'_>,
    paused: &Paused,
    entry: actions::Entry,
) -> Result<bool> {
    let (scope, name) = key(paused);
    let mut tx = db.begin_on_shared_rows();
    // When it ended is known as long as it is the last one.
    let end = query(
        "UPDATE job_pauses SET ends_at = ?3 WHERE scope = ?1 AND name = ?2 \
         AND (ends_at IS NULL OR ends_at > ?3)",
    );
    let end = end.bind(scope).bind(name).bind(entry.at);
    let was_paused = tx.execute(end).await? == 1;
    if was_paused {
        entry.write(&mut tx, by, "resume", name, "").await?;
    }
    tx.commit().await?;
    Ok(was_paused)
}
