//! The same steps on every back end and on the rules themselves.

use std::sync::Arc;

use bytes::Bytes;
use duly_cache::shelf::Shelf;
use duly_cache::store::{Fence, Found, Known, Raise, Turn};
use duly_cache::testing::{RedisCluster, RedisServer};
use duly_cache::{Entry, Memory, OwnerKey, Store};
use duly_db::clock::SystemClock;
use duly_db::random::SeededRandom;
use duly_db::{Clock as _, Random as _, Version};

use super::{Somebody, connected, credential, owner, versions, view};

const WHO: u8 = 3;
const HIGHEST: u64 = 6;

/// Something that happens to an owner.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Fence(u8),
    Introduce(u8, i64, i64),
    Fill(i64),
    Raise(Raise),
}

pub(super) fn steps(seed: u64) -> Vec<Step> {
    let random = SeededRandom::new(seed);
    let below = |bound: u64| {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        u64::from_le_bytes(bytes) % bound
    };
    let number = |bound| i64::try_from(below(bound)).unwrap() + 1;
    (0..30)
        .map(|_| {
            let who = u8::try_from(below(u64::from(WHO))).unwrap();
            match below(7) {
                0 | 1 => Step::Fence(who),
                2 | 3 => Step::Introduce(who, number(HIGHEST), number(3)),
                4 => Step::Fill(number(HIGHEST)),
                5 => Step::Raise(Raise::Data(Version::of(number(HIGHEST)))),
                _ => match below(4) {
                    0 => Step::Raise(Raise::Auth),
                    _ => Step::Raise(Raise::Both(versions(number(HIGHEST), number(3)))),
                },
            }
        })
        .collect()
}

pub(super) fn entry(version: i64) -> Entry {
    let body = Bytes::from(format!("{{\"version\":{version}}}"));
    Entry::new(Version::of(version), SystemClock.now(), "W/\"1\"", body)
}

/// What can be seen from outside after each step, on a back end and by the rules.
pub(super) async fn same_as_the_rules(
    store: &dyn Store<Somebody>,
    owner: OwnerKey,
    steps: &[Step],
) {
    let mut shelf: Shelf<u8, u64> = Shelf::default();
    // The back end chooses the numbers of its fences itself.
    let mut theirs: Vec<Option<Fence>> = vec![None; usize::from(WHO)];
    for (at, step) in steps.iter().enumerate() {
        let mark = u64::try_from(at).unwrap();
        let context = || format!("step {at} of {steps:?}");
        match *step {
            Step::Fence(who) => {
                let fence = store.fence(&credential(owner, who)).await.unwrap();
                theirs[usize::from(who)] = fence;
                shelf.fence(who, Fence(u64::from(who)));
            }
            Step::Introduce(who, data, auth) => {
                let Some(fence) = theirs[usize::from(who)] else {
                    continue;
                };
                let known = Known {
                    record: Arc::new(Somebody(mark)),
                    versions: versions(data, auth),
                    is_newest: true,
                };
                let kept = store
                    .introduce(&credential(owner, who), fence, &known)
                    .await;
                let read = versions(data, auth);
                let expected = shelf.introduce(who, Fence(u64::from(who)), mark, read);
                assert_eq!(kept.unwrap(), expected, "{}", context());
            }
            Step::Fill(version) => {
                let filled = store.fill(owner, view("list"), &entry(version)).await;
                let expected = shelf.fill(Version::of(version));
                assert_eq!(filled.unwrap(), expected, "{}", context());
            }
            Step::Raise(raise) => {
                store.raise(&[(owner, raise)]).await.unwrap();
                shelf.raise(raise);
            }
        }
        for who in 0..WHO {
            let found = store
                .look(&credential(owner, who), Some(view("list")), &[])
                .await;
            let Found { floor, record, .. } = found.unwrap();
            assert_eq!(floor, shelf.floor(), "{}", context());
            let known = record.filter(|_| floor.is_some()).map(|record| record.0);
            assert_eq!(known, shelf.record(who).copied(), "{}", context());
        }
    }
}

#[tokio::test]
async fn memory_keeps_the_rules() {
    let store: Memory<Somebody> = Memory::new(Arc::new(SystemClock));
    for seed in 0..1_000 {
        same_as_the_rules(&store, owner(seed.into()), &steps(seed)).await;
    }
}

#[tokio::test]
async fn redis_keeps_the_rules() {
    let server = RedisServer::start();
    let redis = connected(&server.url()).await;
    for seed in 0..200 {
        same_as_the_rules(&redis, owner(seed.into()), &steps(seed)).await;
    }
}

#[tokio::test]
async fn a_cluster_keeps_the_rules() {
    let cluster = RedisCluster::start();
    let redis = connected(&cluster.url()).await;
    for seed in 0..100 {
        same_as_the_rules(&redis, owner(seed.into()), &steps(seed)).await;
    }
}

#[tokio::test]
async fn redis_lets_one_load_and_gives_the_others_the_answer() {
    let server = RedisServer::start();
    let redis = connected(&server.url()).await;
    let store: &dyn Store<Somebody> = &redis;
    let (owner, list) = (owner(1), view("list"));
    let ann = credential(owner, 1);
    let fence = store.fence(&ann).await.unwrap().unwrap();
    let known = Known {
        record: Arc::new(Somebody(1)),
        versions: versions(5, 1),
        is_newest: true,
    };
    assert!(store.introduce(&ann, fence, &known).await.unwrap());
    let turn = |need| store.turn(owner, list, Version::of(need));
    assert!(matches!(turn(5).await.unwrap(), Turn::Ours));
    assert!(matches!(turn(5).await.unwrap(), Turn::Others));
    assert!(store.fill(owner, list, &entry(5)).await.unwrap());
    let Turn::Stored(stored) = turn(5).await.unwrap() else {
        panic!("it is there");
    };
    assert_eq!(
        (stored.version, &*stored.body),
        (Version::of(5), b"{\"version\":5}".as_slice())
    );
    let found = store.look(&ann, Some(list), &[]).await.unwrap();
    assert_eq!(found.entry.unwrap().version, Version::of(5));
    // Somebody who has to see more makes a new one.
    assert!(matches!(turn(6).await.unwrap(), Turn::Ours));
}
