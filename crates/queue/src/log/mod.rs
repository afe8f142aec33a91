//! The lines that the code of a job logs while it runs.
//!
//! They are kept with the attempt, so that whoever looks at a job need not search the log of a process for them.

mod capture;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use capture::Capture;
pub use capture::job_logs;

/// So many lines are kept of one attempt.
pub const LINES_KEPT: usize = 100;

/// So many bytes of lines are kept of one attempt.
pub const BYTES_KEPT: usize = 16 * 1024;

/// No line is kept longer, in bytes.
const LINE_LIMIT: usize = 2048;

/// What an attempt has logged: the first [`LINES_KEPT`] lines, and no more than [`BYTES_KEPT`] bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLog {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// How many more there were.
    #[serde(default)]
    pub more: u32,
}

/// A line that an attempt has logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How long after its beginning, in milliseconds.
    pub after_ms: u64,
    /// How grave it is.
    pub level: LogLevel,
    /// Which part of the program says it.
    pub target: String,
    /// What it says, with its fields.
    pub text: String,
}

/// How grave a line is. What is less grave is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Good to know.
    Info,
    /// Something to look at.
    Warn,
    /// Something is wrong.
    Error,
}

impl LogLevel {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
    }
}

impl JobLog {
    /// Whether nothing was logged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.more == 0
    }

    /// As stores keep it; [`None`] when nothing was logged.
    pub(crate) fn packed(&self) -> Option<String> {
        match self.is_empty() {
            true => None,
            false => serde_json::to_string(self).ok(),
        }
    }

    /// What was packed. What cannot be read is of no use to anybody.
    pub(crate) fn unpacked(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// Adds a line, or counts it when there are enough.
    fn add(&mut self, after: Duration, level: LogLevel, target: &str, text: &str) {
        let used: usize = self.lines.iter().map(LogLine::size).sum();
        let room = BYTES_KEPT.saturating_sub(used);
        let end = text.floor_char_boundary(LINE_LIMIT.min(text.len()));
        let text = text.get(..end).unwrap_or_default();
        if self.is_full() || target.len() + text.len() > room {
            self.more = self.more.saturating_add(1);
            return;
        }
        self.lines.push(LogLine {
            after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
            level,
            target: target.to_owned(),
            text: text.to_owned(),
        });
    }

    /// Whether no more lines are kept: once one was left out, none comes after it.
    fn is_full(&self) -> bool {
        self.more > 0 || self.lines.len() >= LINES_KEPT
    }
}

impl LogLine {
    fn size(&self) -> usize {
        self.target.len() + self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(log: &mut JobLog, text: &str) {
        log.add(Duration::from_millis(3), LogLevel::Info, "mail", text);
    }

    #[test]
    fn no_more_lines_are_kept_than_promised() {
        let mut log = JobLog::default();
        for number in 0..LINES_KEPT + 7 {
            add(&mut log, &number.to_string());
        }
        assert_eq!((log.lines.len(), log.more), (LINES_KEPT, 7));
        assert_eq!(log.lines[0].text, "0", "the first ones");
    }

    #[test]
    fn no_more_bytes_are_kept_than_promised() {
        let mut log = JobLog::default();
        for _ in 0..20 {
            add(&mut log, &"é".repeat(LINE_LIMIT));
        }
        let size: usize = log.lines.iter().map(LogLine::size).sum();
        assert!(size <= BYTES_KEPT && size > BYTES_KEPT - LINE_LIMIT - 4);
        assert_eq!(log.lines.len() + usize::try_from(log.more).unwrap(), 20);
        assert_eq!(log.lines[0].text.len(), LINE_LIMIT, "a long line is cut");
        add(&mut log, "short");
        let last = log.lines.last().map(|line| line.text.len());
        assert_eq!(last, Some(LINE_LIMIT), "nothing follows a gap");
    }

    #[test]
    fn what_is_packed_is_read_again() {
        let mut log = JobLog::default();
        assert_eq!(log.packed(), None);
        assert_eq!(JobLog::unpacked(None), log);
        add(&mut log, "one\0\u{1}");
        let packed = log.packed().unwrap();
        assert!(!packed.contains(['\0', '\u{1}']), "separators of stores");
        assert_eq!(JobLog::unpacked(Some(&packed)), log);
        assert_eq!(JobLog::unpacked(Some("{")), JobLog::default());
    }
}
