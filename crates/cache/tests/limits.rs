//! What the limiter promises, tried with a clock that we move.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use duly_cache::limits::{Policy, Tally};
use duly_db::clock::ManualClock;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const API: Policy = per_minute("api", 60);
const LOGIN: Policy = per_minute("login", 5);

const fn per_minute(name: &'static str, limit: u32) -> Policy {
    Policy::new(name, limit, Duration::from_secs(60))
}

fn limiter() -> (Arc<ManualClock>, Tally) {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    (clock.clone(), Tally::new(clock))
}

fn wait(clock: &ManualClock, duration: Duration) {
    clock.advance(SignedDuration::try_from(duration).unwrap());
}

fn admitted(limiter: &Tally, policy: &Policy, key: &str, requests: usize) -> usize {
    (0..requests)
        .filter(|_| limiter.hit(policy, key).allowed)
        .count()
}

#[test]
fn an_idle_user_has_the_whole_limit_and_sees_it_shrink() {
    let (_, limiter) = limiter();
    for remaining in (0..60).rev() {
        let decision = limiter.hit(&API, "anna");
        assert!(decision.allowed);
        assert_eq!((decision.limit, decision.remaining), (60, remaining));
        assert_eq!(
            (decision.retry_after, decision.reset),
            (Duration::ZERO, Duration::from_secs(60))
        );
    }
    let refused = limiter.hit(&API, "anna");
    assert!(!refused.allowed);
    assert_eq!(refused.remaining, 0);
    assert_eq!(refused.retry_after, Duration::from_secs(61));
    assert!(limiter.hit(&API, "ben").allowed, "others are not affected");
    assert!(
        limiter.hit(&LOGIN, "anna").allowed,
        "nor are other policies"
    );
}

/// Laravel's fixed window lets 120 pass around its edge.
#[test]
fn there_is_no_double_burst_at_the_edge() {
    let (clock, limiter) = limiter();
    assert_eq!(admitted(&limiter, &API, "anna", 1), 1);
    wait(&clock, Duration::from_secs(59));
    assert_eq!(admitted(&limiter, &API, "anna", 100), 59);
    wait(&clock, Duration::from_secs(1));
    assert_eq!(admitted(&limiter, &API, "anna", 100), 0);
    for _ in 0..10 {
        wait(&clock, Duration::from_secs(1));
        assert_eq!(
            admitted(&limiter, &API, "anna", 100),
            1,
            "one a second comes back"
        );
    }
}

#[test]
fn refused_requests_consume_nothing() {
    let (clock, limiter) = limiter();
    admitted(&limiter, &API, "anna", 10_000);
    wait(&clock, Duration::from_secs(61));
    assert_eq!(admitted(&limiter, &API, "anna", 10), 1);
}

#[test]
fn what_did_not_count_is_given_back() {
    let (clock, limiter) = limiter();
    assert_eq!(admitted(&limiter, &LOGIN, "anna", 5), 5);
    limiter.undo(&LOGIN, "anna");
    assert_eq!(admitted(&limiter, &LOGIN, "anna", 5), 1);
    wait(&clock, Duration::from_secs(600));
    for _ in 0..3 {
        limiter.undo(&LOGIN, "anna");
        limiter.undo(&LOGIN, "nobody");
    }
    assert_eq!(admitted(&limiter, &LOGIN, "anna", 10), 5, "nothing is owed");
    assert_eq!(admitted(&limiter, &LOGIN, "nobody", 10), 5);
}

#[test]
fn a_good_login_is_forgiven_the_failures_before_it() {
    let (_, limiter) = limiter();
    assert_eq!(admitted(&limiter, &LOGIN, "anna", 100), 5);
    limiter.forget(&LOGIN, "anna");
    assert_eq!(admitted(&limiter, &LOGIN, "anna", 100), 5);
}

#[test]
fn a_limit_of_nothing_refuses_everything() {
    let (clock, limiter) = limiter();
    let never = per_minute("never", 0);
    for _ in 0..3 {
        let decision = limiter.hit(&never, "anna");
        assert!(!decision.allowed && decision.retry_after > Duration::ZERO);
        wait(&clock, Duration::from_secs(60));
    }
    let instant = Policy::new("instant", 1, Duration::ZERO);
    assert!(limiter.hit(&instant, "anna").allowed);
    assert!(!limiter.hit(&instant, "anna").allowed);
}

#[test]
fn what_has_expired_is_dropped() {
    let (clock, limiter) = limiter();
    for round in 0..20 {
        for key in 0..1_000 {
            assert!(limiter.hit(&API, &format!("{round}-{key}")).allowed);
        }
        wait(&clock, Duration::from_secs(60));
    }
    assert!(limiter.counters() <= 4_096, "{}", limiter.counters());
}

/// Neither a flood of keys nor one of long keys fills the memory, and none of them gets more
/// than its limit, also not when it finds room again later.
#[test]
fn a_full_table_never_fails_open() {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let limiter = Tally::with_capacity(clock.clone(), 100);
    for key in 0..10_000 {
        assert!(admitted(&limiter, &LOGIN, &format!("{key}"), 10) <= 5);
    }
    assert!(limiter.counters() <= 100 + 64, "{}", limiter.counters());
    assert_eq!(
        limiter.check(&LOGIN, "0").remaining,
        0,
        "whoever was counted stays counted"
    );
    let late = "late".repeat(1_000);
    let before = admitted(&limiter, &LOGIN, &late, 10);
    // The first hundred expire, so that there is room; what the late one was counted is kept.
    wait(&clock, Duration::from_secs(119));
    admitted(&limiter, &LOGIN, "0", 1);
    let after = admitted(&limiter, &LOGIN, &late, 10);
    assert!(before + after <= 5 + 4, "{before} and {after}");
    wait(&clock, Duration::from_secs(120));
    assert_eq!(admitted(&limiter, &LOGIN, &late, 10), 5);
}

#[test]
fn a_clock_set_back_forgets_nothing_and_locks_nobody_out() {
    let (clock, limiter) = limiter();
    assert_eq!(admitted(&limiter, &LOGIN, "anna", 10), 5);
    clock.advance(SignedDuration::from_hours(-24));
    assert_eq!(admitted(&limiter, &LOGIN, "anna", 10), 0);
    wait(&clock, Duration::from_secs(120));
    assert_eq!(admitted(&limiter, &LOGIN, "anna", 10), 5);
}

#[test]
fn requests_of_many_threads_are_counted_exactly() {
    let (_, limiter) = limiter();
    let total: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| admitted(&limiter, &API, "anna", 1_000)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(total, 60);
}

/// As many cases as catch a slip in the arithmetic in a moment; nothing is written to disk.
fn cases() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(512)
    }
}

/// Pauses in microseconds between requests of three keys, and a policy they fit to.
fn traffic() -> impl Strategy<Value = (Policy, Vec<(u64, usize)>)> {
    let policy = (1_u32..12, 1_u64..2_000)
        .prop_map(|(limit, micros)| Policy::new("any", limit, Duration::from_micros(micros)));
    let pauses = prop_oneof![3 => 0_u64..50, 1 => 0_u64..3_000];
    (policy, prop::collection::vec((pauses, 0_usize..3), 1..300))
}

/// The instants at which each key was admitted.
fn run(policy: &Policy, requests: &[(u64, usize)]) -> [Vec<u64>; 3] {
    let (clock, limiter) = limiter();
    let mut now = 0;
    let mut instants = [const { Vec::new() }; 3];
    for (pause, key) in requests {
        now += pause;
        wait(&clock, Duration::from_micros(*pause));
        if limiter.hit(policy, &key.to_string()).allowed {
            instants[*key].push(now);
        }
    }
    instants
}

proptest! {
    #![proptest_config(cases())]

    /// Fewer than twice the limit in any stretch of a window's length, and no more than the
    /// limit when nothing was asked for two windows before it.
    #[test]
    fn no_stretch_admits_twice_the_limit((policy, requests) in traffic()) {
        let length = u64::try_from(policy.window.as_micros()).unwrap();
        let limit = usize::try_from(policy.limit).unwrap();
        for instants in run(&policy, &requests) {
            for (index, first) in instants.iter().enumerate() {
                let stretch = instants[index..].iter().take_while(|at| **at < first + length);
                let within = stretch.count();
                prop_assert!(within < 2 * limit, "{} in one stretch, limit {}", within, limit);
                let idle = instants[..index].last().is_none_or(|last| last + 2 * length <= *first);
                prop_assert!(!idle || within <= limit);
            }
        }
    }

    /// What one key is admitted does not depend on how others are mixed in.
    #[test]
    fn keys_do_not_affect_each_other((policy, requests) in traffic()) {
        let together = run(&policy, &requests);
        for (key, mixed) in together.iter().enumerate() {
            // The others' pauses stay, their requests do not.
            let mut pause = 0;
            let mut alone = Vec::new();
            for (more, other) in &requests {
                pause += more;
                if *other == key {
                    alone.push((pause, key));
                    pause = 0;
                }
            }
            prop_assert_eq!(&run(&policy, &alone)[key], mixed);
        }
    }

    /// `check` and `hit` agree, and `retry_after` is right to the microsecond.
    #[test]
    fn decisions_are_true((policy, requests) in traffic()) {
        let (clock, limiter) = limiter();
        for (pause, _) in requests {
            wait(&clock, Duration::from_micros(pause));
            let said = limiter.check(&policy, "anna");
            prop_assert_eq!(said.allowed, said.remaining > 0);
            prop_assert_eq!(said.retry_after.is_zero(), said.allowed);
            let done = limiter.hit(&policy, "anna");
            prop_assert_eq!(done.allowed, said.allowed);
            prop_assert_eq!(done.remaining, said.remaining.saturating_sub(1));
            if !done.allowed {
                wait(&clock, done.retry_after - Duration::from_micros(1));
                prop_assert!(!limiter.check(&policy, "anna").allowed);
                wait(&clock, Duration::from_micros(1));
                prop_assert!(limiter.check(&policy, "anna").allowed);
            }
        }
    }
}
