//! Where jobs move, and whether they are safe there.

use duly_cache::redis::{Inspection, inspect};

use super::report::{Finding, fail, fine, warn};
use crate::config::Config;

pub(super) async fn look(config: &Config) -> Finding {
    let Some(address) = &config.queue.redis else {
        return fine("in the database");
    };
    match inspect(address).await {
        Ok(seen) => redis(&address.to_string(), &seen),
        Err(lost) => fail(
            format!(
                "{address}: {}; until it answers, jobs stay in the outbox and none runs",
                lost.0
            ),
            "look whether it runs and whether queue.url names it",
        ),
    }
}

fn redis(address: &str, seen: &Inspection) -> Finding {
    let what = format!("in {} {} at {address}", seen.software, seen.version);
    if seen.is_misplaced {
        return fail(
            format!("{what} is one of a Cluster, or a Sentinel"),
            "write redis+cluster:// or redis+sentinel:// in queue.url",
        );
    }
    if !seen.is_new_enough() {
        return fail(
            format!("{what} is too old"),
            "Redis 6.2 or Valkey is needed",
        );
    }
    match (seen.policy.as_str(), seen.is_kept) {
        ("noeviction", true) => fine(what),
        ("noeviction", false) => warn(
            format!("{what}: it forgets jobs when it is restarted"),
            "set appendonly to yes",
        ),
        (policy, _) => warn(
            format!("{what}: {policy} drops jobs when its memory is full"),
            "give jobs a Redis of their own with maxmemory-policy noeviction",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use duly_cache::redis::Kind;

    use super::*;

    fn found(change: impl FnOnce(&mut Inspection)) -> String {
        let mut seen = Inspection {
            software: "Redis",
            version: "7.0.15".into(),
            kind: Kind::One,
            is_misplaced: false,
            round_trip: Duration::from_micros(210),
            memory: 0,
            policy: "noeviction".into(),
            is_kept: true,
        };
        change(&mut seen);
        let finding = redis("redis.example:6379", &seen);
        format!("{:?}: {finding}", finding.status)
    }

    #[test]
    fn a_redis_that_drops_jobs_is_told() {
        assert_eq!(found(|_| {}), "Ok: in Redis 7.0.15 at redis.example:6379");
        let drops = found(|seen| seen.policy = "allkeys-lru".into());
        assert!(drops.starts_with("Warning: ") && drops.contains("allkeys-lru drops jobs"));
        let forgets = found(|seen| seen.is_kept = false);
        assert!(forgets.starts_with("Warning: ") && forgets.ends_with("; set appendonly to yes"));
        assert!(found(|seen| seen.version = "6.0.16".into()).starts_with("Failed: "));
        assert!(found(|seen| seen.is_misplaced = true).contains("redis+cluster://"));
    }
}
