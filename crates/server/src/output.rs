//! What commands say to the person at the terminal. Logs go elsewhere.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};

/// A line on the standard output. Whoever has closed it does not want to know.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Bytes on the standard output as they are. Whoever has closed it has read enough.
///
/// # Errors
/// When they cannot be written.
pub fn write(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// A line on the standard error output.
pub fn complain(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A line on the standard error output that the next one replaces, when a person is watching.
pub fn progress(line: impl Display) {
    let mut out = std::io::stderr().lock();
    if out.is_terminal() {
        let _ = write!(out, "\r\u{1b}[K{line}");
        let _ = out.flush();
    }
}

/// Ends the line of [`progress`].
pub fn end_progress() {
    let mut out = std::io::stderr().lock();
    if out.is_terminal() {
        let _ = write!(out, "\r\u{1b}[K");
    }
}
