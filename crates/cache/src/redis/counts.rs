//! Counts of limits, beside what is known of owners.
//!
//! A count has a key per window, which goes by itself. A request is added before it is judged, so
//! that of several at the same moment each is told another number.

use std::hash::{BuildHasher as _, RandomState};

use async_trait::async_trait;
use duly_redis::Wire;
use quick_cache::sync::Cache;
use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo};
use redis::{Cmd, FromRedisValue, Value, cmd, from_redis_value};

use super::Redis;
use super::link::Link;
use crate::limits::{Count, Reading, Shared, Used, lifetime};
use crate::store::Lost;

/// How many keys a server looks at before it lets others have their turn.
const AT_ONCE: usize = 1_000;

/// What was counted in the windows before those that are running, as far as this node has asked. That
/// does not change any more, so for all further requests of the window one command does.
pub(super) struct Windows {
    hasher: RandomState,
    before: Cache<u64, u32>,
}

/// So many are known at a time; of others it is asked again.
const WINDOWS: usize = 100_000;

/// A request that is added to a count.
pub(super) struct Addition<'count> {
    count: &'count Count<'count>,
    window: i64,
    key: String,
    place: u64,
    /// What was counted in the window before, if that is known.
    before: Option<u32>,
}

impl Windows {
    pub(super) fn new() -> Self {
        Windows {
            hasher: RandomState::new(),
            before: Cache::new(WINDOWS),
        }
    }

    /// Adds a request to each count.
    pub(super) fn add<'count>(
        &self,
        counts: &'count [Count<'count>],
        now: i64,
    ) -> Vec<Addition<'count>> {
        let addition = |count: &'count Count<'count>| {
            let window = now.div_euclid(count.policy.window_length());
            let key = key(count, window);
            let place = self.hasher.hash_one(&key);
            Addition {
                count,
                window,
                key,
                place,
                before: self.before.get(&place),
            }
        };
        counts.iter().map(addition).collect()
    }
}

impl Addition<'_> {
    pub(super) fn commands(&self) -> impl Iterator<Item = Cmd> {
        let mut add = cmd("INCR");
        add.arg(&self.key);
        let rest = self.before.is_none().then(|| self.looking_back());
        std::iter::once(add).chain(rest.into_iter().flatten())
    }

    /// Keeps the count for as long as it says something, and reads the one before it.
    fn looking_back(&self) -> [Cmd; 2] {
        let (mut keep, mut before) = (cmd("PEXPIRE"), cmd("GET"));
        let millis = u64::try_from(lifetime(self.count.policy).as_millis()).unwrap_or(u64::MAX / 4);
        keep.arg(&self.key).arg(millis.min(u64::MAX / 4));
        before.arg(key(self.count, self.window - 1));
        [keep, before]
    }
}

impl Redis {
    /// What the server has answered to additions.
    pub(super) async fn readings(
        &self,
        link: &Link,
        additions: &[Addition<'_>],
        mut answers: impl Iterator<Item = Value>,
    ) -> Result<Vec<Reading>, Lost> {
        let mut readings = Vec::with_capacity(additions.len());
        for addition in additions {
            let current = counted(answers.next())?;
            let previous = match addition.before {
                Some(before) if current > 1 => before,
                // The count was made anew, as after an eviction, and has no end yet.
                Some(_) => {
                    let looking_back = addition.looking_back();
                    let answers = Box::pin(self.state.run_all(link, &looking_back)).await?;
                    self.look_back(addition, answers.into_iter().last())?
                }
                None => self.look_back(addition, answers.by_ref().nth(1))?,
            };
            readings.push(Reading { current, previous });
        }
        Ok(readings)
    }

    /// Keeps what was counted in the window before.
    fn look_back(&self, addition: &Addition<'_>, answer: Option<Value>) -> Result<u32, Lost> {
        let previous = counted(answer)?;
        self.windows.before.insert(addition.place, previous);
        Ok(previous)
    }
}

fn counted(answer: Option<Value>) -> Result<u32, Lost> {
    let answer = answer.ok_or_else(|| Lost("answers to counts are missing".into()))?;
    let number: Option<i64> = decoded(answer)?;
    Ok(u32::try_from(number.unwrap_or(0).max(0)).unwrap_or(u32::MAX))
}

/// The first word of whoever is counted decides where the count lies: beside the owner's hash.
fn key(count: &Count<'_>, window: i64) -> String {
    let (first, others) = count.key.split_once(' ').unwrap_or((&count.key, ""));
    format!("duly:{{{first}}}:r:{}:{others}:{window}", count.policy.name)
}

/// The key as it was made: which policy, and who.
fn parse(key: &str) -> Option<(&str, String)> {
    let (first, rest) = key.strip_prefix("duly:{")?.split_once("}:r:")?;
    let (policy, rest) = rest.split_once(':')?;
    let (others, _) = rest.rsplit_once(':')?;
    let who = match others {
        "" => first.to_owned(),
        _ => format!("{first} {others}"),
    };
    Some((policy, who))
}

impl Redis {
    fn window_of(&self, count: &Count<'_>) -> i64 {
        let now = self.state.clock.now().as_microsecond();
        now.div_euclid(count.policy.window_length())
    }

    /// Every count with its key; of the windows of one count the newest comes first.
    async fn read(&self, link: &Link) -> Result<Vec<(String, Used)>, Lost> {
        let mut keys = self.keys(link).await?;
        keys.sort_unstable_by(|one, other| other.cmp(one));
        keys.dedup();
        let mut read = Vec::with_capacity(keys.len());
        for some in keys.chunks(AT_ONCE) {
            let get = |key: &String| cmd("GET").arg(key).clone();
            let commands: Vec<Cmd> = some.iter().map(get).collect();
            let counts = self.state.run_all(link, &commands).await?;
            for (key, count) in some.iter().zip(counts) {
                if let (Some((policy, who)), Some(count)) = (parse(key), decoded(count)?) {
                    let policy = policy.to_owned();
                    let used = Used {
                        policy,
                        key: who,
                        count,
                    };
                    read.push((key.clone(), used));
                }
            }
        }
        Ok(read)
    }

    async fn keys(&self, link: &Link) -> Result<Vec<String>, Lost> {
        let mut found = Vec::new();
        for server in servers(link.wire()).await? {
            let mut cursor = String::from("0");
            loop {
                let mut scan = cmd("SCAN");
                scan.arg(&cursor).arg("MATCH").arg("duly:{*}:r:*");
                scan.arg("COUNT").arg(AT_ONCE);
                let answer = ask(link.wire(), &scan, server.as_ref()).await?;
                let (next, keys): (String, Vec<String>) = decoded(answer)?;
                found.extend(keys);
                if next == "0" {
                    break;
                }
                cursor = next;
            }
        }
        Ok(found)
    }
}

/// Every server that holds keys of its own; one without a name where there is but one.
pub(super) async fn servers(wire: &Wire) -> Result<Vec<Option<(String, u16)>>, Lost> {
    if let Wire::One(_) = wire {
        return Ok(vec![None]);
    }
    let answer = ask(wire, cmd("CLUSTER").arg("SLOTS"), None).await?;
    let ranges: Vec<Vec<Value>> = decoded(answer)?;
    let mut servers = Vec::new();
    for range in ranges {
        let Some(first) = range.into_iter().nth(2) else {
            continue;
        };
        let mut parts = Vec::<Value>::from_redis_value(first)
            .map_err(|error| Lost(error.to_string()))?
            .into_iter();
        if let (Some(host), Some(port)) = (parts.next(), parts.next()) {
            let server = Some((decoded(host)?, decoded(port)?));
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
    }
    Ok(servers)
}

/// The answer of one server, which must be named in a Cluster.
pub(super) async fn ask(
    wire: &Wire,
    command: &Cmd,
    at: Option<&(String, u16)>,
) -> Result<Value, Lost> {
    let asked = match (wire, at) {
        (Wire::Cluster(connection), Some((host, port))) => {
            let at = SingleNodeRoutingInfo::ByAddress {
                host: host.clone(),
                port: *port,
            };
            let mut connection = connection.clone();
            let routed = connection.route_command(command.clone(), RoutingInfo::SingleNode(at));
            routed.await
        }
        (wire, _) => wire.clone().run(command).await,
    };
    asked.map_err(|error| Lost(error.to_string()))
}

pub(super) fn decoded<T: FromRedisValue>(value: Value) -> Result<T, Lost> {
    from_redis_value(value).map_err(|error| Lost(error.to_string()))
}

#[async_trait]
impl Shared for Redis {
    async fn add(&self, counts: &[Count<'_>]) -> Result<Vec<Reading>, Lost> {
        let link = self.state.link()?;
        let now = self.state.clock.now().as_microsecond();
        let additions = self.windows.add(counts, now);
        let commands: Vec<Cmd> = additions.iter().flat_map(Addition::commands).collect();
        let answers = self.state.run_all(&link, &commands).await?;
        self.readings(&link, &additions, answers.into_iter()).await
    }

    async fn take_back(&self, counts: &[Count<'_>]) -> Result<(), Lost> {
        let link = self.state.link()?;
        let take_back = &link.scripts.take_back;
        let commands = counts
            .iter()
            .map(|count| take_back.on(&key(count, self.window_of(count))));
        let commands: Vec<Cmd> = commands.collect();
        self.state.run_all(&link, &commands).await.map(drop)
    }

    async fn forget(&self, counts: &[Count<'_>]) -> Result<(), Lost> {
        let link = self.state.link()?;
        let commands = counts.iter().flat_map(|count| {
            let window = self.window_of(count);
            [window, window - 1].map(|window| cmd("DEL").arg(key(count, window)).clone())
        });
        let commands: Vec<Cmd> = commands.collect();
        self.state.run_all(&link, &commands).await.map(drop)
    }

    async fn used(&self) -> Result<Vec<Used>, Lost> {
        let link = self.state.link()?;
        Ok(newest(self.read(&link).await?))
    }

    async fn clear(
        &self,
        is_meant: &(dyn for<'used> Fn(&'used Used) -> bool + Sync),
    ) -> Result<Vec<Used>, Lost> {
        let link = self.state.link()?;
        let mut meant = self.read(&link).await?;
        meant.retain(|(_, used)| is_meant(used));
        let unlink = |(key, _): &(String, Used)| cmd("UNLINK").arg(key).clone();
        let commands: Vec<Cmd> = meant.iter().map(unlink).collect();
        if !commands.is_empty() {
            self.state.run_all(&link, &commands).await?;
        }
        Ok(newest(meant))
    }
}

/// Each count once, of the newer of its windows, which comes first.
fn newest(mut read: Vec<(String, Used)>) -> Vec<Used> {
    read.dedup_by(|(_, older), (_, newer)| {
        (&older.policy, &older.key) == (&newer.policy, &newer.key)
    });
    read.into_iter().map(|(_, used)| used).collect()
}
