//! What an operator wants to know of the Redis that is set.

use std::time::{Duration, Instant};

use duly_redis::{Address, Way, Wire};
use redis::{InfoDict, Value, cmd};

use super::counts::{ask, decoded, servers};
use crate::store::Lost;

/// An answer that has not come after this does not come.
const PATIENCE: Duration = Duration::from_secs(3);

/// What there is at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Redis or Valkey.
    pub software: &'static str,
    /// Such as `7.0.15`.
    pub version: String,
    /// How it was reached.
    pub kind: Kind,
    /// Whether a server that was asked directly is one of a Cluster, or a Sentinel, and cannot be
    /// used so.
    pub is_misplaced: bool,
    /// How long an answer takes.
    pub round_trip: Duration,
    /// What each of the servers may hold in memory, in bytes; 0 is all there is.
    pub memory: u64,
    /// What a server does that holds that much, as it calls it.
    pub policy: String,
    /// Whether every server writes each change down (`appendonly`), so that it has it again after a restart.
    pub is_kept: bool,
}

/// How servers work together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is one, or one that others copy.
    One,
    /// Sentinels say which one it is.
    Sentinels,
    /// They share the keys.
    Cluster {
        /// How many of them.
        masters: usize,
    },
}

impl Inspection {
    /// Whether a server that is full refuses what is new, and makes no room for it.
    #[must_use]
    pub fn fills_up(&self) -> bool {
        self.memory > 0 && self.policy == "noeviction"
    }

    /// Whether it is new enough: 6.2 brought what we use.
    #[must_use]
    pub fn is_new_enough(&self) -> bool {
        let mut numbers = self.version.split('.').map(str::parse::<u32>);
        let (major, minor) = (numbers.next(), numbers.next());
        match (major, minor) {
            (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (6, 2),
            _ => false,
        }
    }
}

/// Looks at what is there. Of several servers that share the keys, one that may fill up is told of.
///
/// # Errors
/// Why it cannot be used, without the password.
pub async fn inspect(address: &Address) -> Result<Inspection, Lost> {
    let wire = Wire::open(address, PATIENCE).await;
    let wire = wire.map_err(|error| Lost(error.to_string()))?;
    let masters = servers(&wire).await?;
    let kind = match address.way() {
        Way::Direct => Kind::One,
        Way::Sentinel(_) => Kind::Sentinels,
        Way::Cluster => Kind::Cluster {
            masters: masters.len(),
        },
    };
    let mut seen = Vec::with_capacity(masters.len());
    for server in &masters {
        let info = async |section| -> Result<InfoDict, Lost> {
            let told: Value = ask(&wire, cmd("INFO").arg(section), server.as_ref()).await?;
            decoded(told)
        };
        let about = info("server").await?;
        let asked = Instant::now();
        let memory = info("memory").await?;
        let round_trip = asked.elapsed();
        let persistence = info("persistence").await?;
        seen.push(describe(kind, [&about, &memory, &persistence], round_trip));
    }
    seen.sort_by_key(Inspection::fills_up);
    let all_keep = seen.iter().all(|one| one.is_kept);
    let nobody = || Lost("no server of the Cluster has a part of the keys".into());
    let told = seen.pop().ok_or_else(nobody)?;
    Ok(Inspection {
        is_kept: all_keep,
        ..told
    })
}

fn describe(
    kind: Kind,
    [about, memory, persistence]: [&InfoDict; 3],
    round_trip: Duration,
) -> Inspection {
    let text = |info: &InfoDict, name: &str| info.get::<String>(name).unwrap_or_default();
    let (software, version) = match about.get::<String>("valkey_version") {
        Some(version) => ("Valkey", version),
        None => ("Redis", text(about, "redis_version")),
    };
    Inspection {
        software,
        version,
        kind,
        is_misplaced: kind == Kind::One && text(about, "redis_mode") != "standalone",
        round_trip,
        memory: memory.get("maxmemory").unwrap_or_default(),
        policy: text(memory, "maxmemory_policy"),
        is_kept: text(persistence, "aof_enabled") == "1",
    }
}
