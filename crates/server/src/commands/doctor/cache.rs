//! Where nodes share what they know, and whether that is there.

use duly_cache::redis::{Address, Inspection, Kind, inspect};

use super::report::{Finding, fail, fine, warn};
use crate::config::{Config, Place};

const MIB: u64 = 1024 * 1024;

pub(super) async fn look(config: &Config) -> Finding {
    match &config.cache.place {
        Some(Place::Redis(address)) => match inspect(address).await {
            Ok(seen) => redis(address, &seen),
            Err(lost) => fail(
                format!(
                    "{address}: {}; until it answers, nodes ask the database instead",
                    lost.0
                ),
                "look whether it runs and whether cache.url names it",
            ),
        },
        Some(Place::Memory) => memory(),
        None if config.database.file().is_some() => memory(),
        Some(Place::Sql) | None => fine(
            "none; nodes ask the database with each request who asks and how new answers must be",
        ),
    }
}

fn memory() -> Finding {
    fine("in the memory of the process")
}

fn redis(address: &Address, seen: &Inspection) -> Finding {
    let how = match seen.kind {
        Kind::One => String::new(),
        Kind::Sentinels => ", by Sentinels".into(),
        Kind::Cluster { masters } => format!(", a Cluster of {masters}"),
    };
    let what = format!("{} {} at {address}{how}", seen.software, seen.version);
    if seen.is_misplaced {
        return fail(
            format!("{what} is one of a Cluster, or a Sentinel"),
            "write redis+cluster:// or redis+sentinel:// in cache.url",
        );
    }
    if !seen.is_new_enough() {
        return fail(
            format!("{what} is too old"),
            "Redis 6.2 or Valkey is needed",
        );
    }
    let memory = match seen.memory {
        0 => "as much memory as there is".into(),
        bytes => format!("{} MiB, {}", bytes / MIB, seen.policy),
    };
    let text = format!(
        "{what}, answers in {} µs, {memory}",
        seen.round_trip.as_micros()
    );
    match seen.fills_up() {
        true => warn(
            format!("{text}: when it is full, nodes go on without it"),
            "set maxmemory-policy allkeys-lru",
        ),
        false => fine(text),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn found(change: impl FnOnce(&mut Inspection)) -> String {
        let mut seen = Inspection {
            software: "Valkey",
            version: "8.0.1".into(),
            kind: Kind::One,
            is_misplaced: false,
            round_trip: Duration::from_micros(210),
            memory: 256 * MIB,
            policy: "allkeys-lru".into(),
            is_kept: false,
        };
        change(&mut seen);
        let address = "redis://duly:secret@redis.example:6379".parse();
        let finding = redis(&address.expect("an address"), &seen);
        format!("{:?}: {finding}", finding.status)
    }

    #[test]
    fn what_is_there_is_told() {
        let cluster = Kind::Cluster { masters: 3 };
        assert_eq!(
            found(|seen| seen.kind = cluster),
            "Ok: Valkey 8.0.1 at redis.example:6379, a Cluster of 3, answers in 210 µs, 256 MiB, \
             allkeys-lru"
        );
        assert!(found(|seen| seen.memory = 0).ends_with("µs, as much memory as there is"));
    }

    #[test]
    fn what_fills_up_is_too_old_or_of_another_kind_is_told() {
        let full = found(|seen| seen.policy = "noeviction".into());
        assert!(full.starts_with("Warning: ") && full.contains("set maxmemory-policy allkeys-lru"));
        for old in ["6.0.16", "5.0.14", ""] {
            let old = found(|seen| seen.version = old.into());
            assert!(
                old.starts_with("Failed: ") && old.contains("Redis 6.2"),
                "{old}"
            );
        }
        let part = found(|seen| seen.is_misplaced = true);
        assert!(part.starts_with("Failed: ") && part.contains("redis+cluster://"));
    }
}
