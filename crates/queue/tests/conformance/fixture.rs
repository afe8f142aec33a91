//! A queue in a database of its own, and jobs that do what a test tells them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duly_db::clock::ManualClock;
use duly_db::random::SeededRandom;
use duly_db::testing::TestDatabase;
use duly_db::{Db, SharedClock, query};
use duly_queue::store::{
    By, Cursor, Filter, Held, JobRecord, JobStore, Kind, Listing, Outcome, Reserved, Retrying,
    Settled, State, Want, WorkerId,
};
use duly_queue::{
    Attempt, Counts, Job, JobError, JobId, Pushed, Queue, QueueName, RedisStore, Retried,
    RunReport, SqlStore,
};
use duly_redis::testing::RedisServer;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::kinds::registry;

/// A test waits no longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Who takes jobs where a test does it itself.
pub(crate) const WORKER: WorkerId = WorkerId(uuid::Uuid::from_u128(0xca11));

/// A kind without a rate.
pub(crate) const fn known(name: &'static str) -> Kind {
    Kind { name, rate: None }
}

/// Who operates.
pub(crate) const OPERATOR: By<'static> = By("ann@example.org");

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
    redis: Option<RedisServer>,
}

impl Fixture {
    /// Jobs kept in SQL.
    pub(crate) async fn sql() -> Self {
        let db = TestDatabase::new(&[duly_queue::MIGRATIONS]).await;
        let clock = ManualClock::at(start());
        let store = Arc::new(sql_store(&db, clock.clone()));
        Self::with(db, clock, store, None)
    }

    /// Jobs that move in a Redis of the test's own.
    pub(crate) async fn redis() -> Self {
        let db = TestDatabase::new(&[duly_queue::MIGRATIONS]).await;
        let clock = ManualClock::at(start());
        let server = RedisServer::with(&[]);
        let sql = sql_store(&db, clock.clone());
        let address = server.url().parse().unwrap();
        let store = RedisStore::by_clock(sql, address, "test", clock.clone());
        Self::with(db, clock, Arc::new(store), Some(server))
    }

    fn with(
        db: TestDatabase,
        clock: Arc<ManualClock>,
        store: Arc<dyn JobStore>,
        redis: Option<RedisServer>,
    ) -> Self {
        let queue = queue_over(&db, store.clone(), clock.clone());
        Fixture {
            db,
            clock,
            store,
            queue,
            world: World::default(),
            redis,
        }
    }

    /// Gives the only job that waits other data, as a newer release might have written them.
    pub(crate) async fn rewrite(&self, payload: &str) {
        if let Some(server) = &self.redis {
            let client = redis::Client::open(server.url()).unwrap();
            let mut wire = client.get_multiplexed_async_connection().await.unwrap();
            let key = "{duly:queue:test}:data";
            let all = redis::cmd("HGETALL").arg(key).query_async(&mut wire).await;
            let all: HashMap<String, String> = all.unwrap();
            for (id, data) in all {
                let (about, _) = data.rsplit_once('\0').unwrap();
                let mut set = redis::cmd("HSET");
                set.arg(key).arg(id).arg(format!("{about}\0{payload}"));
                let _: i64 = set.query_async(&mut wire).await.unwrap();
            }
            return;
        }
        let mut tx = self.db.begin();
        let change = query("UPDATE jobs SET payload = ?1").bind(payload);
        tx.execute(change).await.unwrap();
        tx.commit().await.unwrap();
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
        let kinds = registry().kinds();
        let want = Want {
            kinds: &kinds,
            shares: &shares,
            limit,
            lease: LEASE,
            worker: WORKER,
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
        let settlement = job.settled(outcome, Duration::from_millis(30));
        self.store.settle(&[settlement]).await.unwrap().remove(0)
    }

    pub(crate) async fn renew(&self, job: &Reserved) -> Vec<Held> {
        self.store.renew(&[job.held], LEASE).await.unwrap()
    }

    pub(crate) async fn next_due(&self) -> Option<Duration> {
        self.store
            .next_due(&QueueName::by_priority(), &registry().kinds())
            .await
            .unwrap()
    }

    /// Jobs in a state, by the order of their list.
    pub(crate) async fn list(
        &self,
        state: State,
        limit: u32,
        after: Option<Cursor>,
    ) -> Vec<JobRecord> {
        self.search(state, &Filter::default(), limit, after).await
    }

    pub(crate) async fn search(
        &self,
        state: State,
        filter: &Filter,
        limit: u32,
        after: Option<Cursor>,
    ) -> Vec<JobRecord> {
        let listing = Listing {
            state,
            filter,
            limit,
            after,
        };
        self.queue.operations().list(&listing).await.unwrap()
    }

    /// Failed jobs, newest first.
    pub(crate) async fn failed(&self) -> Vec<JobRecord> {
        self.list(State::Failed, 100, None).await
    }

    /// Lets a failed job wait again.
    pub(crate) async fn retry(&self, id: JobId) -> Retried {
        let retrying = Retrying::default();
        let retried = self.queue.retry(OPERATOR, &[id], &retrying).await.unwrap();
        retried[0]
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

fn sql_store(db: &Db, clock: SharedClock) -> SqlStore {
    SqlStore::new(db.clone(), clock, SeededRandom::new(2))
}

fn queue_over(db: &Db, store: Arc<dyn JobStore>, clock: SharedClock) -> Queue {
    Queue::with_store(db.clone(), store, clock, SeededRandom::new(1))
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
    /// Logs so many lines before it succeeds.
    Log(usize),
    /// Logs a line before it fails.
    LogAndRetry(&'static str),
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

    pub(crate) async fn run(&self, label: &str, attempt: Attempt) -> Result<(), JobError> {
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
            Plan::Log(lines) => {
                for number in 0..lines {
                    tracing::info!(number, "said");
                    tokio::task::yield_now().await;
                }
                Ok(())
            }
            Plan::LogAndRetry(error) => {
                tracing::warn!("about to fail");
                Err(JobError::retry(error))
            }
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
