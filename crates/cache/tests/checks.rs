//! The product's own look at what it serves.

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
use uuid::Uuid;

#[derive(Debug, Serialize, Deserialize)]
struct Somebody;

impl Record for Somebody {
    fn is_valid(&self, _: Timestamp) -> bool {
        true
    }
}

/// One of so many answers is looked at.
const CHECK: u64 = 4;

struct Scene {
    cache: Cache<Somebody>,
    visit: Visit<Somebody>,
}

impl Scene {
    async fn new() -> Self {
        let clock = Arc::new(SystemClock);
        let keys = OwnerKeys::new([7; 32]);
        let ann = Credential {
            owner: keys.of(Uuid::from_u128(1)),
            hash: [1; 32],
        };
        let limits = Limits {
            check: CHECK,
            ..Limits::default()
        };
        let (store, limiter) = (Memory::new(clock.clone()), Limiter::new(clock.clone()));
        let cache = Cache::new(Arc::new(store), keys, limits, limiter, clock);
        let load = async {
            Ok::<_, Refused>(Known {
                record: Arc::new(Somebody),
                versions: Versions {
                    data: Version::of(1),
                    auth: 1,
                },
                is_newest: true,
            })
        };
        let visit = cache.visit(&ann, Asking::default(), load).await.unwrap();
        Scene { cache, visit }
    }

    /// What is answered while the database says this.
    async fn answer(&self, version: i64, says: &'static str) -> Bytes {
        let load = async {
            Ok::<_, Overloaded>(Loaded {
                version: Some(Version::of(version)),
                until: None,
                tag: "W/\"1\"".into(),
                body: Bytes::from_static(says.as_bytes()),
            })
        };
        let view = View::of("1", &["list"]);
        let answered = self.cache.answer(&self.visit, view, load).await;
        answered.unwrap().body.clone()
    }
}

#[tokio::test]
async fn what_is_right_is_looked_at_now_and_then_and_served() {
    let scene = Scene::new().await;
    for _ in 0..=10 * CHECK {
        assert_eq!(scene.answer(1, "right").await, "right");
    }
    let counters = scene.cache.counters();
    assert_eq!((counters.checks, counters.stale), (10, 0));
}

#[tokio::test]
async fn what_is_wrong_is_counted_and_not_served_again() {
    let scene = Scene::new().await;
    // Kept under a version it is not of.
    assert_eq!(scene.answer(1, "wrong").await, "wrong");
    let mut answers = Vec::new();
    for _ in 0..2 * CHECK {
        answers.push(scene.answer(1, "right").await);
    }
    let counters = scene.cache.counters();
    assert_eq!((counters.checks, counters.stale), (2, 1));
    assert_eq!(
        answers.iter().filter(|answer| *answer == "wrong").count(),
        3
    );
    assert_eq!(answers.last().unwrap(), "right");
}

#[tokio::test(start_paused = true)]
async fn a_floor_that_is_not_raised_is_found() {
    let scene = Scene::new().await;
    assert_eq!(scene.answer(1, "before").await, "before");
    // Somebody has committed another version and never told.
    for _ in 0..CHECK {
        scene.answer(2, "after").await;
    }
    assert_eq!(scene.cache.counters().stale, 0, "there was no time to tell");
    while scene.cache.counters().stale == 0 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}
