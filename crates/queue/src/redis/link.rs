//! The way to Redis, and what is asked of it.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use duly_db::SharedClock;
use duly_redis::{Address, Script, Wire};
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind, Value};
use tokio::time::Instant;

use super::keys::{Keys, Place};
use super::packing::micros;
use crate::Error;

/// An answer that has not come after this does not come.
const ANSWER: Duration = Duration::from_secs(2);

/// Whoever could do without does not ask again for so long after nobody has answered.
const AWAY: Duration = Duration::from_secs(1);

/// A connection that is opened again when it is lost, by whoever needs it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) address: Address,
    pub(super) keys: Keys,
    /// Whose time it is, if not the server's.
    clock: Option<SharedClock>,
    wire: tokio::sync::Mutex<Opened>,
    lost_at: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Opened {
    wire: Option<Wire>,
    /// How many have been opened.
    number: u64,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Opened({})", self.number)
    }
}

/// What a script is called with, beside the keys.
#[derive(Debug, Default)]
pub(super) struct Arguments<'a>(Vec<Cow<'a, [u8]>>);

impl<'a> Arguments<'a> {
    pub(super) fn text(&mut self, text: &'a str) -> &mut Self {
        self.0.push(Cow::Borrowed(text.as_bytes()));
        self
    }

    pub(super) fn own(&mut self, text: String) -> &mut Self {
        self.0.push(Cow::Owned(text.into_bytes()));
        self
    }

    pub(super) fn number(&mut self, number: impl ToString) -> &mut Self {
        self.own(number.to_string())
    }
}

impl Link {
    pub(super) fn new(address: Address, installation: &str, clock: Option<SharedClock>) -> Self {
        Link {
            address,
            keys: Keys::of(installation),
            clock,
            wire: tokio::sync::Mutex::default(),
            lost_at: Mutex::new(None),
        }
    }

    /// Whose time it is, if not the server's.
    pub(super) fn clock(&self) -> Option<&SharedClock> {
        self.clock.as_ref()
    }

    /// Runs a script on the jobs of these places.
    pub(super) async fn call<T: FromRedisValue>(
        &self,
        script: &Script,
        places: &[Place],
        arguments: &Arguments<'_>,
    ) -> Result<T, Error> {
        let keys = self.keys.with(places);
        let now = self.clock.as_ref().map(|clock| micros(clock.now()));
        let now = now.map(|now| now.to_string()).unwrap_or_default();
        let count = places.len().to_string();
        let mut all: Vec<&[u8]> = vec![now.as_bytes(), count.as_bytes()];
        all.extend(places.iter().map(|place| place.name.as_bytes()));
        all.extend(arguments.0.iter().map(AsRef::as_ref));
        let (mut wire, number) = self.wire().await?;
        let answer = script.run(&mut wire, &keys, &all).await;
        self.judged(answer, number).await
    }

    /// Runs a command.
    pub(super) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        let (mut wire, number) = self.wire().await?;
        let answer = wire.run(command).await;
        self.judged(answer, number).await
    }

    /// Whether nobody answered a moment ago.
    pub(super) fn is_away(&self) -> bool {
        let lost_at = *self.lost_at.lock().unwrap_or_else(PoisonError::into_inner);
        lost_at.is_some_and(|lost_at| lost_at.elapsed() < AWAY)
    }

    async fn wire(&self) -> Result<(Wire, u64), Error> {
        let mut opened = self.wire.lock().await;
        if let Some(wire) = &opened.wire {
            return Ok((wire.clone(), opened.number));
        }
        let wire = match Wire::open(&self.address, ANSWER).await {
            Ok(wire) => wire,
            Err(error) => {
                self.lost();
                return Err(unavailable(&error));
            }
        };
        opened.number += 1;
        opened.wire = Some(wire.clone());
        Ok((wire, opened.number))
    }

    async fn judged<T: FromRedisValue>(
        &self,
        answer: RedisResult<Value>,
        number: u64,
    ) -> Result<T, Error> {
        let error = match answer {
            Ok(value) => {
                return T::from_redis_value(value).map_err(|error| unavailable(&error.into()));
            }
            Err(error) => error,
        };
        if is_over(&error) {
            self.lost();
            let mut opened = self.wire.lock().await;
            if opened.number == number {
                opened.wire = None;
            }
        }
        Err(unavailable(&error))
    }

    /// Notes that nobody has answered.
    pub(super) fn lost(&self) {
        let mut lost_at = self.lost_at.lock().unwrap_or_else(PoisonError::into_inner);
        *lost_at = Some(Instant::now());
    }
}

/// Whether the connection is of no use any more. A server that only copies another has been the master before.
fn is_over(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(kind) => kind == ServerErrorKind::ReadOnly,
        _ => true,
    }
}

pub(super) fn unavailable(error: &RedisError) -> Error {
    Error::Store(duly_db::Error::Unavailable(format!("Redis: {error}")))
}
