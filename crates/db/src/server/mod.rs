//! PostgreSQL, MariaDB and MySQL: connections to the primary, and to the replicas that follow it.
//!
//! A read that says which version of an owner's data it has to see may be answered by a replica:
//! the answer brings its version along, and is used when that is not older ([`reader`]). The
//! [`monitor`] looks at every server all the time; [`health`] says from that which replica is
//! asked, and [`lineage`] which server is the rightful primary.

mod address;
#[cfg(feature = "testing")]
mod administrator;
mod checks;
mod connection;
mod floors;
mod health;
mod history;
mod lineage;
mod monitor;
mod mysql;
mod pool;
mod postgres;
mod primary;
mod reader;
mod recent;
mod replicas;
mod session;
mod sighting;
mod text;
mod timeouts;
mod transaction;
mod waits;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use uuid::Uuid;

pub use address::Address;
#[cfg(feature = "testing")]
pub(crate) use administrator::Administrator;
pub(crate) use reader::Reader;
pub(crate) use session::Session;
pub(crate) use text::numbered;
pub(crate) use transaction::{Kind, Transaction};

use crate::clock::SystemClock;
use crate::db::Meter;
use crate::options::Options;
use crate::random::SystemRandom;
use crate::status::Reads;
use crate::{Engine, Error, SharedClock, SharedRandom, Status, Version};
use floors::Floors;
use monitor::Monitor;
use pool::{Pool, Settings};
use primary::{Gate, Primary};
use replicas::{Replica, Replicas};
use timeouts::Timeouts;

/// The servers of one database.
#[derive(Debug)]
pub(crate) struct Server {
    engine: Engine,
    version: Arc<str>,
    primary: Primary,
    replicas: Replicas,
    floors: Arc<Floors>,
    /// Lets reads fall to the primary.
    fallback: Arc<Semaphore>,
    /// How long a caller waits for its turn.
    wait: Duration,
    capped: Arc<AtomicU64>,
    monitor: Monitor,
}

impl Server {
    pub(crate) async fn open(
        address: &Address,
        followers: &[Address],
        options: &Options,
        meter: Arc<Meter>,
    ) -> Result<Self, Error> {
        let (clock, random): (SharedClock, SharedRandom) =
            (Arc::new(SystemClock), Arc::new(SystemRandom));
        let settings = settings(options);
        let gate = Gate::default();
        let role = "primary".into();
        let pool = Pool::new(
            address.clone(),
            role,
            settings,
            meter.clone(),
            Some(gate.clone()),
        )?;
        let mut first = pool.acquire().await.map_err(checks::unreachable)?;
        let checked = checks::primary(&mut first, options.durability).await;
        let version = checked.map_err(|error| pool.named(error))?;
        let engine = first.engine();
        let mut all = Vec::with_capacity(followers.len());
        for follower in followers {
            let role = follower.name().into();
            let pool = Pool::new(follower.clone(), role, settings, meter.clone(), None)?;
            all.push(Arc::new(Replica::new(pool, options.replica_lag)));
        }
        checks::together(&pool, &mut first, &all).await?;
        drop(first);
        let primary = Primary::new(pool, clock.clone());
        let replicas = Replicas::new(all, random);
        Ok(Server {
            engine,
            version: version.into(),
            monitor: Monitor::start(&primary, &gate, &replicas, clock),
            primary,
            replicas,
            floors: Arc::default(),
            fallback: Arc::new(Semaphore::new(options.primary_reads.max(1))),
            wait: options.wait_timeout,
            capped: Arc::default(),
        })
    }

    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    pub(crate) fn reader(self: &Arc<Self>, required: Option<(Uuid, Version)>) -> Reader {
        Reader::new(self.clone(), required)
    }

    pub(crate) fn begin(&self, kind: Kind) -> Transaction {
        Transaction::on_primary(self.primary.clone(), self.floors.clone(), kind)
    }

    fn snapshot_on(&self, pool: &Pool) -> Transaction {
        Transaction::on(pool.clone(), self.floors.clone(), Kind::Snapshot)
    }

    /// How the servers are doing.
    pub(crate) fn status(&self) -> Status {
        let all = self.replicas.all();
        let reads = &self.primary.reads;
        let by_replicas: u64 = all.iter().map(|one| one.served().last_minute()).sum();
        let of_all = by_replicas + reads.last_minute();
        Status {
            engine: self.engine,
            version: self.version.to_string(),
            pool: self.primary.pool.status(),
            primary: self.primary.shown(),
            replicas: all.iter().map(|one| one.shown(of_all)).collect(),
            reads: Reads {
                replica: all.iter().map(|one| one.served().total()).sum(),
                primary: reads.total(),
                primary_capped: self.capped.load(Ordering::Relaxed),
            },
        }
    }

    pub(crate) fn close(&self) {
        self.monitor.end();
        self.primary.pool.close();
        for replica in self.replicas.all() {
            replica.pool.close();
        }
    }
}

fn settings(options: &Options) -> Settings {
    Settings {
        connections: options.connections,
        wait: options.wait_timeout,
        connect: options.wait_timeout,
        timeouts: Timeouts {
            statement: options.statement_timeout,
            lock: options.wait_timeout,
            idle: options.idle_timeout,
        },
    }
}
