//! The back end of many nodes: floors, records and answers in Redis or Valkey.
//!
//! Everything about an owner is in one hash: one slot, one life, one eviction. Its fields are the
//! floors `g` (data) and `a` (rights), and for somebody `f:` the fence and `s:` the record, for a
//! view `n:` the version, `v:` the answer and `l:` whose turn it is to load. The steps that must
//! not be interrupted are the scripts in `lua/`; the rules are those of [`crate::shelf`].
//!
//! Everything in Redis can be made again: an eviction, `FLUSHALL` or a restart loses nothing.

mod address;
mod counts;
mod link;
mod scripts;
mod state;
mod values;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use duly_db::versions::Cursor;
use duly_db::{SharedClock, SharedRandom, Version};
use jiff::Timestamp;
use redis::{Cmd, FromRedisValue, Value, cmd};
use tokio::sync::Notify;

pub use address::{Address, Wrong};
use link::Link;
use state::{State, keep_up};

use crate::limits::Count;
use crate::store::{Connection, Credential, Fence, Found, Known, Lost, Raise, Record, Store, Turn};
use crate::view::LONGEST_KEPT;
use crate::{Entry, OwnerKey, View};

/// For how long anybody waits for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Whoever invalidates, and so whoever writes.
    pub writer: Duration,
    /// Whoever asks. It counts the time in which this process had no time for the answer, too: when
    /// it is that busy, asking the database instead would not help.
    pub reader: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            writer: Duration::from_millis(50),
            reader: Duration::from_millis(500),
        }
    }
}

/// How long it is a node's turn to load an answer, in milliseconds.
const TURN: u64 = 1_000;

/// A connection to Redis that is kept up in the background. While there is none, everything is
/// answered [`Lost`] at once.
pub struct Redis {
    state: Arc<State>,
}

impl Redis {
    /// Connects in the background, now and whenever the connection is lost. Runs in a Tokio runtime.
    #[must_use]
    pub fn start(
        address: Address,
        patience: Patience,
        clock: SharedClock,
        random: SharedRandom,
    ) -> Self {
        let state = Arc::new(State {
            address,
            patience,
            clock,
            random,
            link: RwLock::new(None),
            given_up: Notify::new(),
            opened: Notify::new(),
            round_trips: AtomicU64::new(0),
        });
        tokio::spawn(keep_up(Arc::downgrade(&state)));
        Redis { state }
    }

    /// Waits until there is a connection.
    pub async fn connected(&self) {
        let opened = self.state.opened.notified();
        tokio::pin!(opened);
        loop {
            // From here on none is missed.
            opened.as_mut().enable();
            if self.state.link().is_ok() {
                return;
            }
            opened.as_mut().await;
            opened.set(self.state.opened.notified());
        }
    }

    /// How many times a caller has waited for Redis.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.state.round_trips.load(Ordering::Relaxed)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Whoever waits there finds that nobody is left.
        self.state.given_up.notify_one();
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Redis({})", self.state.address)
    }
}

fn key(link: &Link, owner: OwnerKey) -> String {
    format!("duly:{{{owner}}}:{}", link.era())
}

fn who(credential: &Credential) -> String {
    credential
        .hash
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            use fmt::Write as _;
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn lifetime() -> u64 {
    u64::try_from(LONGEST_KEPT.as_millis()).unwrap_or_default()
}

/// A record as it is kept: when it was read, and what.
fn encode<R: Record>(record: &R, now: Timestamp) -> Result<Vec<u8>, Lost> {
    let mut bytes = now.as_microsecond().to_be_bytes().to_vec();
    serde_json::to_writer(&mut bytes, record).map_err(|error| Lost(error.to_string()))?;
    Ok(bytes)
}

/// Nothing when it is too old, or of a release that writes it differently.
fn decode<R: Record>(bytes: &[u8], now: Timestamp) -> Option<R> {
    let (read, record) = bytes.split_first_chunk()?;
    let read = Timestamp::from_microsecond(i64::from_be_bytes(*read)).ok()?;
    match now.duration_since(read) <= LONGEST_KEPT {
        true => serde_json::from_slice(record).ok(),
        false => None,
    }
}

#[async_trait]
impl<R: Record> Store<R> for Redis {
    async fn look(
        &self,
        credential: &Credential,
        view: Option<View>,
        counts: &[Count<'_>],
    ) -> Result<Found<R>, Lost> {
        let link = self.state.caught_up()?;
        let mut look = cmd("HMGET");
        look.arg(key(&link, credential.owner)).arg("g");
        look.arg(format!("s:{}", who(credential)));
        if let Some(view) = view {
            look.arg(format!("v:{view}"));
        }
        let now = self.state.clock.now();
        let adding = counts::adding(counts, now.as_microsecond());
        let commands = std::iter::once(look).chain(adding);
        let answers = self.state.run_together(&link, commands).await?;
        let Some((found, counted)) = answers.split_first() else {
            return Err(Lost("there is no answer".into()));
        };
        let found: Vec<Option<Bytes>> =
            Vec::from_redis_value_ref(found).map_err(|error| Lost(error.to_string()))?;
        let mut found = found.into_iter();
        let floor = found.next().flatten().and_then(|text| number(&text));
        let record = found.next().flatten();
        let entry = found.next().flatten();
        Ok(Found {
            floor: floor.map(Version::of),
            record: record.and_then(|bytes| decode(&bytes, now)).map(Arc::new),
            entry: entry.and_then(|bytes| Entry::decode(&bytes)),
            counted: Some(counts::readings(counted)?),
        })
    }

    async fn fence(&self, credential: &Credential) -> Result<Option<Fence>, Lost> {
        let link = self.state.caught_up()?;
        let mut chance = [0; 8];
        self.state.random.fill(&mut chance);
        let fence = Fence(u64::from_be_bytes(chance));
        let mut put = link.scripts.fence.on(&key(&link, credential.owner));
        put.arg(who(credential)).arg(fence.0).arg(lifetime());
        let () = self.state.run(&link, &put).await?;
        Ok(Some(fence))
    }

    async fn introduce(
        &self,
        credential: &Credential,
        fence: Fence,
        known: &Known<R>,
    ) -> Result<bool, Lost> {
        let link = self.state.caught_up()?;
        let record = encode(&*known.record, self.state.clock.now())?;
        let mut introduce = link.scripts.introduce.on(&key(&link, credential.owner));
        introduce.arg(who(credential)).arg(fence.0).arg(record);
        introduce.arg(known.versions.data.number());
        introduce.arg(known.versions.auth).arg(lifetime());
        self.state.run(&link, &introduce).await
    }

    async fn turn(&self, owner: OwnerKey, view: View, need: Version) -> Result<Turn, Lost> {
        let link = self.state.caught_up()?;
        let mut turn = link.scripts.turn.on(&key(&link, owner));
        turn.arg(view.to_string()).arg(need.number()).arg(TURN);
        Ok(match self.state.run(&link, &turn).await? {
            Value::BulkString(bytes) => match Entry::decode(&bytes.into()) {
                Some(entry) => Turn::Stored(entry),
                None => Turn::Ours,
            },
            Value::Int(0) => Turn::Others,
            _ => Turn::Ours,
        })
    }

    async fn fill(&self, owner: OwnerKey, view: View, entry: &Entry) -> Result<bool, Lost> {
        let link = self.state.caught_up()?;
        let mut fill = link.scripts.fill.on(&key(&link, owner));
        fill.arg(view.to_string()).arg(entry.version.number());
        fill.arg(entry.encode());
        self.state.run(&link, &fill).await
    }

    async fn raise(&self, raises: &[(OwnerKey, Raise)]) -> Result<(), Lost> {
        let link = self.state.link()?;
        let commands: Vec<Cmd> = raises
            .iter()
            .map(|(owner, raise)| raising(&link, *owner, *raise))
            .collect();
        self.state.round_trips.fetch_add(1, Ordering::Relaxed);
        let raised =
            tokio::time::timeout(self.state.patience.writer, link.run_all(&commands)).await;
        let reason = match raised {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err((error, _))) => error.to_string(),
            Err(_) => "it takes too long".into(),
        };
        // One that cannot be told what is new must not be asked either, until it has been.
        self.state.give_up(&link, &reason);
        Err(Lost(reason))
    }

    fn connection(&self) -> Option<Connection> {
        self.state.link().ok().map(|link| Connection {
            number: link.number,
            told: link.told,
            may_forget: link.era().is_empty(),
        })
    }

    async fn connected(&self) {
        Redis::connected(self).await;
    }

    async fn has_caught_up(&self, connection: Connection, cursor: Cursor) {
        let Ok(link) = self.state.link() else { return };
        if link.number != connection.number {
            return;
        }
        match link.has_caught_up(cursor).await {
            Ok(true) => {}
            Ok(false) => self.state.give_up(&link, "others use another epoch"),
            Err((error, is_over)) => drop(self.state.failed(&link, &error, is_over)),
        }
    }
}

fn raising(link: &Link, owner: OwnerKey, raise: Raise) -> Cmd {
    let key = key(link, owner);
    match raise {
        Raise::Data(data) => link
            .scripts
            .raise
            .on(&key)
            .arg(data.number())
            .arg("")
            .clone(),
        Raise::Both(read) => {
            let raise = &link.scripts.raise;
            raise
                .on(&key)
                .arg(read.data.number())
                .arg(read.auth)
                .clone()
        }
        Raise::Auth => cmd("DEL").arg(&key).clone(),
    }
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
