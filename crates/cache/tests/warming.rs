//! What is loaded before somebody asks: never in the way of those who do.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use bytes::Bytes;
use duly_cache::limits::Limiter;
use duly_cache::{
    Asking, Cache, Credential, Known, Limits, Loaded, Memory, Overloaded, OwnerKeys, Record,
    Refused, View, Visit,
};
use duly_db::Version;
use duly_db::clock::SystemClock;
use duly_db::versions::Versions;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use uuid::Uuid;

#[derive(Debug, Serialize, Deserialize)]
struct Somebody;

impl Record for Somebody {
    fn is_valid(&self, _: Timestamp) -> bool {
        true
    }
}

fn cache() -> Cache<Somebody> {
    let clock = Arc::new(SystemClock);
    let store = Arc::new(Memory::new(clock.clone()));
    let limits = Limits {
        loads: 8,
        ..Limits::default()
    };
    let (keys, limiter) = (OwnerKeys::new([7; 32]), Limiter::new(clock.clone()));
    Cache::new(store, keys, limits, limiter, clock)
}

async fn visit(cache: &Cache<Somebody>) -> Visit<Somebody> {
    let credential = Credential {
        owner: cache.keys().of(Uuid::from_u128(1)),
        hash: [1; 32],
    };
    let known = Known {
        record: Arc::new(Somebody),
        versions: Versions {
            data: Version::of(1),
            auth: 1,
        },
        is_newest: true,
    };
    let load = async { Ok::<_, Refused>(known) };
    let visited = cache.visit(&credential, Asking::default(), load).await;
    visited.unwrap()
}

async fn answer(cache: &Cache<Somebody>, name: &str, gate: &Semaphore) {
    let load = async {
        gate.acquire().await.unwrap().forget();
        Ok::<_, Overloaded>(Loaded {
            version: Some(Version::of(1)),
            until: None,
            tag: "\"1\"".into(),
            body: Bytes::from_static(b"[]"),
        })
    };
    let (visit, view) = (visit(cache).await, View::of("1", &[name]));
    cache.answer(&visit, view, load).await.unwrap();
}

/// Begins to load the answer of that name, if that may be.
fn warm(cache: &Cache<Somebody>, name: &'static str, gate: &Arc<Semaphore>) -> bool {
    let (asked, gate) = (cache.clone(), gate.clone());
    cache.warm(async move { answer(&asked, name, &gate).await })
}

async fn loads(cache: &Cache<Somebody>, loads: u64) {
    while cache.counters().loads < loads {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_was_loaded_before_is_found_by_who_asks() {
    let (cache, gate) = (cache(), Arc::new(Semaphore::new(1)));
    assert!(warm(&cache, "list", &gate));
    loads(&cache, 1).await;
    // Whoever asks meanwhile waits for the same load.
    answer(&cache, "list", &gate).await;
    assert_eq!(cache.counters().loads, 1);
}

#[tokio::test]
async fn nobody_is_kept_waiting_for_what_nobody_waits_for() {
    let (cache, gate) = (cache(), Arc::new(Semaphore::new(0)));
    assert!(warm(&cache, "a", &gate) && warm(&cache, "b", &gate));
    assert!(!warm(&cache, "c", &gate), "no more than a quarter");
    loads(&cache, 2).await;
    gate.add_permits(2);
    while !warm(&cache, "c", &gate) {
        tokio::task::yield_now().await;
    }
    loads(&cache, 3).await;
    let mut asked = tokio::task::JoinSet::new();
    for name in ["d", "e", "f", "g"] {
        let (cache, gate) = (cache.clone(), gate.clone());
        asked.spawn(async move { answer(&cache, name, &gate).await });
    }
    loads(&cache, 7).await;
    assert!(!warm(&cache, "h", &gate), "more than half are under way");
    gate.add_permits(6);
    asked.join_all().await;
    while !warm(&cache, "h", &gate) {
        tokio::task::yield_now().await;
    }
}
