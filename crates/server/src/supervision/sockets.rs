//! Sockets that are lent: whoever keeps this process running listens on them before it starts and after it has ended
//! (`sd_listen_fds(3)`), so that connections wait for the next process instead of being refused.

use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;
use socket2::SockRef;
use tokio::net;

/// The variable that names the sockets, with colons between them. systemd has the names from `FileDescriptorName=`.
const NAMES: &str = "LISTEN_FDNAMES";

/// The name of the socket for operators. Any other is for requests, since it is called after its unit when nothing
/// else is said.
const OPERATIONS: &str = "operations";

/// The sockets that this process was lent.
#[derive(Debug, Default)]
pub(crate) struct LentSockets {
    /// For requests.
    pub(crate) requests: Option<TcpListener>,
    /// For operators.
    pub(crate) operations: Option<TcpListener>,
}

impl LentSockets {
    /// Takes those that the environment tells of. Changes the environment, so call it before there are threads.
    ///
    /// # Errors
    /// What is wrong with a socket, and what to do about it.
    pub(crate) fn take() -> Result<Self, String> {
        let names = std::env::var_os(NAMES).unwrap_or_default();
        let names = names.to_string_lossy();
        let mut names = names.split(':');
        let (mut lent, mut found) = (ListenFd::from_env(), LentSockets::default());
        for index in 0..lent.len() {
            let name = names.next().unwrap_or_default();
            let listener = match lent.take_tcp_listener(index) {
                Ok(Some(listener)) => listener,
                Ok(None) => continue,
                Err(error) => return Err(wrong(name, &error.to_string())),
            };
            if !SockRef::from(&listener).is_listener().unwrap_or(false) {
                return Err(wrong(name, "it does not listen"));
            }
            let place = match name {
                OPERATIONS => &mut found.operations,
                _ => &mut found.requests,
            };
            if place.replace(listener).is_some() {
                return Err(format!(
                    "two sockets are lent where one is enough; leave one ListenStream= in the socket unit, or call \
                     the one for operators FileDescriptorName={OPERATIONS}"
                ));
            }
        }
        Ok(found)
    }

    /// For a process that answers no requests: they would wait in a socket from which nobody takes them.
    ///
    /// # Errors
    /// When there is one for requests.
    pub(crate) fn only_for_operators(self) -> Result<Option<TcpListener>, String> {
        match self.requests {
            None => Ok(self.operations),
            Some(_) => Err(format!(
                "a socket for requests is lent to a process that answers none; take the socket unit away, or call it \
                 FileDescriptorName={OPERATIONS}"
            )),
        }
    }
}

/// Makes a lent socket one of the runtime that this is called on.
///
/// # Errors
/// When the system does not let it be watched.
pub(crate) fn from_lent(lent: TcpListener) -> io::Result<net::TcpListener> {
    lent.set_nonblocking(true)?;
    net::TcpListener::from_std(lent)
}

fn wrong(name: &str, why: &str) -> String {
    format!(
        "the socket {name:?} that is lent cannot be used: {why}; set ListenStream= to an address and a port, without \
         Accept="
    )
}
