//! What operators do with jobs.

use std::time::Duration;

use duly_db::dialect::for_update;
use duly_db::{Row, Tx, query};
use jiff::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use super::link::Arguments;
use super::packing::{self, written_id};
use super::{RedisStore, scripts};
use crate::sql::actions::Entry;
use crate::sql::later;
use crate::sql::outbox::{self, OutboxRow};
use crate::sql::steering::told_retry;
use crate::store::{By, Retried, Retrying};
use crate::{JobId, Priority, Result};

/// How long to wait for who holds the unique key of a job that is tried again.
const ASKING: Duration = Duration::from_millis(500);

impl RedisStore {
    /// Moves failed jobs into the outbox.
    pub(super) async fn let_wait_again(
        &self,
        by: By<'_>,
        ids: &[JobId],
        retrying: &Retrying,
    ) -> Result<Vec<Retried>> {
        let entry = self.sql.entry();
        let retry = || self.retry_once(by, ids, retrying, entry);
        let (answers, rows) = self.sql.alone(retry).await?;
        let now = Instant::now();
        self.pending()
            .extend(rows.into_iter().map(|row| (row, now)));
        Ok(answers)
    }

    async fn retry_once(
        &self,
        by: By<'_>,
        ids: &[JobId],
        retrying: &Retrying,
        entry: Entry,
    ) -> Result<(Vec<Retried>, Vec<Uuid>)> {
        let mut tx = self.sql.db.begin_on_shared_rows();
        let mut answers = Vec::with_capacity(ids.len());
        let (mut queued, mut rows) = (Vec::new(), Vec::new());
        for id in ids {
            let run_at = later(entry.at, retrying.wait_of(queued.len()));
            let row = self
                .failed(&mut tx, *id, retrying, (entry.at, run_at))
                .await?;
            let answer = match row {
                None => Retried::Unknown,
                Some(row) => match self.holder(&mut tx, &row).await? {
                    Some(holder) => Retried::Duplicate(holder),
                    None => {
                        let delete = query("DELETE FROM failed_jobs WHERE id = ?1").bind(*id);
                        tx.execute(delete).await?;
                        queued.push(*id);
                        rows.push(row.id);
                        Retried::Queued
                    }
                },
            };
            answers.push(answer);
        }
        if !queued.is_empty() {
            let (target, detail) = told_retry(&queued, retrying);
            entry.write(&mut tx, by, "retry", &target, &detail).await?;
        }
        tx.commit().await?;
        Ok((answers, rows))
    }

    /// Writes the row down, unless another job holds its unique key. For that Redis has to answer.
    async fn holder(&self, tx: &mut Tx, row: &OutboxRow) -> Result<Option<JobId>> {
        if !outbox::write(tx, row).await? {
            let unique = row.unique.as_deref().unwrap_or_default();
            if let Some(holder) = self.holder_on_its_way(tx, &row.name, unique).await? {
                return Ok(Some(holder));
            }
            if !outbox::write(tx, row).await? {
                return Err(duly_db::Error::Busy.into());
            }
        }
        let holder = self.holder_within(row, ASKING).await?;
        if holder.is_some() {
            outbox::remove(tx, row.id).await?;
        }
        Ok(holder)
    }

    /// A failed job as a row of the outbox: due again, with all its tries.
    async fn failed(
        &self,
        tx: &mut Tx,
        id: JobId,
        retrying: &Retrying,
        (now, run_at): (Timestamp, Timestamp),
    ) -> Result<Option<OutboxRow>> {
        let select = query(format!(
            "SELECT queue, name, payload, tags, unique_key, tries, fence, pushed_at, priority, \
             lane FROM failed_jobs WHERE id = ?1{}",
            for_update(tx.engine())
        ));
        let Some(row) = tx.optional_row(select.bind(id)).await? else {
            return Ok(None);
        };
        let row_id = self.sql.entry().id;
        let mut row = again(&row, (id, row_id), (now, run_at))?;
        row.turn = self.next_turn();
        if let Some(payload) = &retrying.payload {
            row.payload.clone_from(payload);
        }
        Ok(Some(row))
    }

    /// Ends jobs in Redis. Who wanted it is recorded with them.
    pub(super) async fn end_now(&self, by: By<'_>, ids: &[JobId]) -> Result<Vec<JobId>> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let mut found = Vec::new();
        for some in ids.chunks(scripts::MOST) {
            let mut places = self.places();
            loop {
                let mut arguments = Arguments::default();
                arguments.text(by.0);
                for id in some {
                    arguments.own(written_id(id.0));
                }
                let answer: (u8, Vec<String>) = self
                    .link
                    .call(&scripts::CANCEL, &places, &arguments)
                    .await?;
                let (is_unknown, ended) = answer;
                found.extend(ended.iter().filter_map(|id| packing::id(id)));
                let known = places.len();
                if is_unknown > 0 {
                    places = self.find_places().await?;
                }
                if is_unknown == 0 || places.len() == known {
                    break;
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

fn again(
    row: &Row,
    (job, id): (JobId, Uuid),
    (now, run_at): (Timestamp, Timestamp),
) -> Result<OutboxRow> {
    let priority: Priority = row.get("priority")?;
    Ok(OutboxRow {
        id,
        job,
        written_at: now,
        turn: 0,
        queue: row.get("queue")?,
        name: row.get("name")?,
        payload: row.get("payload")?,
        tags: row.get("tags")?,
        unique: row.get("unique_key")?,
        tries: row.get("tries")?,
        attempt: 0,
        fence: row.get("fence")?,
        run_at,
        pushed_at: row.get("pushed_at")?,
        priority,
        position: Some(priority.position(run_at)),
        lane: row.get("lane")?,
        retry_until: None,
        trace_parent: None,
    })
}
