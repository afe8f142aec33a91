//! Storing how attempts ended.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Shared;
use crate::pause::Pause;
use crate::store::{Settled, Settlement};

/// How many results are stored at once.
const BATCH: usize = 256;

/// Gives a result to the loop that stores it.
pub(super) async fn hand_in(results: &mpsc::Sender<Settlement>, settlement: Settlement) {
    let id = settlement.held.id;
    if results.send(settlement).await.is_err() {
        tracing::error!(job.id = %id, "the result of a job was lost; it will run again");
    }
}

/// Stores results until no more can come. Results are kept for as long as the store has errors:
/// settling a second time changes nothing, so it is always safe to try again.
pub(super) async fn settle<C>(shared: Arc<Shared<C>>, mut results: mpsc::Receiver<Settlement>) {
    let mut batch = Vec::new();
    while results.recv_many(&mut batch, BATCH).await > 0 {
        let mut pause = Pause::new();
        let settled = loop {
            match shared.queue.store().settle(&batch).await {
                Ok(settled) => break settled,
                Err(error) => {
                    let unsettled = batch.len();
                    tracing::warn!(%error, unsettled, "results could not be stored; kept");
                    tokio::time::sleep(pause.next()).await;
                }
            }
        };
        for (settlement, settled) in batch.drain(..).zip(settled) {
            if settled == Settled::Late {
                let id = settlement.held.id;
                tracing::warn!(job.id = %id, "a result came after the job was taken over");
            }
            shared.held.forget(settlement.held);
        }
    }
}
