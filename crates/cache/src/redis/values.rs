//! Values of no single owner, and locks.
//!
//! A value is a hash: `v` the value, `x` what it is made from, `m` when; and while somebody loads it,
//! `n` the node, `w` from what, `u` until when it is its turn. The mark of a group is a key of its
//! own, and begins with the epoch in which it was made. Values have the epoch in their names, so that none
//! from before a restart or a failover is found; marks have not, so that whoever forgets a group reaches
//! also those who have not noticed yet that another epoch has begun. A lock is a hash without an epoch: a
//! server that has taken over may know who holds it.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::{Cmd, FromRedisValue, Value, cmd};

use super::Redis;
use super::link::Link;
use crate::store::Lost;
use crate::values::{Backing, Found, LONGEST_REMEMBERED, Loader, Mark, Stored, Turn};

/// How long it is a node's turn to load a value, unless it asks for more.
const TURN: Duration = Duration::from_secs(2);

/// How long a lock's last token is kept after its end: clocks that are set back go on behind it.
const TOKENS: Duration = Duration::from_secs(24 * 60 * 60);

impl Redis {
    async fn told(&self, link: &Link, commands: &[Cmd]) -> Result<(), Lost> {
        let told = self.state.run_all(link, commands);
        match tokio::time::timeout(self.state.patience.writer, told).await {
            Ok(told) => told.map(drop),
            Err(_) => Err(Lost("it takes too long".into())),
        }
    }

    fn of_lock(&self, name: &str) -> String {
        format!("duly:lock:{}:{name}", self.state.installation)
    }

    fn chance(&self) -> u64 {
        let mut chance = [0; 8];
        self.state.random.fill(&mut chance);
        u64::from_be_bytes(chance)
    }
}

#[async_trait]
impl Backing for Redis {
    async fn look(&self, name: &str, groups: &[String], wants: bool) -> Result<Found, Lost> {
        let link = self.state.link()?;
        let get = |group: &String| cmd("GET").arg(of_group(&link, group)).clone();
        let mut commands: Vec<Cmd> = groups.iter().map(get).collect();
        if wants {
            commands.push(cmd("HGET").arg(of_value(&link, name)).arg("v").clone());
        }
        let mut answers = self.state.run_all(&link, &commands).await?;
        let stored = match wants {
            true => answers.pop().map(read::<Option<Bytes>>).transpose()?,
            false => None,
        };
        Ok(Found {
            marks: marks(&link, answers)?,
            stored: stored.flatten().and_then(|bytes| Stored::decode(&bytes)),
        })
    }

    async fn marks(&self, groups: &[String]) -> Result<Vec<Option<Mark>>, Lost> {
        let link = self.state.link()?;
        let give = |group: &String| {
            let mut give = link.scripts.mark.on(&of_group(&link, group));
            give.arg(self.chance()).arg(millis(LONGEST_REMEMBERED * 2));
            give.arg(link.era());
            give
        };
        let commands: Vec<Cmd> = groups.iter().map(give).collect();
        marks(&link, self.state.run_all(&link, &commands).await?)
    }

    async fn turn(&self, loader: &Loader<'_>) -> Result<Turn, Lost> {
        let link = self.state.link()?;
        let turn = &link.scripts.value_turn;
        let mut turn = turn.on(&of_value(&link, loader.name));
        turn.arg(loader.node).arg(loader.vector.to_string());
        turn.arg(loader.oldest.as_microsecond()).arg(millis(TURN));
        Ok(match self.state.run(&link, &turn).await? {
            Value::BulkString(bytes) => match Stored::decode(&bytes.into()) {
                Some(stored) => Turn::Stored(stored),
                None => return Err(Lost("it has a value that nobody can read".into())),
            },
            Value::Int(0) => Turn::Others,
            _ => Turn::Ours,
        })
    }

    async fn fill(
        &self,
        loader: &Loader<'_>,
        stored: &Stored,
        lifetime: Duration,
    ) -> Result<bool, Lost> {
        let link = self.state.link()?;
        let fill = &link.scripts.value_fill;
        let mut fill = fill.on(&of_value(&link, loader.name));
        fill.arg(loader.node).arg(loader.vector.to_string());
        fill.arg(stored.made.as_microsecond());
        fill.arg(stored.encode()).arg(millis(lifetime));
        self.state.run(&link, &fill).await
    }

    async fn leave(&self, loader: &Loader<'_>) -> Result<(), Lost> {
        let link = self.state.link()?;
        let fill = &link.scripts.value_fill;
        let mut leave = fill.on(&of_value(&link, loader.name));
        leave.arg(loader.node).arg(loader.vector.to_string());
        self.state.run(&link, &leave).await
    }

    async fn forget(&self, groups: &[String]) -> Result<(), Lost> {
        let link = self.state.link()?;
        let forget = |group: &String| cmd("DEL").arg(of_group(&link, group)).clone();
        let commands: Vec<Cmd> = groups.iter().map(forget).collect();
        self.told(&link, &commands).await
    }

    async fn lock(
        &self,
        name: &str,
        owner: u64,
        lasts: Duration,
        above: i64,
    ) -> Result<Option<i64>, Lost> {
        let link = self.state.link()?;
        let mut take = link.scripts.lock_take.on(&self.of_lock(name));
        take.arg(owner).arg(millis(lasts));
        take.arg(above).arg(millis(TOKENS));
        let token: i64 = self.state.run(&link, &take).await?;
        Ok((token > 0).then_some(token))
    }

    async fn renew(&self, name: &str, owner: u64, lasts: Duration) -> Result<bool, Lost> {
        let link = self.state.link()?;
        let mut renew = link.scripts.lock_renew.on(&self.of_lock(name));
        renew.arg(owner).arg(millis(lasts)).arg(millis(TOKENS));
        self.state.run(&link, &renew).await
    }

    async fn release(&self, name: &str, owner: u64) -> Result<bool, Lost> {
        let link = self.state.link()?;
        let mut release = link.scripts.lock_release.on(&self.of_lock(name));
        self.state.run(&link, release.arg(owner)).await
    }
}

fn of_value(link: &Link, name: &str) -> String {
    format!("duly:value:{}:{}:{name}", link.installation(), link.era())
}

fn of_group(link: &Link, group: &str) -> String {
    format!("duly:group:{}:{group}", link.installation())
}

/// At least one, since nothing can be kept for less.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .max(1)
}

/// Those of this epoch.
fn marks(link: &Link, answers: Vec<Value>) -> Result<Vec<Option<Mark>>, Lost> {
    let mark = |answer| {
        let mark = read::<Option<String>>(answer)?;
        let number = mark.as_deref().and_then(|mark| {
            let (era, number) = mark.rsplit_once(':')?;
            (era == link.era()).then(|| number.parse().ok())?
        });
        Ok(number.map(Mark))
    };
    answers.into_iter().map(mark).collect()
}

fn read<T: FromRedisValue>(answer: Value) -> Result<T, Lost> {
    T::from_redis_value(answer).map_err(|error| Lost(error.to_string()))
}
