//! What operators do with jobs.

use std::time::Duration;

use duly_db::dialect::{for_update, insert_or_keep};
use duly_db::{Db, Error as DbError, Tx, query};
use jiff::Timestamp;

use super::measuring::Tally;
use super::{actions, ending, finished, id_list, later, pushing};
use crate::store::{By, Retried, Retrying, What};
use crate::{Error, JobId, Priority, QueueName, Result};

pub(super) async fn retry(
    db: &Db,
    by: By<'_>,
    ids: &[JobId],
    retrying: &Retrying,
    entry: actions::Entry,
) -> Result<Vec<Retried>> {
    let mut tx = db.begin_on_shared_rows();
    let mut answers = Vec::with_capacity(ids.len());
    let mut queued = Vec::new();
    for id in ids {
        let run_at = later(entry.at, retrying.wait_of(queued.len()));
        let payload = retrying.payload.as_deref();
        let answer = retry_one(&mut tx, *id, payload, run_at).await?;
        if answer == Retried::Queued {
            queued.push(*id);
        }
        answers.push(answer);
    }
    if !queued.is_empty() {
        let (target, detail) = told_retry(&queued, retrying);
        entry.write(&mut tx, by, "retry", &target, &detail).await?;
    }
    tx.commit().await?;
    Ok(answers)
}

impl Retrying {
    /// How long the job waits before which so many others come.
    pub(crate) fn wait_of(&self, turn: usize) -> Duration {
        let distance = self.per_second.map_or(Duration::ZERO, |number| {
            Duration::from_secs(1) / number.max(1)
        });
        distance.saturating_mul(u32::try_from(turn).unwrap_or(u32::MAX))
    }
}

/// How it is written down that jobs are tried again.
pub(crate) fn told_retry(ids: &[JobId], retrying: &Retrying) -> (String, String) {
    let more = match (&retrying.payload, retrying.per_second) {
        (Some(_), _) => " with other data".to_owned(),
        (None, Some(number)) => format!(" {number} each second"),
        (None, None) => String::new(),
    };
    let (target, detail) = told(ids);
    (target, format!("{detail}{more}"))
}

/// How some jobs are written down.
pub(crate) fn told(ids: &[JobId]) -> (String, String) {
    match ids {
        [one] => (one.to_string(), String::new()),
        several => {
            let list: Vec<String> = several.iter().map(JobId::to_string).collect();
            (format!("{} jobs", several.len()), list.join(" "))
        }
    }
}

async fn retry_one(
    tx: &mut Tx,
    id: JobId,
    payload: Option<&str>,
    run_at: Timestamp,
) -> Result<Retried> {
    let select = query(format!(
        "SELECT name, unique_key, priority FROM failed_jobs WHERE id = ?1{}",
        for_update(tx.engine())
    ));
    let Some(failed) = tx.optional_row(select.bind(id)).await? else {
        return Ok(Retried::Unknown);
    };
    let priority: Priority = failed.get("priority")?;
    let copy = insert_or_keep(
        tx.engine(),
        "INSERT INTO jobs (id, queue, name, payload, tags, unique_key, tries, attempt, fence, \
         run_at, lease_until, pushed_at, priority, position, lane) \
         SELECT id, queue, name, COALESCE(?4, payload), tags, unique_key, tries, 0, fence, ?2, \
         NULL, pushed_at, priority, ?3, lane FROM failed_jobs WHERE id = ?1",
    );
    let copy = copy
        .bind(id)
        .bind(run_at)
        .bind(priority.position(run_at))
        .bind(payload);
    if tx.execute(copy).await? == 0 {
        let (name, unique): (String, String) = (failed.get("name")?, failed.get("unique_key")?);
        let other = pushing::holder_of(tx, &name, &unique).await?;
        return other
            .map(Retried::Duplicate)
            .ok_or(Error::from(DbError::Busy));
    }
    tx.execute(query("DELETE FROM failed_jobs WHERE id = ?1").bind(id))
        .await?;
    Ok(Retried::Queued)
}

pub(super) async fn cancel(
    db: &Db,
    by: By<'_>,
    ids: &[JobId],
    entry: actions::Entry,
) -> Result<Vec<JobId>> {
    let mut tx = db.begin_on_shared_rows();
    let mut found = Vec::new();
    let mut tally = Tally::default();
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    for ids in ids.chunks(super::IDS) {
        let (list, ids) = id_list(1, ids.iter().copied());
        let select = query(format!(
            "SELECT id, queue, name FROM jobs WHERE id IN ({list}) ORDER BY id{}",
            for_update(tx.engine())
        ));
        for row in tx.rows(select.bind_all(ids)).await? {
            let (queue, name): (QueueName, String) = (row.get("queue")?, row.get("name")?);
            tally.count(&queue, name.into(), What::Cancelled, 1);
            found.push(row.get("id")?);
        }
    }
    if !found.is_empty() {
        finished::keep_cancelled(&mut tx, &found, entry.at).await?;
        tally.add(&mut tx, entry.at).await?;
        let (target, detail) = told(&found);
        entry.write(&mut tx, by, "cancel", &target, &detail).await?;
    }
    tx.commit().await?;
    Ok(found)
}

pub(super) async fn forget(
    db: &Db,
    by: By<'_>,
    ids: &[JobId],
    entry: actions::Entry,
) -> Result<Vec<JobId>> {
    let mut tx = db.begin_on_shared_rows();
    let mut found = Vec::new();
    for ids in ids.chunks(super::IDS) {
        let (list, ids) = id_list(1, ids.iter().copied());
        let select = query(format!(
            "SELECT id FROM failed_jobs WHERE id IN ({list}) ORDER BY id{}",
            for_update(tx.engine())
        ));
        for row in tx.rows(select.bind_all(ids)).await? {
            found.push(row.get("id")?);
        }
    }
    if !found.is_empty() {
        ending::delete_failed(&mut tx, &found).await?;
        let (target, detail) = told(&found);
        entry.write(&mut tx, by, "forget", &target, &detail).await?;
    }
    tx.commit().await?;
    Ok(found)
}
