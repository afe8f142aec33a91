//! Storing a job.

use std::time::Duration;

use duly_db::dialect::{for_share, insert_or_keep};
use duly_db::{Tx, query};
use jiff::Timestamp;

use super::later;
use crate::store::NewJob;
use crate::{JobId, Pushed, Result};

const INSERT: &str = "INSERT INTO jobs (id, queue, name, payload, tags, unique_key, tries, \
     attempt, fence, run_at, lease_until, pushed_at, priority, position, lane, retry_until) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8, NULL, ?9, ?10, ?11, ?12, ?13)";

/// How often a push is tried whose duplicate is gone by the time it is looked at.
const TRIES: u32 = 5;

/// How far the jobs of one owner stand from each other. While a queue is behind, each owner is served at
/// least so often, whatever the others have pushed.
const DISTANCE: Duration = Duration::from_secs(1);

pub(super) async fn push(tx: &mut Tx, job: NewJob, now: Timestamp) -> Result<Pushed> {
    let run_at = job.run_at.unwrap_or(now);
    let position = position(tx, &job, run_at).await?;
    let insert = insert_or_keep(tx.engine(), INSERT)
        .bind(job.id)
        .bind(&job.queue)
        .bind(job.name.as_ref())
        .bind(job.payload)
        .bind(serde_json::Value::from(job.tags))
        .bind(job.unique.clone())
        .bind(job.tries)
        .bind(run_at)
        .bind(now)
        .bind(job.priority)
        .bind(position)
        .bind(job.lane)
        .bind(job.retry_for.map(|wait| later(run_at, wait)));
    for _ in 0..TRIES {
        if tx.execute(insert.clone()).await? == 1 {
            return Ok(Pushed::New(job.id));
        }
        let Some(unique) = &job.unique else {
            // Only the id can be there already: it is the same push again.
            return Ok(Pushed::Duplicate(job.id));
        };
        if let Some(holder) = holder_of(tx, &job.name, unique).await? {
            return Ok(Pushed::Duplicate(holder));
        }
        // The one it was a duplicate of has been done in between.
    }
    Err(duly_db::Error::Busy.into())
}

/// Where the job stands: behind all that were due before, and behind those of its owner. Each of these
/// is taken to need [`DISTANCE`] (the virtual clock of L. Zhang, 1990), so that others pass them.
async fn position(tx: &mut Tx, job: &NewJob, run_at: Timestamp) -> Result<Timestamp> {
    let own = job.priority.position(run_at);
    let Some(lane) = &job.lane else {
        return Ok(own);
    };
    let last = query(
        "SELECT MAX(position) AS position FROM jobs WHERE queue = ?1 AND lane = ?2 AND priority = ?3",
    );
    let last = last.bind(&job.queue).bind(lane).bind(job.priority);
    let last: Option<Timestamp> = match tx.optional_row(last).await? {
        Some(row) => row.get("position")?,
        None => None,
    };
    Ok(last.map_or(own, |last| own.max(later(last, DISTANCE))))
}

/// The waiting or running job that holds a unique key. It cannot end before the transaction does:
/// until then the answer is true.
pub(super) async fn holder_of(tx: &mut Tx, name: &str, unique: &str) -> Result<Option<JobId>> {
    let select = query(format!(
        "SELECT id FROM jobs WHERE name = ?1 AND unique_key = ?2{}",
        for_share(tx.engine())
    ));
    let select = select.bind(name).bind(unique);
    Ok(tx
        .optional_row(select)
        .await?
        .map(|row| row.get("id"))
        .transpose()?)
}
