//! A store that does not always answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use duly_db::Tx;
use duly_queue::store::{
    Claim, Held, JobStore, Kind, NewJob, Operations, Reserved, ScheduleRecord, Settled, Settlement,
    Swept, Term, Want,
};
use duly_queue::{
    Counts, DrainReport, Error, Lease, Pushed, QueueName, Result, Worker, WorkerOptions,
};
use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use crate::fixture::{Fixture, PATIENCE, Plan, wait};
use crate::kinds::{Task, registry};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    NextDue,
    Reserve,
    Renew,
    Settle,
    Sweep,
    Schedules,
}

/// Whether a call that was answered comes back to whoever asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Hold {
    #[default]
    Nothing,
    Next(Call),
    Held,
}

/// Passes calls on, but for those it was told to fail, and keeps an answer back if it was told to.
#[derive(Debug)]
pub(crate) struct Disturbed {
    inner: Arc<dyn JobStore>,
    failures: Mutex<HashMap<Call, usize>>,
    calls: watch::Sender<HashMap<Call, usize>>,
    hold: watch::Sender<Hold>,
}

impl Disturbed {
    pub(crate) fn around(inner: Arc<dyn JobStore>) -> Arc<Self> {
        Arc::new(Disturbed {
            inner,
            failures: Mutex::default(),
            calls: watch::Sender::default(),
            hold: watch::Sender::default(),
        })
    }

    /// The next `times` calls fail.
    pub(crate) fn fail(&self, call: Call, times: usize) {
        self.failures.lock().unwrap().insert(call, times);
    }

    /// Keeps back the next answer to this call.
    pub(crate) fn hold(&self, call: Call) {
        self.hold.send_replace(Hold::Next(call));
    }

    /// Waits until an answer is kept back.
    pub(crate) async fn until_held(&self) {
        let mut hold = self.hold.subscribe();
        wait(hold.wait_for(|hold| *hold == Hold::Held), "an answer")
            .await
            .unwrap();
    }

    /// Hands out what is kept back.
    pub(crate) fn let_go(&self) {
        self.hold.send_replace(Hold::Nothing);
    }

    /// Waits for so many further calls to be answered.
    pub(crate) async fn until_called(&self, call: Call, times: usize) {
        let mut calls = self.calls.subscribe();
        let count = |calls: &HashMap<Call, usize>| calls.get(&call).copied().unwrap_or(0);
        let wanted = count(&calls.borrow()) + times;
        wait(calls.wait_for(|calls| count(calls) >= wanted), "calls")
            .await
            .unwrap();
    }

    async fn pass<T>(&self, call: Call, answer: impl Future<Output = Result<T>>) -> Result<T> {
        let fails = {
            let mut failures = self.failures.lock().unwrap();
            let left = failures.entry(call).or_default();
            let fails = *left > 0;
            *left = left.saturating_sub(1);
            fails
        };
        let answer = match fails {
            true => Err(Error::Store(duly_db::Error::Busy)),
            false => answer.await,
        };
        self.calls
            .send_modify(|calls| *calls.entry(call).or_default() += 1);
        if *self.hold.borrow() == Hold::Next(call) {
            self.hold.send_replace(Hold::Held);
            let mut hold = self.hold.subscribe();
            let _ = hold.wait_for(|hold| *hold == Hold::Nothing).await;
        }
        answer
    }
}

#[async_trait]
impl JobStore for Disturbed {
    async fn now(&self) -> Result<Timestamp> {
        self.inner.now().await
    }
    async fn push(&self, tx: &mut Tx, job: NewJob) -> Result<Pushed> {
        self.inner.push(tx, job).await
    }
    async fn reserve(&self, want: &Want<'_>) -> Result<Vec<Reserved>> {
        self.pass(Call::Reserve, self.inner.reserve(want)).await
    }
    async fn next_due(&self, queues: &[QueueName], kinds: &[Kind]) -> Result<Option<Duration>> {
        self.pass(Call::NextDue, self.inner.next_due(queues, kinds))
            .await
    }
    async fn renew(&self, held: &[Held], lease: Duration) -> Result<Vec<Held>> {
        self.pass(Call::Renew, self.inner.renew(held, lease)).await
    }
    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>> {
        self.pass(Call::Settle, self.inner.settle(settlements))
            .await
    }
    async fn sweep(&self) -> Result<Swept> {
        self.pass(Call::Sweep, self.inner.sweep()).await
    }
    async fn lead(&self, name: &str, holder: Uuid, lease: Duration) -> Result<Option<Term>> {
        self.inner.lead(name, holder, lease).await
    }
    async fn resign(&self, name: &str, holder: Uuid) -> Result<()> {
        self.inner.resign(name, holder).await
    }
    async fn schedules(&self) -> Result<BTreeMap<String, ScheduleRecord>> {
        self.pass(Call::Schedules, self.inner.schedules()).await
    }
    async fn claim(&self, tx: &mut Tx, claim: &Claim<'_>) -> Result<bool> {
        self.inner.claim(tx, claim).await
    }
    async fn not_fired(&self, schedule: &str, error: &str) -> Result<()> {
        self.inner.not_fired(schedule, error).await
    }
    fn operations(&self) -> &dyn Operations {
        self.inner.operations()
    }
}

pub(crate) async fn errors_of_the_store_do_not_end_the_worker(fixture: Fixture) {
    let store = Disturbed::around(fixture.store.clone());
    store.fail(Call::NextDue, 2);
    store.fail(Call::Reserve, 1);
    fixture.push(&Task::new("a")).await;
    let worker = Worker::start(
        fixture.queue_through(store.clone()),
        Arc::new(registry()),
        fixture.world.clone(),
        WorkerOptions::default(),
    );
    fixture.world.until_started(1).await;
    assert_eq!(worker.drain(PATIENCE).await, DrainReport::default());
    assert_eq!(fixture.counts().await, Counts::default());
}

pub(crate) async fn results_are_kept_until_they_can_be_stored(fixture: Fixture) {
    let store = Disturbed::around(fixture.store.clone());
    store.fail(Call::Settle, 3);
    for label in ["a", "b", "c"] {
        fixture.push(&Task::new(label)).await;
    }
    let worker = Worker::start(
        fixture.queue_through(store.clone()),
        Arc::new(registry()),
        fixture.world.clone(),
        WorkerOptions::default(),
    );
    store.until_called(Call::Settle, 3).await;
    assert_eq!(fixture.world.started().len(), 3);
    assert_eq!(worker.drain(PATIENCE).await, DrainReport::default());
    assert_eq!(fixture.counts().await, Counts::default());
    assert_eq!(fixture.world.started().len(), 3, "none ran again");
}

pub(crate) async fn errors_while_renewing_do_not_end_the_job(fixture: Fixture) {
    let store = Disturbed::around(fixture.store.clone());
    store.fail(Call::Renew, 3);
    store.fail(Call::Sweep, 3);
    fixture.world.plan("a", Plan::Wait);
    fixture.push(&Task::new("a")).await;
    let lease = Lease {
        length: Duration::from_secs(15),
        renew_every: Duration::from_millis(5),
    };
    let worker = Worker::start_with_lease(
        fixture.queue_through(store.clone()),
        Arc::new(registry()),
        fixture.world.clone(),
        WorkerOptions::default(),
        lease,
    );
    fixture.world.until_started(1).await;
    store.until_called(Call::Renew, 5).await;
    fixture.world.open();
    assert_eq!(worker.drain(PATIENCE).await, DrainReport::default());
    assert_eq!(fixture.counts().await, Counts::default());
}
