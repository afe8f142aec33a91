//! One connection to Redis, and what has to be true before anything it says is believed.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use duly_db::Random;
use duly_db::versions::Cursor;
use duly_redis::Wire;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, InfoDict, RedisError, RedisResult, Value, cmd, from_redis_value, pipe};

use super::scripts::Scripts;
use super::state::State;
use super::wires::Wires;

/// After so many answers in a row that did not come in time the connection is given up.
const TIMEOUTS: u32 = 2;

/// What a server says that is still there: its memory is full, or a slot of a Cluster moves. One
/// that names another in the end (`MOVED`) may be the replica of a server that is gone.
const IN_WORK: [&str; 3] = ["OOM", "ASK", "TRYAGAIN"];

/// A connection, which never connects again by itself: what it says is of one epoch.
pub(super) struct Link {
    wires: Wires,
    pub(super) scripts: Scripts,
    /// Nothing from before a restart or a failover is believed: it is of another epoch.
    epoch: String,
    installation: String,
    pub(super) number: u64,
    /// Up to where Redis had been told what was committed.
    pub(super) told: Option<Cursor>,
    /// Whether everything that was committed before it was opened has been invalidated by it.
    is_caught_up: AtomicBool,
    timeouts: AtomicU32,
}

impl Link {
    pub(super) async fn open(state: &State, number: u64) -> RedisResult<Self> {
        let State {
            address,
            installation,
            patience,
            runtimes,
            random,
            ..
        } = state;
        let mut wires = Wires::open(address, patience.reader, runtimes).await?;
        let mut wire = wires.at_hand().clone();
        let scripts = Scripts::load(&mut wire).await?;
        let epoch = match &mut wire {
            Wire::One(connection) => {
                let run = run_id(&mut wires).await?;
                epoch(connection, &run, &scripts, installation, random.as_ref()).await?
            }
            // The client cannot see which servers of a Cluster have taken over; the relay tells
            // those again what they may have lost.
            Wire::Cluster(_) => String::new(),
        };
        let mut get = cmd("GET");
        let told: Option<i64> = from_redis_value(wire.run(get.arg(told_at(installation))).await?)?;
        Ok(Link {
            wires,
            scripts,
            epoch,
            installation: installation.to_owned(),
            number,
            told: told.map(Cursor::of),
            is_caught_up: AtomicBool::new(false),
            timeouts: AtomicU32::new(0),
        })
    }

    /// The connection to use here.
    pub(super) fn wire(&self) -> &Wire {
        self.wires.at_hand()
    }

    /// What tells epochs apart: what was made in another may not be believed.
    pub(super) fn era(&self) -> &str {
        self.epoch.rsplit(':').next().unwrap_or_default()
    }

    /// A part of every name: what is kept for one installation is not found for another.
    pub(super) fn installation(&self) -> &str {
        &self.installation
    }

    /// Whether a server may be replaced by one that knows less, while the connection stands.
    pub(super) fn may_forget(&self) -> bool {
        matches!(self.wire(), Wire::Cluster(_))
    }

    pub(super) fn is_caught_up(&self) -> bool {
        self.is_caught_up.load(Ordering::Acquire)
    }

    /// Notes that everything up to there has been told. False when that was in another epoch than
    /// the others': its key may have been evicted, and somebody have made a new one.
    pub(super) async fn has_caught_up(&self, cursor: Cursor) -> Result<bool, (RedisError, bool)> {
        if let Wire::One(_) = self.wire() {
            let key = epoch_at(&self.installation);
            let found = self.run(cmd("GET").arg(&key)).await?;
            let found: Option<String> =
                from_redis_value(found).map_err(|error| (error.into(), true))?;
            match found {
                Some(found) if found != self.epoch => return Ok(false),
                Some(_) => {}
                None => drop(
                    self.run(cmd("SET").arg(&key).arg(&self.epoch).arg("NX"))
                        .await?,
                ),
            }
        }
        let mut set = cmd("SET");
        set.arg(told_at(&self.installation)).arg(cursor.number());
        self.run(&set).await?;
        self.is_caught_up.store(true, Ordering::Release);
        Ok(true)
    }

    /// Runs one command. The failure says whether the connection must be given up.
    pub(super) async fn run(&self, command: &Cmd) -> Result<Value, (RedisError, bool)> {
        let mut wire = self.wire().clone();
        self.judged(wire.run(command).await)
    }

    /// Runs several, whose keys may lie anywhere, by one round trip where that can be.
    pub(super) async fn run_all(&self, commands: &[Cmd]) -> Result<Vec<Value>, (RedisError, bool)> {
        let mut wire = self.wire().clone();
        self.judged(wire.run_all(commands).await)
    }

    /// Runs several, whose keys lie in the same slot, by one round trip.
    pub(super) async fn run_together(
        &self,
        commands: impl Iterator<Item = Cmd>,
    ) -> Result<Vec<Value>, (RedisError, bool)> {
        match self.wire() {
            Wire::One(connection) => {
                let mut pipeline = pipe();
                for command in commands {
                    pipeline.add_command(command);
                }
                self.judged(pipeline.query_async(&mut connection.clone()).await)
            }
            // While the slot moves, each may be answered by another server.
            Wire::Cluster(_) => {
                let commands: Vec<Cmd> = commands.collect();
                Box::pin(self.run_all(&commands)).await
            }
        }
    }

    fn judged<T>(&self, answer: RedisResult<T>) -> Result<T, (RedisError, bool)> {
        let error = match answer {
            Ok(answer) => {
                self.timeouts.store(0, Ordering::Relaxed);
                return Ok(answer);
            }
            Err(error) => error,
        };
        let is_over = match error.is_timeout() {
            true => self.timeouts.fetch_add(1, Ordering::Relaxed) + 1 >= TIMEOUTS,
            false => !error.code().is_some_and(|code| IN_WORK.contains(&code)),
        };
        Err((error, is_over))
    }
}

/// Where the epoch is kept.
fn epoch_at(installation: &str) -> String {
    format!("duly:epoch:{installation}")
}

/// Where it is kept up to where somebody has told what was committed.
fn told_at(installation: &str) -> String {
    format!("duly:told:{installation}")
}

/// The one process to which all the connections lead: with a failover between two of them, nothing
/// that they say would go together.
async fn run_id(wires: &mut Wires) -> RedisResult<String> {
    let mut common = None;
    for wire in wires.iter_mut() {
        let info = cmd("INFO").arg("server").clone();
        let info: InfoDict = from_redis_value(wire.run(&info).await?)?;
        let run: String = info.get("run_id").unwrap_or_default();
        if common.as_ref().is_some_and(|common| *common != run) {
            return Err(std::io::Error::other("another server has taken over meanwhile").into());
        }
        common = Some(run);
    }
    Ok(common.unwrap_or_default())
}

async fn epoch(
    connection: &mut MultiplexedConnection,
    run: &str,
    scripts: &Scripts,
    installation: &str,
    random: &dyn Random,
) -> RedisResult<String> {
    let mut chance = [0; 8];
    random.fill(&mut chance);
    let chance = format!("{:016x}", u64::from_be_bytes(chance));
    let asked = scripts
        .epoch
        .on(&epoch_at(installation))
        .arg(run)
        .arg(chance)
        .clone();
    let epoch: String = asked.query_async(connection).await?;
    Ok(epoch)
}
