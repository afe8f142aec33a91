//! Keeping leases alive, and storing how attempts ended.

use std::collections::HashMap;

use duly_db::dialect::for_update;
use duly_db::{Db, Tx, query};
use jiff::Timestamp;

use super::attempts::{self, Ended};
use super::ending::{HeldRow, lock, move_to_failed};
use super::measuring::Tally;
use super::{finished, id_list, later};
use crate::store::{AttemptOutcome, Fence, Held, Outcome, Settled, Settlement, What};
use crate::{JobId, Result};

pub(super) async fn renew(db: &Db, held: &[Held], lease_until: Timestamp) -> Result<Vec<Held>> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = db.begin_on_shared_rows();
    let mut ids: Vec<JobId> = held.iter().map(|attempt| attempt.id).collect();
    ids.sort_unstable();
    let fences = lock_held(&mut tx, &ids).await?;
    let is_ours = |attempt: &&Held| fences.get(&attempt.id) == Some(&attempt.fence);
    let (kept, lost): (Vec<&Held>, Vec<&Held>) = held.iter().partition(is_ours);
    for kept in kept.chunks(super::IDS) {
        let (list, ids) = id_list(2, kept.iter().map(|attempt| attempt.id));
        let renew = query(format!(
            "UPDATE jobs SET lease_until = ?1 WHERE id IN ({list})"
        ));
        tx.execute(renew.bind(lease_until).bind_all(ids)).await?;
    }
    tx.commit().await?;
    Ok(lost.into_iter().copied().collect())
}

/// Locks those of the jobs that run, in the order of their ids, and tells who holds them.
async fn lock_held(tx: &mut Tx, ids: &[JobId]) -> Result<HashMap<JobId, Fence>> {
    let mut fences = HashMap::new();
    for ids in ids.chunks(super::IDS) {
        let (list, ids) = id_list(1, ids.iter().copied());
        let select = query(format!(
            "SELECT id, fence FROM jobs WHERE id IN ({list}) AND lease_until IS NOT NULL \
             ORDER BY id{}",
            for_update(tx.engine())
        ));
        for row in tx.rows(select.bind_all(ids)).await? {
            fences.insert(row.get("id")?, row.get("fence")?);
        }
    }
    Ok(fences)
}

pub(super) async fn settle(
    db: &Db,
    settlements: &[Settlement],
    now: Timestamp,
) -> Result<Vec<Settled>> {
    if settlements.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = db.begin_on_shared_rows();
    let mut answers = vec![Settled::Late; settlements.len()];
    let mut tally = Tally::default();
    // Everybody locks jobs in the order of their ids, and what is counted after them: nobody waits in
    // a circle.
    let mut in_order: Vec<_> = settlements.iter().zip(&mut answers).collect();
    in_order.sort_by_key(|(settlement, _)| settlement.held.id);
    let ids: Vec<JobId> = in_order.iter().map(|(one, _)| one.held.id).collect();
    let mut fences = lock_held(&mut tx, &ids).await?;
    let mut done = Vec::new();
    for (settlement, answer) in in_order {
        let Held { id, fence } = settlement.held;
        if fences.get(&id) != Some(&fence) {
            continue;
        }
        fences.remove(&id);
        *answer = match settlement.outcome {
            Outcome::Done => {
                done.push((id, &settlement.log));
                Settled::Done
            }
            _ => end(&mut tx, settlement, now).await?,
        };
        tally.settled(settlement, *answer);
    }
    finished::keep_done(&mut tx, &done, now).await?;
    tally.add(&mut tx, now).await?;
    tx.commit().await?;
    Ok(answers)
}

/// Ends an attempt at a job that is locked and not done.
async fn end(tx: &mut Tx, settlement: &Settlement, now: Timestamp) -> Result<Settled> {
    let held = settlement.held;
    let Some(row) = lock(tx, held).await? else {
        return Ok(Settled::Late);
    };
    let (settled, outcome, error) = match &settlement.outcome {
        Outcome::Done => return Ok(Settled::Done),
        Outcome::Release => {
            come_back(tx, settlement, Count::Nothing, now).await?;
            (Settled::Released, AttemptOutcome::Released, None)
        }
        Outcome::Retry { after, error } => {
            let run_at = later(now, *after);
            match come_back(tx, settlement, Count::Attempt, run_at).await? {
                true => (Settled::Retried, AttemptOutcome::Retried, Some(error)),
                false => (Settled::Failed, AttemptOutcome::Failed, Some(error)),
            }
        }
        Outcome::Fail { error } => (Settled::Failed, AttemptOutcome::Failed, Some(error)),
    };
    let HeldRow {
        number,
        started_at,
        worker,
    } = row;
    let ended = Ended {
        held,
        number,
        started_at,
        worker,
        outcome,
        error: error.map(String::as_str),
        log: &settlement.log,
    };
    attempts::write(tx, &ended, now).await?;
    if let (Settled::Failed, Some(error)) = (settled, error) {
        move_to_failed(tx, held.id, &settlement.name, error, now).await?;
    }
    Ok(settled)
}

/// Whether the attempt that ends uses up a try.
enum Count {
    Attempt,
    Nothing,
}

/// Lets the job wait again. The answer is `false` when the attempt used up the last try, or would be followed
/// by one that is too late. The fence stays, so a token once given out is never valid for another attempt.
async fn come_back(
    tx: &mut Tx,
    settlement: &Settlement,
    count: Count,
    run_at: Timestamp,
) -> Result<bool> {
    let update = query(match count {
        Count::Attempt => {
            "UPDATE jobs SET lease_until = NULL, run_at = ?2, position = ?3 \
             WHERE id = ?1 AND attempt < tries AND (retry_until IS NULL OR retry_until >= ?2)"
        }
        Count::Nothing => {
            "UPDATE jobs SET lease_until = NULL, run_at = ?2, position = ?3, \
             attempt = attempt - 1 WHERE id = ?1"
        }
    });
    let update = update
        .bind(settlement.held.id)
        .bind(run_at)
        .bind(settlement.priority.position(run_at));
    Ok(tx.execute(update).await? == 1)
}

impl Tally {
    /// Counts what became of an attempt, and how long it took.
    fn settled(&mut self, settlement: &Settlement, settled: Settled) {
        let Settlement { queue, name, .. } = settlement;
        let what = match settled {
            Settled::Done => What::Done,
            Settled::Retried => What::Retried,
            Settled::Failed => What::Failed,
            Settled::Released => What::Released,
            Settled::Late => return,
        };
        self.count(queue, name.clone(), what, 1);
        if settled != Settled::Released {
            self.time(queue, name.clone(), What::Wait, settlement.waited);
            self.time(queue, name.clone(), What::Run, settlement.ran);
        }
    }
}
