//! Jobs kept in SQL tables, next to the data they work on.
//!
//! Every change is one transaction. A look whether there is anything to do comes first, so that
//! an idle worker never waits for the writer.

mod ending;
mod inspection;
mod leadership;
mod pushing;
mod reserving;
mod settling;
mod tables;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use duly_db::migrate::MigrationSet;
use duly_db::partitions::{Kind, PartitionedTable, Period};
use duly_db::{Db, SharedClock, SharedRandom, Tx, retry};
use jiff::Timestamp;
use uuid::Uuid;

use crate::store::{
    AttemptRecord, Claim, Counts, FailedCursor, FailedJob, Held, JobStore, NewJob, Reserved,
    Retried, Settled, Settlement, Swept, Term, Totals, Want,
};
use crate::{JobId, Pushed, QueueName, Result};

pub use tables::TABLES;

/// The migrations of the queue's tables.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    owner: "queue",
    migrations: &[
        duly_db::migration!("0001_jobs"),
        duly_db::migration!("0002_schedules"),
        duly_db::migration!("0003_job_totals_minute"),
    ],
};

/// How the totals are laid out.
pub const TOTALS_BY_MONTH: PartitionedTable = PartitionedTable {
    name: "job_totals",
    column: "minute",
    key: &["queue", "minute"],
    kind: Kind::Minute,
    period: Period::Month,
    is_referenced: false,
};

/// The driver for SQL databases.
#[derive(Debug)]
pub struct SqlStore {
    db: Db,
    clock: SharedClock,
    random: SharedRandom,
}

impl SqlStore {
    /// Jobs kept in the given database. SQLite has no clock that other processes could disagree
    /// with, so the time is the given clock's.
    #[must_use]
    pub fn new(db: Db, clock: SharedClock, random: SharedRandom) -> Self {
        SqlStore { db, clock, random }
    }

    /// Runs a transaction of the store's own, and again when it gave way to another's.
    async fn alone<T, F>(&self, transaction: impl FnMut() -> F + Send) -> Result<T>
    where
        T: Send,
        F: Future<Output = Result<T>> + Send,
    {
        retry::on_conflict(&*self.random, transaction).await
    }
}

/// The instant that lies `wait` after `start`, or the last one there is.
fn later(start: Timestamp, wait: Duration) -> Timestamp {
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

    async fn reserve(&self, want: &Want<'_>) -> Result<Vec<Reserved>> {
        self.alone(|| reserving::reserve(&self.db, want, self.clock.now()))
            .await
    }

    async fn next_due(&self, queues: &[QueueName], kinds: &[&str]) -> Result<Option<Duration>> {
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

    async fn counts(&self) -> Result<BTreeMap<QueueName, Counts>> {
        inspection::counts(&mut self.db.read_fresh(), self.clock.now()).await
    }

    async fn totals(&self, since: Timestamp) -> Result<BTreeMap<QueueName, Totals>> {
        inspection::totals(&mut self.db.read_fresh(), since).await
    }

    async fn failed(&self, limit: u32, after: Option<FailedCursor>) -> Result<Vec<FailedJob>> {
        inspection::failed(&mut self.db.read_fresh(), self.db.engine(), limit, after).await
    }

    async fn retry_failed(&self, id: JobId) -> Result<Retried> {
        self.alone(|| ending::retry_failed(&self.db, id, self.clock.now()))
            .await
    }

    async fn attempts(&self, id: JobId) -> Result<Vec<AttemptRecord>> {
        inspection::attempts(&mut self.db.read_fresh(), id).await
    }

    async fn lead(&self, name: &str, holder: Uuid, lease: Duration) -> Result<Option<Term>> {
        self.alone(|| leadership::lead(&self.db, name, holder, lease, self.clock.now()))
            .await
    }

    async fn resign(&self, name: &str, holder: Uuid) -> Result<()> {
        self.alone(|| leadership::resign(&self.db, name, holder, self.clock.now()))
            .await
    }

    async fn slots(&self) -> Result<BTreeMap<String, Timestamp>> {
        leadership::slots(&mut self.db.read_fresh()).await
    }

    async fn claim(&self, tx: &mut Tx, claim: &Claim<'_>) -> Result<bool> {
        leadership::claim(tx, claim, self.clock.now()).await
    }
}
