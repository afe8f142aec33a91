//! Storing how attempts ended.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::Shared;
use super::patience::Patience;
use super::slot::Slot;
use crate::pause::Pause;
use crate::store::{Settled, Settlement};

/// How many results are stored at once.
const BATCH: usize = 256;

/// How an attempt ended, with the slot it ran in: until that is stored no other job may have the slot,
/// or a kill would make more jobs run again than there are slots.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) settlement: Settlement,
    /// None for a job that never ran.
    pub(super) slot: Option<Slot>,
}

/// Gives a result to the loop that stores it.
pub(super) async fn hand_in(results: &mpsc::Sender<Ended>, ended: Ended) {
    let id = ended.settlement.held.id;
    if results.send(ended).await.is_err() {
        tracing::error!(job.id = %id, "the result of a job was lost; it will run again");
    }
}

/// Waits until then for the results of all that run, or for as many as are stored at once.
async fn gather(
    until: Instant,
    running: usize,
    results: &mut mpsc::Receiver<Ended>,
    ended: &mut Vec<Ended>,
) {
    let wanted = running.min(BATCH);
    while ended.len() < wanted {
        let more = results.recv_many(ended, BATCH - ended.len());
        match timeout_at(until, more).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
    }
}

/// Stores results until no more can come. Results are kept for as long as the store has errors:
/// settling a second time changes nothing, so it is always safe to try again.
pub(super) async fn settle<C>(shared: Arc<Shared<C>>, mut results: mpsc::Receiver<Ended>) {
    let (mut ended, mut patience) = (Vec::new(), Patience::default());
    while results.recv_many(&mut ended, BATCH).await > 0 {
        let until = Instant::now() + patience.wait();
        gather(until, shared.slots.count(), &mut results, &mut ended).await;
        let (batch, slots): (Vec<Settlement>, Vec<_>) = ended
            .drain(..)
            .map(|one| (one.settlement, one.slot))
            .unzip();
        let mut pause = Pause::new();
        let settled = loop {
            let began = Instant::now();
            match shared.queue.store().settle(&batch).await {
                Ok(settled) => {
                    patience.took(began.elapsed());
                    break settled;
                }
                Err(error) => {
                    let unsettled = batch.len();
                    tracing::warn!(%error, unsettled, "results could not be stored; kept");
                    tokio::time::sleep(pause.next()).await;
                }
            }
        };
        for (settlement, settled) in batch.into_iter().zip(settled) {
            if settled == Settled::Late {
                let id = settlement.held.id;
                tracing::warn!(job.id = %id, "a result came after the job was taken over");
            }
            shared.held.forget(settlement.held);
        }
        drop(slots);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::{Fence, Held, Outcome, Reserved};
    use crate::{JobId, Priority, QueueName};

    fn ended() -> Ended {
        let job = Reserved {
            held: Held {
                id: JobId(uuid::Uuid::from_u128(1)),
                fence: Fence(1),
            },
            queue: QueueName::DEFAULT,
            name: "test".into(),
            payload: String::new(),
            attempt: 1,
            tries: 3,
            priority: Priority::Normal,
            waited: Duration::ZERO,
            trace_parent: None,
        };
        Ended {
            settlement: job.settled(Outcome::Done, Duration::ZERO),
            slot: None,
        }
    }

    /// How many are stored together when this many jobs run and two results come after the first.
    async fn gathered(running: usize, wait: Duration) -> usize {
        let (sender, mut results) = mpsc::channel(4);
        let mut first = vec![ended()];
        tokio::spawn(async move {
            for _ in 0..2 {
                tokio::task::yield_now().await;
                hand_in(&sender, ended()).await;
            }
            // Others run on.
            std::future::pending::<()>().await;
        });
        gather(Instant::now() + wait, running, &mut results, &mut first).await;
        first.len()
    }

    #[tokio::test]
    async fn results_of_all_that_run_are_stored_together() {
        assert_eq!(gathered(3, Duration::from_secs(60)).await, 3);
    }

    #[tokio::test]
    async fn a_result_waits_for_nobody_who_does_not_run() {
        assert_eq!(gathered(1, Duration::from_secs(60)).await, 1);
    }

    #[tokio::test]
    async fn a_result_waits_no_longer_than_for_a_moment() {
        // How many come in a moment depends on the machine; that it ends does not.
        assert!(gathered(9, Patience::default().wait()).await <= 3);
    }
}
