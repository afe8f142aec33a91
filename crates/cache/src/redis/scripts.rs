//! The steps that must not be interrupted, as scripts on the server.

use duly_redis::Wire;
use redis::{Cmd, FromRedisValue, RedisResult, Value, cmd};

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
    pub(super) mark: Script,
    pub(super) value_turn: Script,
    pub(super) value_fill: Script,
    pub(super) lock_take: Script,
    pub(super) lock_renew: Script,
    pub(super) lock_release: Script,
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
            mark: load(wire, include_str!("lua/mark.lua")).await?,
            value_turn: load(wire, include_str!("lua/value_turn.lua")).await?,
            value_fill: load(wire, include_str!("lua/value_fill.lua")).await?,
            lock_take: load(wire, include_str!("lua/lock_take.lua")).await?,
            lock_renew: load(wire, include_str!("lua/lock_renew.lua")).await?,
            lock_release: load(wire, include_str!("lua/lock_release.lua")).await?,
        })
    }
}

async fn load(wire: &mut Wire, text: &str) -> RedisResult<Script> {
    let mut command = cmd("SCRIPT");
    command.arg("LOAD").arg(text);
    let known: Value = wire.run(&command).await?;
    Ok(Script(String::from_redis_value(known)?))
}
