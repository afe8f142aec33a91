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

/// Whether a person watches the standard error output.
#[must_use]
pub fn is_watched() -> bool {
    std::io::stderr().is_terminal()
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

/// How many rows make a line worth printing while nobody watches.
const MANY_ROWS: u64 = 100_000;

/// How far something long has come: a bar for people who watch, else a line for every tenth.
#[derive(Debug)]
pub struct Bar {
    what: &'static str,
    is_watched: bool,
    shown: Option<u64>,
}

impl Bar {
    /// Starts with nothing done of `what`, for example "Dumping".
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        Bar {
            what,
            is_watched: std::io::stderr().is_terminal(),
            shown: None,
        }
    }

    /// Shows that so many of so many rows are done.
    pub fn show(&mut self, table: &str, rows: u64, of: u64) {
        let percent = (u128::from(rows) * 100)
            .checked_div(u128::from(of))
            .map_or(100, |percent| u64::try_from(percent).unwrap_or(100));
        let step = match self.is_watched {
            true => percent,
            false => percent / 10,
        };
        if self.shown.replace(step) == Some(step) {
            return;
        }
        let what = self.what;
        if self.is_watched {
            let filled: String = (0..20)
                .map(|tenth| if tenth * 5 < percent { '#' } else { '.' })
                .collect();
            progress(format!(
                "{what} [{filled}] {percent:3}%  {rows} of {of} rows  {table}"
            ));
        } else if of >= MANY_ROWS {
            complain(format!("{what}: {percent}%, {rows} of {of} rows"));
        }
    }

    /// Makes room for what is said next.
    pub fn end(self) {
        end_progress();
    }
}
