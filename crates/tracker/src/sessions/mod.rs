//! Who is asking: log-ins, and what a request learns from its cookie or token.

pub(crate) mod attempts;
mod authenticate;
pub(crate) mod caller;
mod list;
mod log_in;
mod principal;
mod seen;
mod shown;
mod store;

use std::net::IpAddr;

use crate::secret::Secret;

pub use authenticate::{authenticate, visit};
pub use caller::{Asked, Caller, Visitor};
pub use list::{Session, get, list, purge_expired, revoke, revoke_others};
pub use log_in::{LogIn, LogInInput, log_in, log_out};
pub(crate) use log_in::{end_all, open, rotate};
pub use principal::{Principal, Via};
pub use seen::{Seen, flush_seen};
pub use shown::Shown;

/// The longest name of a browser that is kept, in characters.
const LONGEST_USER_AGENT: usize = 200;

/// From where a request comes.
#[derive(Debug, Clone)]
pub struct ClientInfo {
    /// The address of the client (behind trusted proxies, the one they report).
    pub ip: IpAddr,
    /// What the client calls itself; empty when it does not say.
    pub user_agent: String,
    /// The session the client has shown. It ends when the client logs in anew, so that nobody
    /// can log in on a session that somebody else knows.
    pub session: Option<Secret>,
}

impl ClientInfo {
    /// A client without a session.
    pub fn new(ip: IpAddr, user_agent: impl Into<String>) -> Self {
        ClientInfo {
            ip,
            user_agent: user_agent.into(),
            session: None,
        }
    }

    /// What the client calls itself, short and on one line.
    fn short_user_agent(&self) -> String {
        let shown = self.user_agent.chars().filter(|found| !found.is_control());
        shown.take(LONGEST_USER_AGENT).collect()
    }
}
