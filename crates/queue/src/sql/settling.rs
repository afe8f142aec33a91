//! Keeping leases alive, and storing how attempts ended.

use std::collections::BTreeMap;

use duly_db::{Db, Tx, query};
use jiff::Timestamp;

use super::ending::{Ended, add_totals, end_attempt, fail};
use super::later;
use crate::store::{AttemptOutcome, Held, Outcome, Settled, Settlement, Totals};
use crate::{QueueName, Result};

pub(super) async fn renew(db: &Db, held: &[Held], lease_until: Timestamp) -> Result<Vec<Held>> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = db.begin_on_shared_rows();
    let mut lost = Vec::new();
    let mut held: Vec<&Held> = held.iter().collect();
    held.sort_by_key(|attempt| attempt.id);
    for attempt in held {
        let renew = query(
            "UPDATE jobs SET lease_until = ?1 \
             WHERE id = ?2 AND fence = ?3 AND lease_until IS NOT NULL",
        );
        if tx
            .execute(renew.bind(lease_until).bind(attempt.id).bind(attempt.fence))
            .await?
            == 0
        {
            lost.push(*attempt);
        }
    }
    tx.commit().await?;
    Ok(lost)
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
    let mut totals: BTreeMap<&QueueName, Totals> = BTreeMap::new();
    // Everybody locks jobs in the order of their ids, and totals after them: nobody waits in a
    // circle.
    let mut in_order: Vec<_> = settlements.iter().zip(&mut answers).collect();
    in_order.sort_by_key(|(settlement, _)| settlement.held.id);
    for (settlement, answer) in in_order {
        let settled = settle_one(&mut tx, settlement, now).await?;
        let of_queue = totals.entry(&settlement.queue).or_default();
        match settled {
            Settled::Done => of_queue.done += 1,
            Settled::Retried => of_queue.retried += 1,
            Settled::Failed => of_queue.failed += 1,
            Settled::Released => of_queue.released += 1,
            Settled::Late => {}
        }
        *answer = settled;
    }
    for (queue, totals) in totals {
        add_totals(&mut tx, queue, totals, now).await?;
    }
    tx.commit().await?;
    Ok(answers)
}

async fn settle_one(tx: &mut Tx, settlement: &Settlement, now: Timestamp) -> Result<Settled> {
    let held = settlement.held;
    match &settlement.outcome {
        Outcome::Done => done(tx, held).await,
        Outcome::Retry { after, error } => {
            if !come_back(tx, held, Count::Attempt, later(now, *after)).await? {
                return fail_for_good(tx, held, error, now).await;
            }
            let ended = Ended {
                outcome: AttemptOutcome::Retried,
                error: Some(error),
            };
            end_attempt(tx, held, ended, now).await?;
            Ok(Settled::Retried)
        }
        Outcome::Fail { error } => fail_for_good(tx, held, error, now).await,
        Outcome::Release => {
            if !come_back(tx, held, Count::Nothing, now).await? {
                return Ok(Settled::Late);
            }
            let ended = Ended {
                outcome: AttemptOutcome::Released,
                error: None,
            };
            end_attempt(tx, held, ended, now).await?;
            Ok(Settled::Released)
        }
    }
}

async fn done(tx: &mut Tx, Held { id, fence }: Held) -> Result<Settled> {
    let delete = query("DELETE FROM jobs WHERE id = ?1 AND fence = ?2 AND lease_until IS NOT NULL");
    if tx.execute(delete.bind(id).bind(fence)).await? == 0 {
        return Ok(Settled::Late);
    }
    tx.execute(query("DELETE FROM job_attempts WHERE job_id = ?1").bind(id))
        .await?;
    Ok(Settled::Done)
}

async fn fail_for_good(tx: &mut Tx, held: Held, error: &str, now: Timestamp) -> Result<Settled> {
    if !fail(tx, held, error, now).await? {
        return Ok(Settled::Late);
    }
    let ended = Ended {
        outcome: AttemptOutcome::Failed,
        error: Some(error),
    };
    end_attempt(tx, held, ended, now).await?;
    Ok(Settled::Failed)
}

/// Whether the attempt that ends uses up a try.
enum Count {
    Attempt,
    Nothing,
}

/// Lets the job wait again. The answer is `false` when the attempt is no longer held, or used up
/// the last try. The fence stays, so a token once given out is never valid for another attempt.
async fn come_back(
    tx: &mut Tx,
    Held { id, fence }: Held,
    count: Count,
    run_at: Timestamp,
) -> Result<bool> {
    let update = query(match count {
        Count::Attempt => {
            "UPDATE jobs SET lease_until = NULL, run_at = ?3 \
             WHERE id = ?1 AND fence = ?2 AND lease_until IS NOT NULL AND attempt < tries"
        }
        Count::Nothing => {
            "UPDATE jobs SET lease_until = NULL, run_at = ?3, attempt = attempt - 1 \
             WHERE id = ?1 AND fence = ?2 AND lease_until IS NOT NULL"
        }
    });
    Ok(tx.execute(update.bind(id).bind(fence).bind(run_at)).await? == 1)
}
