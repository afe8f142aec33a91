//! Jobs that were done or cancelled, of which the newest are kept.

use std::collections::BTreeSet;

use duly_db::{Conn, Tx, query};
use jiff::Timestamp;

use super::{attempts, id_list};
use crate::{FINISHED_KEPT, JobId, JobLog, Result};

/// Of so many jobs that are done at once, one in a few is kept: a burst costs little more for being kept in
/// part, and what came before it is not forgotten at once.
pub(super) const SAMPLE: usize = 16;

/// Removes jobs that are done and that this transaction has locked, and keeps a part of them as history: with the
/// attempts at them, of which the last is known by the job, and with what it logged.
pub(super) async fn keep_done(
    tx: &mut Tx,
    done: &[(JobId, &JobLog)],
    now: Timestamp,
) -> Result<()> {
    if done.is_empty() {
        return Ok(());
    }
    let step = done.len().div_ceil(SAMPLE);
    let sample: Vec<JobId> = done.iter().step_by(step).map(|(id, _)| *id).collect();
    copy(tx, &sample, now, false).await?;
    let logs = done.iter().step_by(step);
    keep_logs(
        tx,
        logs.filter_map(|(id, log)| Some((*id, log.packed()?)))
            .collect(),
    )
    .await?;
    let kept: BTreeSet<JobId> = sample.into_iter().collect();
    let ids: Vec<JobId> = done.iter().map(|(id, _)| *id).collect();
    let forgotten: Vec<JobId> = ids
        .iter()
        .filter(|id| !kept.contains(id))
        .copied()
        .collect();
    attempts::forget(tx, &forgotten).await?;
    remove(tx, &ids).await
}

/// Removes jobs that an operator has ended and that this transaction has locked, and keeps them as history.
pub(super) async fn keep_cancelled(tx: &mut Tx, ids: &[JobId], now: Timestamp) -> Result<()> {
    copy(tx, ids, now, true).await?;
    remove(tx, ids).await
}

async fn copy(tx: &mut Tx, ids: &[JobId], now: Timestamp, cancelled: bool) -> Result<()> {
    for ids in ids.chunks(super::IDS) {
        let (list, ids) = id_list(3, ids.iter().copied());
        let copy = query(format!(
            "INSERT INTO finished_jobs (id, queue, name, payload, tags, priority, lane, attempt, \
             tries, pushed_at, started_at, ended_at, cancelled, worker, fence) \
             SELECT id, queue, name, payload, tags, priority, lane, attempt, tries, pushed_at, \
             started_at, ?1, ?2, worker, fence FROM jobs WHERE id IN ({list})"
        ));
        tx.execute(copy.bind(now).bind(cancelled).bind_all(ids))
            .await?;
    }
    Ok(())
}

/// Keeps what jobs of the sample have logged, in one statement that has one text for however many there are.
async fn keep_logs(tx: &mut Tx, mut logs: Vec<(JobId, String)>) -> Result<()> {
    let Some(last) = logs.last().cloned() else {
        return Ok(());
    };
    logs.resize(SAMPLE, last);
    let cases: String = (1..=SAMPLE)
        .map(|number| format!(" WHEN ?{} THEN ?{}", 2 * number - 1, 2 * number))
        .collect();
    let (list, ids) = id_list(2 * SAMPLE + 1, logs.iter().map(|(id, _)| *id));
    let mut update = query(format!(
        "UPDATE finished_jobs SET log = CASE id{cases} END WHERE id IN ({list})"
    ));
    for (id, log) in logs {
        update = update.bind(id).bind(log);
    }
    tx.execute(update.bind_all(ids)).await?;
    Ok(())
}

async fn remove(tx: &mut Tx, ids: &[JobId]) -> Result<()> {
    for ids in ids.chunks(super::IDS) {
        let (list, ids) = id_list(1, ids.iter().copied());
        let delete = query(format!("DELETE FROM jobs WHERE id IN ({list})"));
        tx.execute(delete.bind_all(ids)).await?;
    }
    Ok(())
}

/// The newest of those that are too many, if there are any. The index is walked over all that are kept, which
/// takes less than a millisecond.
pub(super) async fn oldest_spare(conn: &mut Conn) -> Result<Option<Timestamp>> {
    let select = query(
        "SELECT ended_at FROM finished_jobs ORDER BY ended_at DESC, id DESC LIMIT 1 OFFSET ?1",
    );
    let row = conn.optional_row(select.bind(FINISHED_KEPT)).await?;
    Ok(row.map(|row| row.get("ended_at")).transpose()?)
}

/// Drops at most so many of those that ended at this time or before.
pub(super) async fn drop_until(tx: &mut Tx, newest: Timestamp, limit: u32) -> Result<()> {
    let select =
        query("SELECT id FROM finished_jobs WHERE ended_at <= ?1 ORDER BY ended_at, id LIMIT ?2");
    let rows = tx.rows(select.bind(newest).bind(limit)).await?;
    let ids: Vec<JobId> = rows
        .iter()
        .map(|row| row.get("id"))
        .collect::<duly_db::Result<_>>()?;
    attempts::forget(tx, &ids).await?;
    for ids in ids.chunks(super::IDS) {
        let (list, ids) = id_list(1, ids.iter().copied());
        let delete = query(format!("DELETE FROM finished_jobs WHERE id IN ({list})"));
        tx.execute(delete.bind_all(ids)).await?;
    }
    Ok(())
}
