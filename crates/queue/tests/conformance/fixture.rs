//! A queue in a database of its own, and jobs that do what a test tells them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duly_db::clock::ManualClock;
use duly_db::random::SeededRandom;
use duly_db::testing::TestDatabase;
use duly_db::{Db, SharedClock};
use duly_queue::store::{Held, JobStore, Outcome, Reserved, Settled, Settlement, Want};
use duly_queue::{
    Attempt, Backoff, Counts, Job, JobError, JobId, Pushed, Queue, QueueName, Registry, RunReport,
    SqlStore,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// A test waits no longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const WAITS: &[Duration] = &[Duration::from_secs(10), Duration::from_secs(60)];

pub(crate) const LEASE: Duration = Duration::from_secs(15);

/// 23 November 2026, 10:00 UTC, a Monday.
pub(crate) fn start() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

pub(crate) struct Fixture {
    pub(crate) db: TestDatabase,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<dyn JobStore>,
    pub(crate) queue: Queue,
    pub(crate) world: World,
}

impl Fixture {
    /// Jobs kept in SQL.
    pub(crate) async fn sql() -> Self {
        let db = TestDatabase::new(&[duly_queue::MIGRATIONS]).await;
        let clock = ManualClock::at(start());
        let store = Arc::new(SqlStore::new(
            (*db).clone(),
            clock.clone(),
            SeededRandom::new(2),
        ));
        Self::with(db, clock, store)
    }

    fn with(db: TestDatabase, clock: Arc<ManualClock>, store: Arc<dyn JobStore>) -> Self {
        let queue = queue_over(&db, store.clone(), clock.clone());
        Fixture {
            db,
            clock,
            store,
            queue,
            world: World::default(),
        }
    }

    /// A queue on the same jobs, through another store.
    pub(crate) fn queue_through(&self, store: Arc<dyn JobStore>) -> Queue {
        queue_over(&self.db, store, self.clock.clone())
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) async fn push<J: Job>(&self, job: &J) -> Pushed {
        let mut tx = self.db.begin();
        let pushed = self.queue.push(&mut tx, job).await.unwrap();
        tx.commit().await.unwrap();
        pushed
    }

    pub(crate) async fn push_at<J: Job>(&self, job: &J, at: Timestamp) -> JobId {
        let mut tx = self.db.begin();
        let pushed = self.queue.push_at(&mut tx, job, at).await.unwrap();
        tx.commit().await.unwrap();
        pushed.id()
    }

    pub(crate) async fn run_due(&self) -> RunReport {
        let known = registry();
        let run = self.queue.run_due(&known, &self.world, 1000);
        wait(run, "due jobs to run").await.unwrap()
    }

    /// Takes up to `limit` jobs of the kinds this test knows, from all queues.
    pub(crate) async fn reserve(&self, limit: u32) -> Vec<Reserved> {
        let shares: Vec<(QueueName, u32)> = QueueName::by_priority()
            .into_iter()
            .map(|queue| (queue, limit))
            .collect();
        let kinds = registry().names();
        let want = Want {
            kinds: &kinds,
            shares: &shares,
            limit,
            lease: LEASE,
        };
        self.store.reserve(&want).await.unwrap()
    }

    /// Takes the one job that is due.
    pub(crate) async fn reserve_one(&self) -> Reserved {
        let mut jobs = self.reserve(2).await;
        assert_eq!(jobs.len(), 1, "one job is due");
        jobs.remove(0)
    }

    pub(crate) async fn settle(&self, job: &Reserved, outcome: Outcome) -> Settled {
        let settlement = Settlement {
            held: job.held,
            queue: job.queue.clone(),
            outcome,
        };
        self.store.settle(&[settlement]).await.unwrap().remove(0)
    }

    pub(crate) async fn renew(&self, job: &Reserved) -> Vec<Held> {
        self.store.renew(&[job.held], LEASE).await.unwrap()
    }

    pub(crate) async fn next_due(&self) -> Option<Duration> {
        self.store
            .next_due(&QueueName::by_priority(), &registry().names())
            .await
            .unwrap()
    }

    /// The states of all jobs of all queues.
    pub(crate) async fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for counts in self.queue.counts().await.unwrap().values() {
            sum.ready += counts.ready;
            sum.scheduled += counts.scheduled;
            sum.running += counts.running;
            sum.failed += counts.failed;
        }
        sum
    }
}

fn queue_over(db: &Db, store: Arc<dyn JobStore>, clock: SharedClock) -> Queue {
    Queue::with_store(db.clone(), store, clock, SeededRandom::new(1))
}

pub(crate) fn registry() -> Registry<World> {
    Registry::new()
        .with::<Task>()
        .with::<Urgent>()
        .with::<Cleanup>()
        .with::<Once>()
        .with::<Short>()
}

/// What a test sees of its jobs, and tells them.
#[derive(Clone, Default)]
pub(crate) struct World {
    started: watch::Sender<Vec<(String, Attempt)>>,
    ended: watch::Sender<usize>,
    open: watch::Sender<bool>,
    most_at_once: Arc<Mutex<(usize, usize)>>,
    plans: Arc<Mutex<HashMap<String, Plan>>>,
}

/// What a job does.
#[derive(Debug, Clone)]
pub(crate) enum Plan {
    Succeed,
    Retry(&'static str),
    /// Gives way to another transaction so many times before it succeeds.
    GiveWay(usize),
    RetryAfter(Duration),
    Fail(&'static str),
    Panic(&'static str),
    Hang,
    /// Waits until the test opens the gate.
    Wait,
}

impl World {
    pub(crate) fn plan(&self, label: &str, plan: Plan) {
        self.plans.lock().unwrap().insert(label.to_owned(), plan);
    }

    /// Lets all waiting jobs end.
    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    /// The labels of the attempts that were started, in order.
    pub(crate) fn started(&self) -> Vec<String> {
        self.started
            .borrow()
            .iter()
            .map(|(label, _)| label.clone())
            .collect()
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.started
            .borrow()
            .iter()
            .map(|(_, attempt)| *attempt)
            .collect()
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.most_at_once.lock().unwrap().1
    }

    pub(crate) async fn until_started(&self, count: usize) {
        let mut started = self.started.subscribe();
        wait(
            started.wait_for(|started| started.len() >= count),
            "jobs to start",
        )
        .await
        .unwrap();
    }

    /// Waits until attempts have ended, be it by success, error, panic or abortion.
    pub(crate) async fn until_ended(&self, count: usize) {
        let mut ended = self.ended.subscribe();
        wait(ended.wait_for(|ended| *ended >= count), "jobs to end")
            .await
            .unwrap();
    }

    async fn run(&self, label: &str, attempt: Attempt) -> Result<(), JobError> {
        let _running = Running::new(self);
        self.started
            .send_modify(|started| started.push((label.to_owned(), attempt)));
        let plan = self
            .plans
            .lock()
            .unwrap()
            .get(label)
            .cloned()
            .unwrap_or(Plan::Succeed);
        match plan {
            Plan::Succeed => Ok(()),
            Plan::Retry(error) => Err(JobError::retry(error)),
            Plan::GiveWay(0) => Ok(()),
            Plan::GiveWay(times) => {
                self.plan(label, Plan::GiveWay(times - 1));
                Err(JobError::retry(duly_queue::Error::Store(
                    duly_db::Error::Conflict,
                )))
            }
            Plan::RetryAfter(wait) => Err(JobError::retry_after("not yet", wait)),
            Plan::Fail(error) => Err(JobError::fail(error)),
            Plan::Panic(message) => panic!("{message}"),
            Plan::Hang => std::future::pending().await,
            Plan::Wait => {
                let mut open = self.open.subscribe();
                open.wait_for(|open| *open)
                    .await
                    .map(drop)
                    .map_err(JobError::fail)
            }
        }
    }
}

/// Counts an attempt for as long as it exists.
struct Running<'a>(&'a World);

impl<'a> Running<'a> {
    fn new(world: &'a World) -> Self {
        let mut running = world.most_at_once.lock().unwrap();
        running.0 += 1;
        running.1 = running.1.max(running.0);
        Running(world)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.most_at_once.lock().unwrap().0 -= 1;
        self.0.ended.send_modify(|ended| *ended += 1);
    }
}

/// Waits for something that is sure to happen.
pub(crate) async fn wait<F: Future>(future: F, what: &str) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited {PATIENCE:?} for {what}"),
    }
}

macro_rules! scripted {
    ($(#[$doc:meta])* $kind:ident, $name:literal, $queue:expr, { $($more:item)* }) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        pub(crate) struct $kind(pub(crate) String);

        impl $kind {
            pub(crate) fn new(label: &str) -> Self {
                $kind(label.to_owned())
            }
        }

        impl Job for $kind {
            const NAME: &'static str = $name;
            const QUEUE: QueueName = $queue;
            const TRIES: u32 = 3;
            type Context = World;
            $($more)*
            async fn run(&self, world: &World, attempt: Attempt) -> Result<(), JobError> {
                world.run(&self.0, attempt).await
            }
        }
    };
}

scripted!(
    /// The usual job: three tries, 10 s and 60 s apart.
    Task, "task", QueueName::DEFAULT, {
        fn backoff() -> Backoff {
            Backoff::List(WAITS)
        }
        fn tags(&self) -> Vec<String> { vec!["test".to_owned(), self.0.clone()] }
    }
);
scripted!(Urgent, "urgent", QueueName::URGENT, {});
scripted!(Cleanup, "cleanup", QueueName::MAINTENANCE, {});
scripted!(
    /// One of each label at a time.
    Once, "once", QueueName::DEFAULT, {
        fn unique(&self) -> Option<String> { Some(self.0.clone()) }
    }
);
scripted!(
    /// Has very little time.
    Short, "short", QueueName::DEFAULT, {
        const TIMEOUT: Duration = Duration::from_millis(20);
    }
);
scripted!(
    /// A kind the registry does not know.
    Stranger, "stranger", QueueName::DEFAULT, {}
);
