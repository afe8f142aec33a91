//! Tags that operators keep an eye on.

use std::collections::BTreeMap;

use duly_db::dialect::{contains, insert_or_keep};
use duly_db::{Conn, Db, Engine, Row, query};
use jiff::Timestamp;

use super::actions;
use crate::store::{By, TagCounts, WatchedTag};
use crate::{Error, Result};

/// So many tags are watched at most: each costs a look at all jobs.
pub const TAGS_WATCHED: u32 = 50;

/// A tag as it stands in the list of tags of a job.
pub(crate) fn quoted(tag: &str) -> String {
    serde_json::Value::from(tag).to_string()
}

pub(super) async fn list(
    conn: &mut Conn,
    engine: Engine,
    now: Timestamp,
) -> Result<Vec<WatchedTag>> {
    let all = query("SELECT tag, watched_at, actor FROM job_tags ORDER BY tag");
    let joined = |table: &str, counts: &str| {
        let has = contains(engine, &format!("{table}.tags"), "job_tags.quoted");
        query(format!(
            "SELECT job_tags.tag AS tag, {counts} FROM job_tags JOIN {table} ON {has} \
             GROUP BY job_tags.tag"
        ))
    };
    let live = joined(
        "jobs",
        "SUM(CASE WHEN jobs.lease_until IS NOT NULL THEN 1 ELSE 0 END) AS running, \
         SUM(CASE WHEN jobs.lease_until IS NULL AND jobs.run_at <= ?1 THEN 1 ELSE 0 END) AS ready, \
         SUM(CASE WHEN jobs.lease_until IS NULL AND jobs.run_at > ?1 THEN 1 ELSE 0 END) AS scheduled",
    );
    let failed = joined("failed_jobs", "COUNT(*) AS failed");
    let finished = joined(
        "finished_jobs",
        "SUM(CASE WHEN finished_jobs.cancelled THEN 0 ELSE 1 END) AS done, \
         SUM(CASE WHEN finished_jobs.cancelled THEN 1 ELSE 0 END) AS cancelled",
    );
    let answers = conn
        .snapshot(vec![all, live.bind(now), failed, finished])
        .await?;
    let [all, live, failed, finished] = &answers[..] else {
        return Ok(Vec::new());
    };
    let mut counts: BTreeMap<String, TagCounts> = BTreeMap::new();
    let mut add = |rows: &[Row], read: fn(&Row, &mut TagCounts) -> duly_db::Result<()>| {
        rows.iter()
            .try_for_each(|row| read(row, counts.entry(row.get("tag")?).or_default()))
    };
    add(live, |row, counts| {
        counts.ready = row.get("ready")?;
        counts.scheduled = row.get("scheduled")?;
        counts.running = row.get("running")?;
        Ok(())
    })?;
    add(failed, |row, counts| {
        counts.failed = row.get("failed")?;
        Ok(())
    })?;
    add(finished, |row, counts| {
        counts.done = row.get("done")?;
        counts.cancelled = row.get("cancelled")?;
        Ok(())
    })?;
    let watched = all.iter().map(|row| {
        let tag: String = row.get("tag")?;
        Ok(WatchedTag {
            since: row.get("watched_at")?,
            by: row.get("actor")?,
            counts: counts.remove(&tag).unwrap_or_default(),
            tag,
        })
    });
    watched.collect()
}

pub(super) async fn watch(db: &Db, by: By<'_>, tag: &str, entry: actions::Entry) -> Result<bool> {
    let mut tx = db.begin_on_shared_rows();
    let insert = insert_or_keep(
        tx.engine(),
        "INSERT INTO job_tags (tag, quoted, watched_at, actor) VALUES (?1, ?2, ?3, ?4)",
    );
    let insert = insert.bind(tag).bind(quoted(tag)).bind(entry.at).bind(by.0);
    let is_new = tx.execute(insert).await? == 1;
    if is_new {
        let count = query("SELECT COUNT(*) AS number FROM job_tags");
        let row = tx.optional_row(count).await?;
        let number: u32 = row.map_or(Ok(0), |row| row.get("number"))?;
        if number > TAGS_WATCHED {
            return Err(Error::TooManyTags);
        }
        entry.write(&mut tx, by, "watch", tag, "").await?;
    }
    tx.commit().await?;
    Ok(is_new)
}

pub(super) async fn unwatch(db: &Db, by: By<'_>, tag: &str, entry: actions::Entry) -> Result<bool> {
    let mut tx = db.begin_on_shared_rows();
    let delete = query("DELETE FROM job_tags WHERE tag = ?1").bind(tag);
    let was_watched = tx.execute(delete).await? == 1;
    if was_watched {
        entry.write(&mut tx, by, "unwatch", tag, "").await?;
    }
    tx.commit().await?;
    Ok(was_watched)
}
