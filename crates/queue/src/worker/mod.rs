//! Running jobs: taking them, keeping their leases, storing how they ended.
//!
//! A worker is four loops. One takes jobs whenever a slot is free and something is due; one
//! stores results, in batches, for as long as it takes; one renews the leases of all held jobs in
//! one call and aborts those that were lost; one reports what it is at. None of them ends because the
//! store has an error.

mod due;
mod execution;
mod held;
mod keeping;
mod patience;
mod reporting;
mod settling;
mod sharing;
mod slot;
mod taking;
mod turns;
mod watching;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{SetOnce, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::held::HeldJobs;
use self::slot::Slots;
use crate::balance::Part;
use crate::store::WorkerId;
use crate::{Queue, QueueName, Registry};

pub use self::due::RunReport;
pub use self::watching::WorkerWatch;

/// How many results may wait to be stored.
const UNSETTLED: usize = 1024;

/// How long an aborted job has to end, and results have to be stored, when a worker is drained.
const GRACE: Duration = Duration::from_secs(2);

/// How a worker runs.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// How many jobs run at once. At least one is taken for zero.
    pub slots: usize,
    /// Which queues are served, most important first. While there is no plan of a
    /// [`crate::balance::Balancer`], every fourth job is taken from one of the less important queues if it
    /// has any, each in its turn, so that none starves.
    pub queues: Vec<QueueName>,
    /// How long a job pushed by another process may lie unseen.
    pub poll: Duration,
    /// What operators are told of it.
    pub about: About,
}

/// What operators are told of a worker, so that they find it.
#[derive(Debug, Clone)]
pub struct About {
    /// The machine it runs on.
    pub host: String,
    /// The release of the program.
    pub version: &'static str,
    /// Answers how much memory the process has, in bytes.
    pub memory: fn() -> u64,
}

impl Default for About {
    /// Nothing is known.
    fn default() -> Self {
        About {
            host: String::new(),
            version: "",
            memory: || 0,
        }
    }
}

impl Default for WorkerOptions {
    /// Eight slots, all queues, half a second.
    fn default() -> Self {
        WorkerOptions {
            slots: 8,
            queues: QueueName::by_priority(),
            poll: Duration::from_millis(500),
            about: About::default(),
        }
    }
}

/// How long a job is held, and how often that is extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// A job whose worker has died comes back after this.
    pub length: Duration,
    /// Leases are extended this often; less than half of the length.
    pub renew_every: Duration,
}

impl Default for Lease {
    /// 15 s, renewed every 5 s.
    fn default() -> Self {
        Lease {
            length: Duration::from_secs(15),
            renew_every: Duration::from_secs(5),
        }
    }
}

/// Starts workers.
#[derive(Debug)]
pub struct Worker;

/// What the loops of a worker share.
#[derive(Debug)]
struct Shared<C> {
    id: WorkerId,
    queue: Queue,
    registry: Arc<Registry<C>>,
    context: C,
    options: WorkerOptions,
    lease: Lease,
    held: Arc<HeldJobs>,
    slots: Slots,
    /// Which part of the balancer's plan is its own; nothing while there is none.
    part: Mutex<Option<Part>>,
    /// Set when the store has first said what there is to do.
    has_looked: Arc<SetOnce<()>>,
    stop: CancellationToken,
    running: TaskTracker,
}

impl Worker {
    /// Starts to run jobs on the current Tokio runtime.
    pub fn start<C: Clone + Send + Sync + 'static>(
        queue: Queue,
        registry: Arc<Registry<C>>,
        context: C,
        options: WorkerOptions,
    ) -> WorkerHandle {
        Self::start_with_lease(queue, registry, context, options, Lease::default())
    }

    /// As [`Worker::start`], with a lease of its own.
    pub fn start_with_lease<C: Clone + Send + Sync + 'static>(
        queue: Queue,
        registry: Arc<Registry<C>>,
        context: C,
        options: WorkerOptions,
        lease: Lease,
    ) -> WorkerHandle {
        let held = Arc::new(HeldJobs::default());
        let stop = CancellationToken::new();
        let running = TaskTracker::new();
        let shared = Arc::new(Shared {
            id: WorkerId(queue.new_id()),
            queue,
            registry,
            context,
            options,
            lease,
            held: held.clone(),
            slots: Slots::default(),
            part: Mutex::default(),
            has_looked: Arc::default(),
            stop: stop.clone(),
            running: running.clone(),
        });
        let watch = WorkerWatch::of(&shared);
        let (results, unsettled) = mpsc::channel(UNSETTLED);
        running.spawn(taking::take(shared.clone(), results));
        let settling = tokio::spawn(settling::settle(shared.clone(), unsettled));
        let keeping = tokio::spawn(keeping::keep(shared.clone()));
        let reporting = tokio::spawn(reporting::report(shared));
        WorkerHandle {
            watch,
            held,
            stop,
            running,
            settling,
            keeping,
            reporting,
        }
    }
}

/// A running worker. Dropped, it takes no more jobs; those it holds are finished.
#[derive(Debug)]
#[must_use = "a worker whose handle is dropped takes no more jobs"]
pub struct WorkerHandle {
    watch: WorkerWatch,
    held: Arc<HeldJobs>,
    stop: CancellationToken,
    running: TaskTracker,
    settling: JoinHandle<()>,
    keeping: JoinHandle<()>,
    reporting: JoinHandle<()>,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DrainReport {
    /// Jobs that were still running when the time was over, and were aborted. They were given
    /// back at once without using up an attempt, but for those counted by `abandoned`.
    pub unfinished: usize,
    /// Jobs that could not be aborted (they block their thread) or whose result could not be
    /// stored. They come back when their lease is over.
    pub abandoned: usize,
}

impl WorkerHandle {
    /// What tells how it is doing, also while it is drained.
    #[must_use]
    pub fn watch(&self) -> WorkerWatch {
        self.watch.clone()
    }

    /// Takes no more jobs, waits for those that run, gives back what has not finished when
    /// `timeout` is over.
    pub async fn drain(mut self, timeout: Duration) -> DrainReport {
        self.stop.cancel();
        self.running.close();
        if tokio::time::timeout(timeout, self.running.wait())
            .await
            .is_err()
        {
            self.held.close();
            // A job that blocks its thread cannot be aborted; its lease will be over.
            let _ = tokio::time::timeout(GRACE, self.running.wait()).await;
        }
        // The loop ends when every job has handed in its result and all are stored.
        let _ = tokio::time::timeout(GRACE, &mut self.settling).await;
        let _ = tokio::time::timeout(GRACE, &mut self.reporting).await;
        DrainReport {
            unfinished: self.held.aborted(),
            abandoned: self.held.count(),
        }
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.stop.cancel();
        if self.held.count() == 0 {
            self.keeping.abort();
        }
    }
}
