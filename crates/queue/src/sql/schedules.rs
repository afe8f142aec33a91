//! Which slots of schedules have passed, and which schedules are paused.

use std::collections::BTreeMap;

use duly_db::dialect::insert_or_keep;
use duly_db::{Conn, Db, FromRow, Row, Tx, query};
use jiff::Timestamp;

use super::{actions, leadership};
use crate::Result;
use crate::store::{By, Claim, Passing, SchedulePause, ScheduleRecord};

/// How much of an error is kept, in bytes.
const ERROR_LIMIT: usize = 4000;

pub(super) async fn list(conn: &mut Conn) -> Result<BTreeMap<String, ScheduleRecord>> {
    let select = query(
        "SELECT name, last_slot, fired_at, fired_slot, missed, failed_at, error, paused_at, \
         paused_until, paused_by, pause_reason FROM schedules",
    );
    let rows = conn.rows(select).await?;
    let schedules = rows
        .iter()
        .map(|row| Ok((row.get("name")?, ScheduleRecord::from_row(row)?)));
    Ok(schedules.collect::<duly_db::Result<_>>()?)
}

impl FromRow for ScheduleRecord {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        let fired: Option<Timestamp> = row.get("fired_at")?;
        let fired_slot: Option<Timestamp> = row.get("fired_slot")?;
        let failed: Option<Timestamp> = row.get("failed_at")?;
        let error: Option<String> = row.get("error")?;
        let pause = match row.get("paused_at")? {
            None => None,
            Some(since) => Some(SchedulePause {
                since,
                until: row.get("paused_until")?,
                by: row.get::<Option<String>>("paused_by")?.unwrap_or_default(),
                reason: row
                    .get::<Option<String>>("pause_reason")?
                    .unwrap_or_default(),
            }),
        };
        Ok(ScheduleRecord {
            last_slot: row.get("last_slot")?,
            fired: fired.zip(fired_slot),
            missed: row.get("missed")?,
            failure: failed.zip(error),
            pause,
        })
    }
}

pub(super) async fn claim(tx: &mut Tx, claim: &Claim<'_>, now: Timestamp) -> Result<bool> {
    if !leadership::leads(tx, claim.leader, claim.term, now).await? {
        return Ok(false);
    }
    let first = insert_or_keep(
        tx.engine(),
        "INSERT INTO schedules (name, last_slot) VALUES (?1, ?2)",
    );
    let last = query("SELECT last_slot FROM schedules WHERE name = ?1").bind(claim.schedule);
    let is_new = tx.optional_row(last).await?.is_none();
    if is_new {
        let first = first.bind(claim.schedule).bind(claim.slot);
        if tx.execute(first).await? == 0 {
            return Ok(false);
        }
    } else {
        let change = query(
            "UPDATE schedules SET last_slot = ?2, missed = missed + ?3 \
             WHERE name = ?1 AND last_slot < ?2",
        );
        let change = change
            .bind(claim.schedule)
            .bind(claim.slot)
            .bind(i64::try_from(claim.missed).unwrap_or(i64::MAX));
        if tx.execute(change).await? == 0 {
            return Ok(false);
        }
    }
    if claim.passing == Passing::Fired {
        fired(tx, claim.schedule, claim.slot, now).await?;
    }
    Ok(true)
}

async fn fired(tx: &mut Tx, schedule: &str, slot: Timestamp, now: Timestamp) -> Result<()> {
    let fired = query(
        "UPDATE schedules SET fired_at = ?2, fired_slot = ?3, failed_at = NULL, error = NULL \
         WHERE name = ?1",
    );
    tx.execute(fired.bind(schedule).bind(now).bind(slot))
        .await?;
    Ok(())
}

/// Makes sure that there is a row.
async fn know(tx: &mut Tx, schedule: &str, slot: Timestamp) -> Result<()> {
    let first = insert_or_keep(
        tx.engine(),
        "INSERT INTO schedules (name, last_slot) VALUES (?1, ?2)",
    );
    tx.execute(first.bind(schedule).bind(slot)).await?;
    Ok(())
}

pub(super) async fn not_fired(db: &Db, schedule: &str, error: &str, now: Timestamp) -> Result<()> {
    let mut tx = db.begin_on_shared_rows();
    let failed = query("UPDATE schedules SET failed_at = ?2, error = ?3 WHERE name = ?1");
    let error = error.get(..error.floor_char_boundary(ERROR_LIMIT));
    let failed = failed
        .bind(schedule)
        .bind(now)
        .bind(error.unwrap_or_default());
    tx.execute(failed).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn fired_by(
    tx: &mut Tx,
    by: By<'_>,
    schedule: &str,
    slot: Timestamp,
    entry: actions::Entry,
) -> Result<()> {
    know(tx, schedule, slot).await?;
    fired(tx, schedule, entry.at, entry.at).await?;
    entry.write(tx, by, "fire", schedule, "").await
}

pub(super) async fn pause(
    db: &Db,
    by: By<'_>,
    schedule: &str,
    slot: Timestamp,
    pause: &SchedulePause,
    entry: actions::Entry,
) -> Result<()> {
    let mut tx = db.begin_on_shared_rows();
    know(&mut tx, schedule, slot).await?;
    let change = query(
        "UPDATE schedules SET paused_at = ?2, paused_until = ?3, paused_by = ?4, \
         pause_reason = ?5 WHERE name = ?1",
    );
    let change = change
        .bind(schedule)
        .bind(entry.at)
        .bind(pause.until)
        .bind(by.0)
        .bind(pause.reason.as_str());
    tx.execute(change).await?;
    entry
        .write(&mut tx, by, "pause", schedule, &pause.reason)
        .await?;
    Ok(tx.commit().await?)
}

pub(super) async fn resume(
    db: &Db,
    by: By<'_>,
    schedule: &str,
    entry: actions::Entry,
) -> Result<bool> {
    let mut tx = db.begin_on_shared_rows();
    let change = query(
        "UPDATE schedules SET paused_at = NULL, paused_until = NULL, paused_by = NULL, \
         pause_reason = NULL WHERE name = ?1 AND paused_at IS NOT NULL",
    );
    let was_paused = tx.execute(change.bind(schedule)).await? == 1;
    if was_paused {
        entry.write(&mut tx, by, "resume", schedule, "").await?;
    }
    tx.commit().await?;
    Ok(was_paused)
}
