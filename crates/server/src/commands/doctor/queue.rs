//! Where jobs move, and whether they are safe there.

use duly_cache::redis::{Inspection, inspect};

use super::{Fail, Finding, Fine, Warn};
use crate::config::Config;

pub(super) async fn look(config: &Config) -> Finding {
    let Some(address) = &config.queue.redis else {
        return Fine("in the database".into());
    };
    match inspect(address).await {
        Ok(seen) => redis(&address.to_string(), &seen),
        Err(lost) => Fail(format!(
            "{address}: {}; until it answers, jobs stay in the outbox and none runs (queue.url)",
            lost.0
        )),
    }
}

fn redis(address: &str, seen: &Inspection) -> Finding {
    let what = format!("in {} {} at {address}", seen.software, seen.version);
    if seen.is_misplaced {
        return Fail(format!(
            "{what} is one of a Cluster, or a Sentinel; write redis+cluster:// or \
             redis+sentinel:// in queue.url"
        ));
    }
    if !seen.is_new_enough() {
        return Fail(format!("{what} is too old; Redis 6.2 or Valkey is needed"));
    }
    match seen.policy.as_str() {
        "noeviction" => Fine(what),
        policy => Warn(format!(
            "{what}: {policy} drops jobs when its memory is full; give jobs a Redis of their own \
             with maxmemory-policy noeviction"
        )),
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
        };
        change(&mut seen);
        match redis("redis.example:6379", &seen) {
            Fine(text) => format!("ok {text}"),
            Warn(text) => format!("warn {text}"),
            Fail(text) => format!("FAIL {text}"),
        }
    }

    #[test]
    fn a_redis_that_drops_jobs_is_told() {
        assert_eq!(found(|_| {}), "ok in Redis 7.0.15 at redis.example:6379");
        let drops = found(|seen| seen.policy = "allkeys-lru".into());
        assert!(drops.starts_with("warn ") && drops.contains("allkeys-lru drops jobs"));
        assert!(found(|seen| seen.version = "6.0.16".into()).starts_with("FAIL "));
        assert!(found(|seen| seen.is_misplaced = true).contains("redis+cluster://"));
    }
}
