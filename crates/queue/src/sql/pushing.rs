//! Storing a job.

use duly_db::dialect::insert_or_keep;
use duly_db::{Conn, Engine, Tx, query};
use jiff::Timestamp;

use crate::store::NewJob;
use crate::{JobId, Pushed, Result};

const INSERT: &str = "INSERT INTO jobs (id, queue, name, payload, tags, unique_key, tries, \
     attempt, fence, run_at, lease_until, pushed_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8, NULL, ?9)";

pub(super) async fn push(
    tx: &mut Tx,
    engine: Engine,
    job: NewJob,
    now: Timestamp,
) -> Result<Pushed> {
    let insert = insert_or_keep(engine, INSERT)
        .bind(job.id)
        .bind(&job.queue)
        .bind(job.name)
        .bind(job.payload)
        .bind(serde_json::Value::from(job.tags))
        .bind(job.unique.clone())
        .bind(job.tries)
        .bind(job.run_at.unwrap_or(now))
        .bind(now);
    if tx.execute(insert).await? == 1 {
        return Ok(Pushed::New(job.id));
    }
    let holder = match job.unique {
        Some(unique) => holder_of(tx, job.name, &unique).await?,
        None => None,
    };
    // Without a unique key, only the id can be there already: it is the same push again.
    Ok(Pushed::Duplicate(holder.unwrap_or(job.id)))
}

/// The waiting or running job that holds a unique key.
pub(super) async fn holder_of(conn: &mut Conn, name: &str, unique: &str) -> Result<Option<JobId>> {
    let select = query("SELECT id FROM jobs WHERE name = ?1 AND unique_key = ?2")
        .bind(name)
        .bind(unique);
    Ok(conn
        .optional_row(select)
        .await?
        .map(|row| row.get("id"))
        .transpose()?)
}
