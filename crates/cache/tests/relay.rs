//! What the relay tells a store, and when it tells it again.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use duly_cache::limits::{Count, Limiter};
use duly_cache::status::StoreStatus;
use duly_cache::store::{Connection, Fence, Found, Lost, Raise, Turn};
use duly_cache::{
    Cache, Credential, Entry, Known, Limits, OwnerKey, OwnerKeys, Record, Relay, Store, View,
};
use duly_db::clock::SystemClock;
use duly_db::testing::TestDatabase;
use duly_db::versions::{self, Kind};
use duly_db::{Engine, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Serialize, Deserialize)]
struct Nobody;

impl Record for Nobody {
    fn is_valid(&self, _: Timestamp) -> bool {
        true
    }
}

/// Notes whom it was told of.
#[derive(Debug)]
struct Notes {
    told: Mutex<Vec<OwnerKey>>,
    may_forget: bool,
    connection: AtomicU64,
}

#[async_trait]
impl Store<Nobody> for Notes {
    async fn look(
        &self,
        _: &Credential,
        _: Option<View>,
        _: &[Count<'_>],
    ) -> Result<Found<Nobody>, Lost> {
        Ok(Found::nothing())
    }

    async fn fence(&self, _: &Credential) -> Result<Option<Fence>, Lost> {
        Ok(None)
    }

    async fn introduce(&self, _: &Credential, _: Fence, _: &Known<Nobody>) -> Result<bool, Lost> {
        Ok(false)
    }

    async fn turn(&self, _: OwnerKey, _: View, _: Version) -> Result<Turn, Lost> {
        Ok(Turn::Ours)
    }

    async fn fill(&self, _: OwnerKey, _: View, _: &Entry) -> Result<bool, Lost> {
        Ok(false)
    }

    async fn raise(&self, raises: &[(OwnerKey, Raise)]) -> Result<(), Lost> {
        let owners = raises.iter().map(|(owner, _)| *owner);
        self.told.lock().unwrap().extend(owners);
        Ok(())
    }

    fn status(&self) -> StoreStatus {
        StoreStatus::Memory
    }

    fn connection(&self) -> Option<Connection> {
        Some(Connection {
            number: self.connection.load(Ordering::Relaxed),
            told: None,
            may_forget: self.may_forget,
        })
    }
}

struct Told {
    database: TestDatabase,
    keys: OwnerKeys,
    store: Arc<Notes>,
    relay: Relay<Nobody>,
}

impl Told {
    async fn new(may_forget: bool) -> Self {
        let database = TestDatabase::new(&[versions::MIGRATIONS]).await;
        let keys = OwnerKeys::new([7; 32]);
        let store = Arc::new(Notes {
            told: Mutex::default(),
            may_forget,
            connection: AtomicU64::new(1),
        });
        let clock = Arc::new(SystemClock);
        let (limits, limiter) = (Limits::default(), Limiter::new(clock.clone()));
        let cache = Cache::new(store.clone(), keys.clone(), limits, limiter, clock);
        let relay = Relay::start(cache, database.clone()).await.unwrap();
        Told {
            database,
            keys,
            store,
            relay,
        }
    }

    async fn commit(&self, owners: impl Iterator<Item = u128>) {
        let mut tx = self.database.begin();
        for owner in owners.map(Uuid::from_u128) {
            versions::start(&mut tx, owner).await.unwrap();
            versions::raise(&mut tx, owner, Kind::Data);
        }
        tx.commit().await.unwrap();
    }

    /// After each time the relay tells what there is, how often it has told of an owner.
    async fn times_told(&mut self, owner: u128, rounds: usize) -> Vec<usize> {
        let key = self.keys.of(Uuid::from_u128(owner));
        let mut times = Vec::new();
        for _ in 0..rounds {
            self.relay.catch_up().await.unwrap();
            let told = self.store.told.lock().unwrap();
            times.push(told.iter().filter(|told| **told == key).count());
        }
        times
    }
}

#[tokio::test]
async fn a_store_that_may_forget_is_told_again_for_a_while() {
    let mut told = Told::new(true).await;
    told.commit(std::iter::once(1)).await;
    let times = told.times_told(1, 200).await;
    assert_eq!(times.first(), Some(&1));
    assert!(times.get(20) >= Some(&2), "{times:?}");
    // MySQL's changes are found by the clock: those of the last half minute each time.
    if !matches!(told.database.engine(), Engine::MariaDb | Engine::MySql) {
        assert_eq!(times.get(100), times.last(), "{times:?}");
    }
}

#[tokio::test]
async fn a_store_that_may_forget_is_told_again_at_once_by_another_connection() {
    let mut told = Told::new(true).await;
    told.commit(std::iter::once(1)).await;
    assert_eq!(told.times_told(1, 1).await, [1]);
    told.store.connection.fetch_add(1, Ordering::Relaxed);
    assert_eq!(told.times_told(1, 1).await, [2]);
}

/// What PostgreSQL's cursor cannot pass while anybody's transaction is open, MySQL's not for a while.
#[tokio::test]
async fn what_is_read_again_is_not_told_again() {
    let mut told = Told::new(false).await;
    let mut open = told.database.begin();
    // SQLite has one writer at a time.
    if told.database.engine() != Engine::Sqlite {
        versions::start(&mut open, Uuid::from_u128(2))
            .await
            .unwrap();
    }
    told.commit(std::iter::once(1)).await;
    assert_eq!(told.times_told(1, 20).await, [1; 20]);
    told.commit(std::iter::once(3)).await;
    assert_eq!(told.times_told(3, 5).await, [1; 5]);
}

#[tokio::test]
async fn changes_that_are_read_again_do_not_keep_it_busy() {
    let mut told = Told::new(false).await;
    told.commit(1..=500).await;
    let caught_up = tokio::time::timeout(Duration::from_secs(20), told.relay.catch_up());
    caught_up.await.unwrap().unwrap();
    assert_eq!(told.store.told.lock().unwrap().len(), 500);
}
