//! Jobs that move in Redis, and are recorded in SQL.
//!
//! In Redis are the jobs that wait or run, their leases, unique keys, rates and attempts. What operators look up
//! later is in SQL, as [`SqlStore`] keeps it: jobs that failed, were done or cancelled, measures, pauses, workers,
//! who leads.
//!
//! A job is pushed into a table of the caller's database, the **outbox**, within the caller's transaction. A relay
//! hands it over to Redis ([`relaying`]). What becomes of jobs is written into a stream there, by the same script
//! that ends them, and a **drain** records it in SQL ([`draining`]). Each of the two may be killed between any of
//! its steps and be run by many at once: no job is lost, and none is pushed or recorded twice.

mod draining;
mod keeping;
mod keys;
mod link;
mod looking;
mod moving;
mod operations;
mod packing;
mod relaying;
mod reserving;
mod scripts;
mod settling;
mod steering;
mod tags;
#[cfg(test)]
mod tests;
mod watching;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use duly_db::{SharedClock, Tx};
use duly_redis::Address;
use jiff::Timestamp;
use redis::cmd;
use tokio::time::Instant;
use uuid::Uuid;

use crate::sql::SqlStore;
use crate::store::{
    Claim, Held, JobStore, Kind, NewJob, Operations, Reserved, ScheduleRecord, Settled, Settlement,
    Swept, Term, Want,
};
use crate::{Pushed, QueueName, Result};

pub use keeping::Keeping;
use keys::Place;
use link::Link;
pub(crate) use packing::{Body, Fixed, Live};
use watching::Watched;

/// The driver for Redis, beside a database.
#[derive(Debug)]
pub struct RedisStore {
    sql: SqlStore,
    link: Link,
    /// Orders what this process pushes at the same time.
    turn: AtomicI64,
    /// What this process has pushed and not yet seen in Redis.
    pending: Mutex<HashMap<Uuid, Instant>>,
    /// Rows that Redis has and that are still in the outbox.
    handed_over: Mutex<Vec<Uuid>>,
    relaying: tokio::sync::Mutex<()>,
    draining: tokio::sync::Mutex<()>,
    places: RwLock<Arc<Vec<Place>>>,
    watched: Mutex<Watched>,
    /// There is something in the outbox.
    pushed: tokio::sync::Notify,
}

impl RedisStore {
    /// Jobs kept in the Redis at this address, recorded by the given store. What is kept for one installation is
    /// not found for another. The time by which jobs are due and leases end is the server's.
    ///
    /// Nothing is connected before it is needed. [`RedisStore::keep_up`] does what has to be done in the
    /// background.
    #[must_use]
    pub fn new(sql: SqlStore, address: Address, installation: &str) -> Self {
        Self::over(sql, Link::new(address, installation, None))
    }

    /// The same by another clock than the server's.
    #[must_use]
    pub fn by_clock(
        sql: SqlStore,
        address: Address,
        installation: &str,
        clock: SharedClock,
    ) -> Self {
        Self::over(sql, Link::new(address, installation, Some(clock)))
    }

    fn over(sql: SqlStore, link: Link) -> Self {
        let turn = AtomicI64::new(0);
        RedisStore {
            sql,
            link,
            turn,
            pending: Mutex::default(),
            handed_over: Mutex::default(),
            relaying: tokio::sync::Mutex::default(),
            draining: tokio::sync::Mutex::default(),
            places: RwLock::default(),
            watched: Mutex::default(),
            pushed: tokio::sync::Notify::new(),
        }
    }

    fn next_turn(&self) -> i64 {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// The places that were there at the last look.
    fn places(&self) -> Arc<Vec<Place>> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        places.clone()
    }

    /// The places that are there. A place stays for good.
    async fn find_places(&self) -> Result<Arc<Vec<Place>>> {
        let keys = &self.link.keys;
        let names: Vec<String> = self.link.run(cmd("SMEMBERS").arg(keys.places())).await?;
        let mut found: Vec<Place> = names
            .iter()
            .filter_map(|name| Place::read(keys, name))
            .collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        let found = Arc::new(found);
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        *places = found.clone();
        Ok(found)
    }
}

#[async_trait]
impl JobStore for RedisStore {
    async fn now(&self) -> Result<Timestamp> {
        self.time().await
    }

    async fn push(&self, tx: &mut Tx, job: NewJob) -> Result<Pushed> {
        self.write_to_outbox(tx, job).await
    }

    fn pushed(&self) {
        self.pushed.notify_one();
    }

    async fn reserve(&self, want: &Want<'_>) -> Result<Vec<Reserved>> {
        self.relay_own().await;
        self.take(want).await
    }

    async fn next_due(&self, queues: &[QueueName], kinds: &[Kind]) -> Result<Option<Duration>> {
        self.relay_own().await;
        self.first_due(queues, kinds).await
    }

    async fn renew(&self, held: &[Held], lease: Duration) -> Result<Vec<Held>> {
        self.hold_longer(held, lease).await
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>> {
        self.end(settlements).await
    }

    async fn sweep(&self) -> Result<Swept> {
        let swept = self.end_expired().await?;
        self.drain().await?;
        let recorded = self.sql.sweep().await?;
        Ok(Swept {
            given_back: swept.given_back + recorded.given_back,
            failed: swept.failed + recorded.failed,
        })
    }

    async fn lead(&self, name: &str, holder: Uuid, lease: Duration) -> Result<Option<Term>> {
        self.sql.lead(name, holder, lease).await
    }

    async fn resign(&self, name: &str, holder: Uuid) -> Result<()> {
        self.sql.resign(name, holder).await
    }

    async fn schedules(&self) -> Result<BTreeMap<String, ScheduleRecord>> {
        self.sql.schedules().await
    }

    async fn claim(&self, tx: &mut Tx, claim: &Claim<'_>) -> Result<bool> {
        self.sql.claim(tx, claim).await
    }

    async fn not_fired(&self, schedule: &str, error: &str) -> Result<()> {
        self.sql.not_fired(schedule, error).await
    }

    fn operations(&self) -> &dyn Operations {
        self
    }
}
