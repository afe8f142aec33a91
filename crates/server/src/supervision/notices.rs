//! Notices to whoever keeps this process running (`sd_notify(3)`).

use std::ffi::OsStr;
use std::io;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

/// The variable that names the socket for notices.
const SOCKET: &str = "NOTIFY_SOCKET";

/// The variables that say how often signs of life are expected, and from which process (`sd_watchdog_enabled(3)`).
const WATCHDOG: &str = "WATCHDOG_USEC";
const WATCHDOG_PROCESS: &str = "WATCHDOG_PID";

/// Where notices go. Libraries for this wait for a receiver that is slow; here a notice for which there is no room
/// is lost instead.
#[derive(Debug)]
pub(super) struct Notices {
    socket: UnixDatagram,
    to: SocketAddr,
}

impl Notices {
    /// To whom the environment names; nothing when nobody wants to know, or cannot be told.
    pub(super) fn from_environment() -> Option<Self> {
        let address = std::env::var_os(SOCKET).filter(|address| !address.is_empty())?;
        match Self::to(&address) {
            Ok(notices) => Some(notices),
            Err(error) => {
                tracing::warn!(%error, "nobody is told how this process is ({SOCKET})");
                None
            }
        }
    }

    /// `address` is a path, or a name of the abstract namespace behind an `@` (`unix(7)`).
    ///
    /// # Errors
    /// When there can be no such socket, or the system has none left.
    pub(super) fn to(address: &OsStr) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        let to = match address.as_bytes() {
            #[cfg(target_os = "linux")]
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(Path::new(address))?,
        };
        Ok(Notices { socket, to })
    }

    /// Sends lines like `READY=1`, if they can be sent at once.
    pub(super) fn send(&self, lines: &str) {
        if let Err(error) = self.socket.send_to_addr(lines.as_bytes(), &self.to) {
            tracing::debug!(%error, lines, "a notice was lost");
        }
    }
}

/// Within which time a sign of life is expected of this process, each time anew.
pub(super) fn watchdog() -> Option<Duration> {
    let number = |name| std::env::var_os(name)?.to_str()?.parse::<u64>().ok();
    let expected = number(WATCHDOG).filter(|microseconds| *microseconds > 0)?;
    let is_ours = number(WATCHDOG_PROCESS).is_none_or(|id| id == u64::from(std::process::id()));
    is_ours.then(|| Duration::from_micros(expected))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_receiver_that_is_full_or_gone_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let notices = Notices::to(path.as_os_str()).unwrap();
        notices.send("READY=1");
        let receiver = UnixDatagram::bind(&path).unwrap();
        let (say, done) = mpsc::channel();
        std::thread::spawn(move || {
            // More than the system queues for a receiver (net.unix.max_dgram_qlen), and for a sender.
            for _ in 0..10_000 {
                notices.send("WATCHDOG=1");
            }
            say.send(()).unwrap();
        });
        let waited = done.recv_timeout(Duration::from_secs(30));
        waited.expect("it waits for nobody");
        let mut bytes = [0; 64];
        let length = receiver.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..length], b"WATCHDOG=1");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_behind_an_at_are_no_paths() {
        let name = format!("duly-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(name.as_bytes()).unwrap();
        let receiver = UnixDatagram::bind_addr(&address).unwrap();
        let notices = Notices::to(OsStr::new(&format!("@{name}"))).unwrap();
        notices.send("READY=1");
        let mut bytes = [0; 64];
        let length = receiver.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..length], b"READY=1");
    }
}
