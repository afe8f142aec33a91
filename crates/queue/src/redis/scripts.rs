//! The steps that must not be interrupted.

use duly_redis::Script;

macro_rules! script {
    ($name:ident, $file:literal) => {
        pub(super) static $name: Script =
            Script::new(concat!(include_str!("lua/job.lua"), include_str!($file)));
    };
}

script!(PUSH, "lua/push.lua");
script!(RELAYED, "lua/relayed.lua");
script!(RESERVE, "lua/reserve.lua");
script!(NEXT_DUE, "lua/next_due.lua");
script!(RENEW, "lua/renew.lua");
script!(SETTLE, "lua/settle.lua");
script!(CANCEL, "lua/cancel.lua");
script!(SWEEP, "lua/sweep.lua");
script!(COUNT_TAGS, "lua/count_tags.lua");
script!(TAKE_OUT, "lua/take_out.lua");

/// How many jobs one call is about at most.
pub(super) const MOST: usize = 500;
