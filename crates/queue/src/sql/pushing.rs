//! Storing a job.

use duly_db::dialect::{for_share, insert_or_keep};
use duly_db::{Tx, query};
use jiff::Timestamp;

use crate::store::NewJob;
use crate::{JobId, Pushed, Result};

const INSERT: &str = "INSERT INTO jobs (id, queue, name, payload, tags, unique_key, tries, \
     attempt, fence, run_at, lease_until, pushed_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8, NULL, ?9)";

/// How often a push is tried whose duplicate is gone by the time it is looked at.
const TRIES: u32 = 5;

pub(super) async fn push(tx: &mut Tx, job: NewJob, now: Timestamp) -> Result<Pushed> {
    let insert = insert_or_keep(tx.engine(), INSERT)
        .bind(job.id)
        .bind(&job.queue)
        .bind(job.name)
        .bind(job.payload)
        .bind(serde_json::Value::from(job.tags))
        .bind(job.unique.clone())
        .bind(job.tries)
        .bind(job.run_at.unwrap_or(now))
        .bind(now);
    for _ in 0..TRIES {
        if tx.execute(insert.clone()).await? == 1 {
            return Ok(Pushed::New(job.id));
        }
        let Some(unique) = &job.unique else {
            // Only the id can be there already: it is the same push again.
            return Ok(Pushed::Duplicate(job.id));
        };
        if let Some(holder) = holder_of(tx, job.name, unique).await? {
            return Ok(Pushed::Duplicate(holder));
        }
        // The one it was a duplicate of has been done in between.
    }
    Err(duly_db::Error::Busy.into())
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
