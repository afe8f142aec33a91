//! The steps that must not be interrupted, as scripts on the server.

use redis::{Cmd, FromRedisValue, RedisResult, Value, cmd};

use super::link::Wire;

/// A script that the server knows.
#[derive(Debug, Clone)]
pub(super) struct Script(String);

impl Script {
    /// A call of it on one key; its arguments follow.
    pub(super) fn on(&self, key: &str) -> Cmd {
        let mut call = cmd("EVALSHA");
        call.arg(&self.0).arg(1).arg(key);
        call
    }
}

/// All of them. Where one is not known any more, as after `SCRIPT FLUSH`, the connection is given up
/// and the next one brings them along.
#[derive(Debug, Clone)]
pub(super) struct Scripts {
    pub(super) fence: Script,
    pub(super) introduce: Script,
    pub(super) turn: Script,
    pub(super) fill: Script,
    pub(super) raise: Script,
    pub(super) epoch: Script,
    pub(super) take_back: Script,
}

impl Scripts {
    pub(super) async fn load(wire: &mut Wire) -> RedisResult<Self> {
        Ok(Scripts {
            fence: load(wire, include_str!("lua/fence.lua")).await?,
            introduce: load(wire, include_str!("lua/introduce.lua")).await?,
            turn: load(wire, include_str!("lua/turn.lua")).await?,
            fill: load(wire, include_str!("lua/fill.lua")).await?,
            raise: load(wire, include_str!("lua/raise.lua")).await?,
            epoch: load(wire, include_str!("lua/epoch.lua")).await?,
            take_back: load(wire, include_str!("lua/take_back.lua")).await?,
        })
    }
}

async fn load(wire: &mut Wire, text: &str) -> RedisResult<Script> {
    let mut command = cmd("SCRIPT");
    command.arg("LOAD").arg(text);
    let known: Value = wire.run(&command).await?;
    Ok(Script(String::from_redis_value(known)?))
}
