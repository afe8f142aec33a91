//! The jobs a worker holds at the moment.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::store::{Held, Reserved, RunningJob};

/// The jobs a worker holds: from their reservation until their result is stored.
#[derive(Debug, Default)]
pub(super) struct HeldJobs(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    entries: HashMap<Held, Entry>,
    /// Set when the worker's time is over: a job that starts to run just then is aborted too.
    closed: bool,
    aborted: usize,
}

#[derive(Debug)]
struct Entry {
    job: RunningJob,
    started: Instant,
    abort: AbortHandle,
    renew_until: Instant,
    lost: bool,
}

impl HeldJobs {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a job runs. Its lease is not renewed after `renew_until`.
    pub(super) fn insert(&self, job: &Reserved, abort: AbortHandle, renew_until: Instant) {
        let Reserved {
            held,
            name,
            queue,
            attempt,
            ..
        } = job;
        let running = RunningJob {
            id: held.id,
            kind: name.clone(),
            queue: queue.clone(),
            attempt: *attempt,
            for_ms: 0,
        };
        let mut state = self.state();
        if state.closed {
            abort.abort();
            state.aborted += 1;
        }
        state.entries.insert(
            *held,
            Entry {
                job: running,
                started: Instant::now(),
                abort,
                renew_until,
                lost: false,
            },
        );
    }

    /// Those whose lease is to be renewed.
    pub(super) fn to_renew(&self, now: Instant) -> Vec<Held> {
        let state = self.state();
        let wanted = |entry: &Entry| entry.renew_until > now && !entry.lost;
        let wanted = state.entries.iter().filter(|(_, entry)| wanted(entry));
        wanted.map(|(held, _)| *held).collect()
    }

    /// What runs, the longest first.
    pub(super) fn running(&self, now: Instant) -> Vec<RunningJob> {
        let state = self.state();
        let running = state.entries.values().filter(|entry| !entry.lost);
        let mut running: Vec<RunningJob> = running
            .map(|entry| RunningJob {
                for_ms: u64::try_from(now.duration_since(entry.started).as_millis())
                    .unwrap_or(u64::MAX),
                ..entry.job.clone()
            })
            .collect();
        running.sort_by_key(|job| (std::cmp::Reverse(job.for_ms), job.id));
        running
    }

    /// Aborts attempts that are no longer ours.
    pub(super) fn lose(&self, lost: &[Held]) {
        let mut state = self.state();
        for held in lost {
            if let Some(entry) = state.entries.get_mut(held) {
                entry.lost = true;
                entry.abort.abort();
            }
        }
    }

    pub(super) fn is_lost(&self, held: Held) -> bool {
        self.state()
            .entries
            .get(&held)
            .is_some_and(|entry| entry.lost)
    }

    /// Aborts everything that still runs, or starts to run after this.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let running = state
            .entries
            .values()
            .filter(|entry| !entry.abort.is_finished());
        state.aborted = running.inspect(|entry| entry.abort.abort()).count();
    }

    /// How many jobs [`HeldJobs::close`] has aborted.
    pub(super) fn aborted(&self) -> usize {
        self.state().aborted
    }

    pub(super) fn forget(&self, held: Held) {
        self.state().entries.remove(&held);
    }

    pub(super) fn count(&self) -> usize {
        self.state().entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Fence;
    use crate::{JobId, Priority, QueueName};
    use std::time::Duration;

    fn attempt(number: u128) -> Held {
        Held {
            id: JobId(uuid::Uuid::from_u128(number)),
            fence: Fence(1),
        }
    }

    fn job(held: Held) -> Reserved {
        Reserved {
            held,
            queue: QueueName::DEFAULT,
            name: "test".into(),
            payload: String::new(),
            attempt: 1,
            tries: 3,
            priority: Priority::Normal,
            waited: Duration::ZERO,
            trace_parent: None,
        }
    }

    #[tokio::test]
    async fn a_lease_is_not_renewed_for_longer_than_the_job_may_take() {
        let held = HeldJobs::default();
        let task = tokio::spawn(std::future::pending::<()>());
        let now = Instant::now();
        let end = now + Duration::from_secs(65);
        held.insert(&job(attempt(1)), task.abort_handle(), end);
        assert_eq!(held.to_renew(end - Duration::from_millis(1)), [attempt(1)]);
        assert!(
            held.to_renew(end).is_empty(),
            "whoever is stuck is taken over"
        );
        assert_eq!(held.count(), 1, "but what it does may still be stored");
    }

    #[tokio::test]
    async fn a_lost_attempt_is_aborted_and_its_successor_is_not() {
        let held = HeldJobs::default();
        let (old, new) = (
            attempt(1),
            Held {
                fence: Fence(2),
                ..attempt(1)
            },
        );
        let end = Instant::now() + Duration::from_secs(65);
        let tasks = [old, new].map(|attempt| {
            let task = tokio::spawn(std::future::pending::<()>());
            held.insert(&job(attempt), task.abort_handle(), end);
            task
        });
        held.lose(&[old]);
        let [old_task, new_task] = tasks;
        assert!(old_task.await.unwrap_err().is_cancelled());
        assert!(held.is_lost(old) && !held.is_lost(new));
        assert_eq!(held.to_renew(Instant::now()), [new]);
        new_task.abort();
    }

    #[tokio::test]
    async fn a_job_that_starts_while_the_worker_ends_is_aborted_too() {
        let held = HeldJobs::default();
        let end = Instant::now() + Duration::from_secs(65);
        let early = tokio::spawn(std::future::pending::<()>());
        held.insert(&job(attempt(1)), early.abort_handle(), end);
        held.close();
        let late = tokio::spawn(std::future::pending::<()>());
        held.insert(&job(attempt(2)), late.abort_handle(), end);
        assert!(early.await.unwrap_err().is_cancelled());
        assert!(late.await.unwrap_err().is_cancelled());
        assert_eq!(held.aborted(), 2);
    }
}
