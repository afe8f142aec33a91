//! Working under systemd, or whoever else keeps this process running in the same way: what it is told of the process,
//! and the sockets that it lends.

mod doing;
mod notices;
mod sockets;
mod telling;

pub(crate) use doing::Doing;
pub(crate) use sockets::{LentSockets, from_lent};
pub(crate) use telling::tell;
