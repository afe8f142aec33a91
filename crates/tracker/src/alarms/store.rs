//! The SQL of alarms.

use duly_db::dialect::insert_or_keep;
use duly_db::{Conn, FromRow, query};
use jiff::Timestamp;

use super::Alarm;
use crate::{Result, Tracker};

/// An alarm that holds, or of which it has not yet been told that it is over.
pub(super) struct Row {
    pub(super) alarm: Alarm,
    pub(super) told_at: Option<Timestamp>,
}

impl FromRow for Row {
    fn from_row(row: &duly_db::Row) -> duly_db::Result<Self> {
        Ok(Row {
            alarm: Alarm {
                name: row.get("name")?,
                detail: row.get("detail")?,
                since: row.get("since")?,
            },
            told_at: row.get("told_at")?,
        })
    }
}

pub(super) async fn all(conn: &mut Conn) -> Result<Vec<Row>> {
    let select = query("SELECT name, detail, since, told_at FROM alarms ORDER BY since, name");
    Ok(conn.all(select).await?)
}

pub(super) async fn insert(tracker: &Tracker, alarm: &Alarm, now: Timestamp) -> Result<()> {
    let mut tx = tracker.db.begin_on_shared_rows();
    let insert = insert_or_keep(
        tx.engine(),
        "INSERT INTO alarms (name, detail, since) VALUES (?1, ?2, ?3)",
    );
    let insert = insert
        .bind(alarm.name.as_str())
        .bind(alarm.detail.as_str())
        .bind(now);
    tx.execute(insert).await?;
    Ok(tx.commit().await?)
}

/// Says in other words what is wrong.
pub(super) async fn update(tracker: &Tracker, alarm: &Alarm) -> Result<()> {
    let update = query("UPDATE alarms SET detail = ?2 WHERE name = ?1");
    let update = update.bind(alarm.name.as_str()).bind(alarm.detail.as_str());
    let mut tx = tracker.db.begin_on_shared_rows();
    tx.execute(update).await?;
    Ok(tx.commit().await?)
}

/// Takes it upon this process to tell of an alarm; the answer is `false` when another one does, or has since.
pub(super) async fn claim(
    tracker: &Tracker,
    row: &Row,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool> {
    let claim = query(match row.told_at {
        None => {
            "UPDATE alarms SET telling_until = ?3 WHERE name = ?1 AND told_at IS NULL \
             AND (telling_until IS NULL OR telling_until <= ?2)"
        }
        Some(_) => {
            "UPDATE alarms SET telling_until = ?3 WHERE name = ?1 AND told_at = ?4 \
             AND (telling_until IS NULL OR telling_until <= ?2)"
        }
    });
    let claim = claim.bind(row.alarm.name.as_str()).bind(now).bind(until);
    let claim = match row.told_at {
        None => claim,
        Some(told) => claim.bind(told),
    };
    let mut tx = tracker.db.begin_on_shared_rows();
    let is_ours = tx.execute(claim).await? == 1;
    tx.commit().await?;
    Ok(is_ours)
}

pub(super) async fn note(tracker: &Tracker, name: &str, now: Timestamp) -> Result<()> {
    let note = query("UPDATE alarms SET told_at = ?2, telling_until = NULL WHERE name = ?1");
    let mut tx = tracker.db.begin_on_shared_rows();
    tx.execute(note.bind(name).bind(now)).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn delete(tracker: &Tracker, name: &str) -> Result<()> {
    let mut tx = tracker.db.begin_on_shared_rows();
    tx.execute(query("DELETE FROM alarms WHERE name = ?1").bind(name))
        .await?;
    Ok(tx.commit().await?)
}
