//! Jobs kept in SQL tables, next to the data they work on.
//!
//! Every change is one transaction. A look whether there is anything to do comes first, so that
//! an idle worker never waits for the writer.

pub(crate) mod actions;
mod attempts;
pub(crate) mod batches;
mod decisions;
mod ending;
mod finished;
mod fronts;
mod json;
mod leadership;
mod limits;
mod listing;
mod measuring;
pub(crate) mod moving;
mod operations;
pub(crate) mod outbox;
mod pausing;
mod pushing;
mod rates;
pub(crate) mod recording;
mod reserving;
mod schedules;
mod settling;
pub(crate) mod steering;
mod tables;
pub(crate) mod tags;
mod workers;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duly_db::migrate::MigrationSet;
use duly_db::random::new_id;
use duly_db::{Db, SharedClock, SharedRandom, Tx, placeholders, retry};
use jiff::Timestamp;
use uuid::Uuid;

use self::fronts::Fronts;
use crate::store::{
    Claim, Held, JobStore, Kind, NewJob, Operations, Reserved, ScheduleRecord, Settled, Settlement,
    Swept, Term, Want,
};
use crate::{JobId, Pushed, QueueName, Result};

pub use tables::TABLES;
pub use tags::TAGS_WATCHED;

/// The migrations of the queue's tables.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    owner: "queue",
    migrations: &[
        duly_db::migration!("0001_jobs"),
        duly_db::migration!("0002_schedules"),
        duly_db::migration!("0003_job_totals_minute"),
        duly_db::migration!("0004_operations"),
        duly_db::migration!("0005_job_order"),
        duly_db::migration!("0006_decisions"),
        duly_db::migration!("0007_schedules"),
        duly_db::migration!("0008_job_outbox"),
        duly_db::migration!("0009_queue_settings"),
        duly_db::migration!("0010_batches"),
        duly_db::migration!("0011_job_logs"),
        duly_db::migration!("0012_job_tags"),
        duly_db::migration!("0013_job_indexes"),
        duly_db::migration!("0014_job_unique"),
        duly_db::migration!("0015_job_traces"),
    ],
};

/// The driver for SQL databases.
#[derive(Debug)]
pub struct SqlStore {
    pub(crate) db: Db,
    pub(crate) clock: SharedClock,
    pub(crate) random: SharedRandom,
    /// When leases were last looked at before jobs were taken, in microseconds since 1970 UTC.
    leases_seen: AtomicI64,
    fronts: Fronts,
}

/// Before jobs are taken, leases are looked at no oftener than this: each look meets what has lately run.
const LEASES_SEEN_EVERY: Duration = Duration::from_secs(1);

impl SqlStore {
    /// Jobs kept in the given database. SQLite has no clock that other processes could disagree
    /// with, so the time is the given clock's.
    #[must_use]
    pub fn new(db: Db, clock: SharedClock, random: SharedRandom) -> Self {
        SqlStore {
            db,
            clock,
            random,
            leases_seen: AtomicI64::new(i64::MIN),
            fronts: Fronts::default(),
        }
    }

    /// Whether leases are to be looked at before jobs are taken.
    fn sees_leases(&self, now: Timestamp) -> bool {
        let every = i64::try_from(LEASES_SEEN_EVERY.as_micros()).unwrap_or(i64::MAX);
        let now = now.as_microsecond();
        let seen = |last: i64| (last.abs_diff(now) >= every.unsigned_abs()).then_some(now);
        let order = Ordering::Relaxed;
        self.leases_seen.fetch_update(order, order, seen).is_ok()
    }

    /// Runs a transaction of the store's own, and again when it gave way to another's.
    pub(crate) async fn alone<T, F>(&self, transaction: impl FnMut() -> F + Send) -> Result<T>
    where
        T: Send,
        F: Future<Output = Result<T>> + Send,
    {
        retry::on_conflict(&*self.random, transaction).await
    }

    /// Where what an operator does is written down.
    pub(crate) fn entry(&self) -> actions::Entry {
        let at = self.clock.now();
        actions::Entry {
            id: new_id(&*self.random, at),
            at,
        }
    }
}

/// How many jobs one statement names at most.
const IDS: usize = 256;

/// A list of parameters from the given one on, and the ids to bind to them: one of six lengths, filled up with
/// the last id, so that the text of a statement is not another one for each number of jobs.
fn id_list(first: usize, ids: impl IntoIterator<Item = JobId>) -> (String, Vec<JobId>) {
    let mut ids: Vec<JobId> = ids.into_iter().collect();
    let lengths = [1, 4, 16, 48, 100, IDS];
    let length = lengths.into_iter().find(|&length| length >= ids.len());
    if let (Some(length), Some(last)) = (length, ids.last().copied()) {
        ids.resize(length, last);
    }
    (placeholders(first, ids.len()), ids)
}

/// The instant that lies `wait` after `start`, or the last one there is.
pub(crate) fn later(start: Timestamp, wait: Duration) -> Timestamp {
    start.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// The instant that lies whole `days` before `now`, or the first one there is.
fn days_before(now: Timestamp, days: u64) -> Timestamp {
    now.checked_sub(Duration::from_secs(days.saturating_mul(86_400)))
        .unwrap_or(Timestamp::MIN)
}

#[async_trait]
impl JobStore for SqlStore {
    async fn now(&self) -> Result<Timestamp> {
        Ok(self.clock.now())
    }

    async fn push(&self, tx: &mut Tx, job: NewJob) -> Result<Pushed> {
        pushing::push(tx, job, self.clock.now()).await
    }

    async fn push_all(&self, tx: &mut Tx, jobs: Vec<NewJob>) -> Result<Vec<Pushed>> {
        pushing::push_all(tx, jobs, self.clock.now()).await
    }

    async fn reserve(&self, want: &Want<'_>) -> Result<Vec<Reserved>> {
        let now = self.clock.now();
        if self.sees_leases(now) {
            self.alone(|| ending::end_leases(&self.db, now)).await?;
        }
        self.alone(|| reserving::reserve(&self.db, &self.fronts, want, self.clock.now()))
            .await
    }

    async fn next_due(&self, queues: &[QueueName], kinds: &[Kind]) -> Result<Option<Duration>> {
        reserving::next_due(&mut self.db.read_fresh(), queues, kinds, self.clock.now()).await
    }

    async fn renew(&self, held: &[Held], lease: Duration) -> Result<Vec<Held>> {
        self.alone(|| settling::renew(&self.db, held, later(self.clock.now(), lease)))
            .await
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>> {
        self.alone(|| settling::settle(&self.db, settlements, self.clock.now()))
            .await
    }

    async fn sweep(&self) -> Result<Swept> {
        self.alone(|| ending::sweep(&self.db, self.clock.now()))
            .await
    }

    async fn lead(&self, name: &str, holder: Uuid, lease: Duration) -> Result<Option<Term>> {
        self.alone(|| leadership::lead(&self.db, name, holder, lease, self.clock.now()))
            .await
    }

    async fn resign(&self, name: &str, holder: Uuid) -> Result<()> {
        self.alone(|| leadership::resign(&self.db, name, holder, self.clock.now()))
            .await
    }

    async fn schedules(&self) -> Result<BTreeMap<String, ScheduleRecord>> {
        schedules::list(&mut self.db.read_fresh()).await
    }

    async fn claim(&self, tx: &mut Tx, claim: &Claim<'_>) -> Result<bool> {
        schedules::claim(tx, claim, self.clock.now()).await
    }

    async fn not_fired(&self, schedule: &str, error: &str) -> Result<()> {
        self.alone(|| schedules::not_fired(&self.db, schedule, error, self.clock.now()))
            .await
    }

    fn operations(&self) -> &dyn Operations {
        self
    }
}
