//! Nodes that count together.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use duly_cache::Redis;
use duly_cache::limits::{Count, Limiter, Policy, Shared as _, Used};
use duly_cache::redis::Patience;
use duly_cache::testing::RedisServer;
use duly_db::clock::ManualClock;
use duly_db::random::{SeededRandom, SystemRandom};
use duly_db::{Clock as _, Random as _};
use jiff::{SignedDuration, Timestamp};

const MINUTE: Duration = Duration::from_secs(60);
pub(super) static API: Policy = Policy::new("api", 10, MINUTE);
static WRITES: Policy = Policy::new("writes", 5, MINUTE);
static LOGIN: Policy = Policy::strict("login", 10, MINUTE);

pub(super) struct Node {
    pub(super) redis: Arc<Redis>,
    pub(super) limiter: Limiter,
}

pub(super) fn noon() -> Arc<ManualClock> {
    ManualClock::at("2026-11-23T12:00:00Z".parse().unwrap())
}

pub(super) async fn node(url: &str, clock: &Arc<ManualClock>) -> Node {
    patient(url, clock, duly_cache::testing::PATIENCE).await
}

async fn patient(url: &str, clock: &Arc<ManualClock>, patience: Patience) -> Node {
    let random = Arc::new(SystemRandom);
    let address = url.parse().unwrap();
    let redis = Arc::new(Redis::start(
        address,
        "here",
        patience,
        clock.clone(),
        random,
    ));
    redis.connected().await;
    Node {
        limiter: Limiter::sharing(clock.clone(), redis.clone()),
        redis,
    }
}

pub(super) fn of<'count>(policy: &'count Policy, key: &'count str) -> Count<'count> {
    Count {
        policy,
        key: key.into(),
    }
}

pub(super) async fn is_admitted(node: &Node, policy: &Policy, key: &str) -> bool {
    node.limiter.hit(&[of(policy, key)]).await.allowed()
}

/// What is admitted and what remains, by the rule itself: what was admitted in this window, and
/// that of the one before as far as it still lies within the last minute.
#[derive(Default)]
struct Rule(HashMap<i64, u32>);

impl Rule {
    fn hit(&mut self, limit: u32, now: Timestamp) -> (bool, u32) {
        let (window, elapsed) = (
            now.as_second().div_euclid(60),
            now.as_second().rem_euclid(60),
        );
        let before = f64::from(*self.0.get(&(window - 1)).unwrap_or(&0));
        let before = before * f64::from(u32::try_from(60 - elapsed).unwrap()) / 60.0;
        let count = self.0.entry(window).or_default();
        let room = f64::from(limit) - f64::from(*count) - before;
        if room < 1.0 {
            return (false, 0);
        }
        *count += 1;
        let left = (room - 1.0 + 1e-9).floor();
        (true, (0..=limit).rfind(|n| f64::from(*n) <= left).unwrap())
    }
}

#[tokio::test]
async fn several_nodes_count_as_one_would() {
    let (server, clock) = (RedisServer::start(), noon());
    let nodes = [
        node(&server.url(), &clock).await,
        node(&server.url(), &clock).await,
    ];
    let (random, mut rule) = (SeededRandom::new(5), Rule::default());
    for step in 0..300 {
        let mut bytes = [0; 2];
        random.fill(&mut bytes);
        // Refusals are repeated for a second; whole seconds pass between the requests.
        clock.advance(SignedDuration::from_secs(1 + i64::from(bytes[0] % 4) * 2));
        let node = &nodes[usize::from(bytes[1] % 2)];
        let standing = node.limiter.hit(&[of(&API, "ann")]).await;
        let expected = rule.hit(API.limit, clock.now());
        let (_, said) = &standing.0[0];
        assert_eq!((said.allowed, said.remaining), expected, "step {step}");
        if !said.allowed {
            assert!(said.retry_after > Duration::ZERO && said.retry_after <= 2 * MINUTE);
        }
    }
}

#[tokio::test]
async fn at_the_same_moment_no_more_than_the_limit_pass_all_nodes_together() {
    let (server, clock) = (RedisServer::start(), noon());
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let node = node(&server.url(), &clock).await;
        for _ in 0..50 {
            let limiter = node.limiter.clone();
            asked.spawn(async move { limiter.hit(&[of(&API, "ann")]).await.allowed() });
        }
    }
    let admitted = asked.join_all().await.into_iter().filter(|is| *is).count();
    assert_eq!(admitted, 10);
}

#[tokio::test]
async fn what_one_policy_refuses_no_other_counts() {
    let (server, clock) = (RedisServer::start(), noon());
    let node = node(&server.url(), &clock).await;
    let both = || [of(&API, "ann"), of(&WRITES, "ann")];
    for _ in 0..5 {
        assert!(node.limiter.hit(&both()).await.allowed());
    }
    for _ in 0..20 {
        assert!(!node.limiter.hit(&both()).await.allowed());
    }
    for _ in 0..5 {
        assert!(is_admitted(&node, &API, "ann").await);
    }
    assert!(!is_admitted(&node, &API, "ann").await);
    assert!(is_admitted(&node, &API, "ben").await);
}

#[tokio::test]
async fn what_was_no_attempt_is_taken_back_and_a_success_forgets_all() {
    let (server, clock) = (RedisServer::start(), noon());
    let nodes = [
        node(&server.url(), &clock).await,
        node(&server.url(), &clock).await,
    ];
    for _ in 0..3 {
        for _ in 0..10 {
            assert!(is_admitted(&nodes[0], &LOGIN, "net ann").await);
        }
        assert!(!is_admitted(&nodes[1], &LOGIN, "net ann").await);
        clock.advance(SignedDuration::from_secs(1));
        nodes[0].limiter.undo(&[of(&LOGIN, "net ann")]).await;
        assert!(is_admitted(&nodes[1], &LOGIN, "net ann").await);
        nodes[1].limiter.forget(&[of(&LOGIN, "net ann")]).await;
    }
    // Of what was never counted, nothing is given back.
    nodes[0].limiter.undo(&[of(&LOGIN, "net ann")]).await;
    for _ in 0..10 {
        assert!(is_admitted(&nodes[0], &LOGIN, "net ann").await);
    }
    assert!(!is_admitted(&nodes[0], &LOGIN, "net ann").await);
}

#[tokio::test]
async fn who_hammers_after_a_refusal_costs_nobody_anything_for_a_second() {
    let (server, clock) = (RedisServer::start(), noon());
    let node = node(&server.url(), &clock).await;
    while is_admitted(&node, &API, "ann").await {}
    let before = node.redis.round_trips();
    for _ in 0..100 {
        assert!(!is_admitted(&node, &API, "ann").await);
    }
    assert_eq!(node.redis.round_trips(), before);
    clock.advance(SignedDuration::from_secs(1));
    assert!(!is_admitted(&node, &API, "ann").await);
    assert!(node.redis.round_trips() > before, "it asks again");
}

#[tokio::test]
async fn with_redis_lost_each_node_counts_for_itself_and_guessing_gets_harder() {
    let (server, clock) = (RedisServer::start(), noon());
    let patience = Patience {
        reader: Duration::from_millis(50),
        ..Patience::default()
    };
    let node = patient(&server.url(), &clock, patience).await;
    server.kill();
    let admitted = async |policy: &Policy| {
        let mut admitted = 0;
        while is_admitted(&node, policy, "ann").await {
            admitted += 1;
        }
        admitted
    };
    assert_eq!(admitted(&API).await, 10);
    assert_eq!(admitted(&LOGIN).await, 5);
}

#[tokio::test]
async fn operators_see_what_was_used_and_clear_it() {
    let (server, clock) = (RedisServer::start(), noon());
    let node = node(&server.url(), &clock).await;
    for key in [
        "ann",
        "ann",
        "203.0.113.7 ann@example.org",
        "2001:db8:: x:y",
    ] {
        assert!(is_admitted(&node, &API, key).await);
    }
    clock.advance(SignedDuration::from_secs(60));
    assert!(is_admitted(&node, &API, "ann").await);
    let mut used = node.redis.used().await.unwrap();
    used.sort_unstable();
    let found: Vec<(&str, u32)> = used.iter().map(|one| (&*one.key, one.count)).collect();
    let all = [
        ("2001:db8:: x:y", 1),
        ("203.0.113.7 ann@example.org", 1),
        ("ann", 1),
    ];
    assert_eq!(found, all, "the newest window of each");
    let is_ann = |used: &Used| used.key.split(' ').any(|word| word.starts_with("ann"));
    assert_eq!(node.redis.clear(&is_ann).await.unwrap().len(), 2);
    let left = node.redis.used().await.unwrap();
    assert_eq!((left.len(), &*left[0].key), (1, "2001:db8:: x:y"));
    assert_eq!(server.say("DBSIZE"), ":2", "what is left, and the epoch");
}
