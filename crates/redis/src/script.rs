//! Steps that must not be interrupted, as programs on the server.

use std::sync::OnceLock;

use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, Value, cmd};

use crate::Wire;

/// A program in Lua. It is sent once to each server, and again to one that has forgotten it.
#[derive(Debug)]
pub struct Script {
    text: &'static str,
    hash: OnceLock<String>,
}

impl Script {
    /// A program that nobody knows yet.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Script {
            text,
            hash: OnceLock::new(),
        }
    }

    /// Runs it on these keys, which lie in the same slot.
    ///
    /// # Errors
    /// What the script, the server or the network says.
    pub async fn run(
        &self,
        wire: &mut Wire,
        keys: &[&[u8]],
        arguments: &[&[u8]],
    ) -> RedisResult<Value> {
        if let Some(hash) = self.hash.get() {
            match wire.run(&call(hash, keys, arguments)).await {
                Err(error) if is_unknown(&error) => {}
                answer => return answer,
            }
        }
        let mut load = cmd("SCRIPT");
        load.arg("LOAD").arg(self.text);
        let hash = String::from_redis_value(wire.run(&load).await?)?;
        let hash = self.hash.get_or_init(|| hash);
        wire.run(&call(hash, keys, arguments)).await
    }
}

fn call(hash: &str, keys: &[&[u8]], arguments: &[&[u8]]) -> Cmd {
    let mut call = cmd("EVALSHA");
    call.arg(hash).arg(keys.len());
    for part in keys.iter().chain(arguments) {
        call.arg(part);
    }
    call
}

fn is_unknown(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(redis::ServerErrorKind::NoScript)
}
