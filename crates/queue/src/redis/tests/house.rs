//! A database and a Redis, and stores on them as several processes would have them.

use std::sync::Arc;
use std::time::Duration;

use duly_db::clock::ManualClock;
use duly_db::random::{SeededRandom, SystemRandom, new_id};
use duly_db::testing::TestDatabase;
use duly_redis::testing::RedisServer;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::redis::RedisStore;
use crate::sql::SqlStore;
use crate::store::{
    Counts, JobStore, Kind, NewJob, Outcome, Reserved, Settled, Totals, Want, WorkerId,
};
use crate::{JobId, Priority, Pushed, QueueName};

pub(super) const LEASE: Duration = Duration::from_secs(15);

pub(super) fn start() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

pub(super) struct House {
    pub(super) db: TestDatabase,
    pub(super) server: RedisServer,
    pub(super) clock: Arc<ManualClock>,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(super) async fn with(options: &[&str]) -> Self {
        House {
            db: TestDatabase::new(&[crate::MIGRATIONS]).await,
            server: RedisServer::with(options),
            clock: ManualClock::at(start()),
        }
    }

    /// The store of another process.
    pub(super) fn store(&self) -> RedisStore {
        self.store_at(&self.server.url())
    }

    pub(super) fn store_at(&self, url: &str) -> RedisStore {
        let address = url.parse().unwrap();
        RedisStore::by_clock(self.sql(), address, "test", self.clock.clone())
    }

    pub(super) fn sql(&self) -> SqlStore {
        // Each process has a randomness of its own.
        SqlStore::new(
            (*self.db).clone(),
            self.clock.clone(),
            Arc::new(SystemRandom),
        )
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub(super) async fn push(&self, store: &dyn JobStore, job: NewJob) -> Pushed {
        let mut tx = self.db.begin();
        let pushed = store.push(&mut tx, job).await.unwrap();
        tx.commit().await.unwrap();
        pushed
    }

    /// Pushes so many with one transaction.
    pub(super) async fn push_many(&self, store: &dyn JobStore, count: u32) {
        let mut tx = self.db.begin();
        for _ in 0..count {
            store.push(&mut tx, job("task")).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// How many rows are in the outbox.
    pub(super) async fn outbox(&self) -> usize {
        let select = duly_db::query("SELECT id FROM job_outbox");
        self.db.read_fresh().rows(select).await.unwrap().len()
    }
}

pub(super) fn job(name: &'static str) -> NewJob {
    let id = new_id(&SystemRandom, start());
    NewJob {
        id: JobId(id),
        queue: QueueName::DEFAULT,
        name: name.into(),
        payload: format!("\"{id}\""),
        tries: 3,
        unique: None,
        tags: vec!["tag".to_owned()],
        run_at: None,
        priority: Priority::Normal,
        lane: None,
        retry_for: None,
        trace_parent: None,
    }
}

pub(super) fn unique(key: &str) -> NewJob {
    NewJob {
        unique: Some(key.to_owned()),
        ..job("once")
    }
}

pub(super) async fn reserve(store: &dyn JobStore, limit: u32) -> Vec<Reserved> {
    let kinds = ["task", "once"].map(|name| Kind { name, rate: None });
    let want = Want {
        kinds: &kinds,
        shares: &[(QueueName::DEFAULT, limit)],
        limit,
        lease: LEASE,
        worker: WorkerId(Uuid::from_u128(7)),
    };
    store.reserve(&want).await.unwrap()
}

pub(super) async fn settle(store: &dyn JobStore, job: &Reserved, outcome: Outcome) -> Settled {
    let settlement = job.settled(outcome, Duration::from_millis(3));
    store.settle(&[settlement]).await.unwrap()[0]
}

pub(super) fn failing() -> Outcome {
    Outcome::Fail {
        error: "broken".to_owned(),
    }
}

pub(super) async fn counts(store: &dyn JobStore) -> Counts {
    let counts = store.operations().counts().await.unwrap();
    counts.get(&QueueName::DEFAULT).copied().unwrap_or_default()
}

pub(super) async fn totals(store: &dyn JobStore) -> Totals {
    let totals = store.operations().totals(start()).await.unwrap();
    totals.get(&QueueName::DEFAULT).copied().unwrap_or_default()
}

pub(super) fn seeded() -> Arc<SeededRandom> {
    SeededRandom::new(3)
}
