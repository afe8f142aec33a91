//! A file, read: its rows and what was left out.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::MOST_ROWS;
use super::draft::Draft;
use crate::tasks::Task;

/// More rows than this are left out by number, not one by one.
const MOST_NOTES: usize = 100;

/// When and for whom a file is read.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) now: Timestamp,
    /// The owner's zone: local times are judged in it.
    pub(super) zone: TimeZone,
}

impl Moment {
    /// The owner's wall clock at an instant.
    pub(super) fn local(&self, instant: Timestamp) -> DateTime {
        self.zone.to_datetime(instant)
    }

    /// The owner's day.
    pub(super) fn today(&self) -> Date {
        self.local(self.now).date()
    }

    /// When the owner's wall clock shows the given time: the first such instant, or the next
    /// valid one where the clock skips it.
    pub(super) fn instant(&self, local: DateTime) -> Option<Timestamp> {
        self.zone.to_timestamp(local).ok()
    }
}

/// A row of a file, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Where it starts; the first line is 1.
    pub(super) line: usize,
    /// How it is recognised when it comes again.
    pub(super) source_id: Option<String>,
    /// Whether the task keeps the id that the source gives it.
    pub(super) keeps_id: bool,
    /// The line of an earlier row that says exactly the same.
    pub(super) repeats: Option<usize>,
    /// For the report, also of a refused row.
    pub(super) title: Option<String>,
    /// What differs from the source.
    pub(super) notes: Vec<String>,
    /// The task, or why it is refused.
    pub(super) task: Result<Task, Vec<String>>,
}

/// A file, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parsed {
    pub(super) rows: Vec<Row>,
    /// What was left out of the file.
    notes: Vec<String>,
    left_out: usize,
}

impl Parsed {
    /// Adds a row.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn push(&mut self, row: Row) -> crate::Result<()> {
        if self.rows.len() >= MOST_ROWS {
            let message = format!("has more than {MOST_ROWS} rows");
            return Err(crate::Error::field("file", "too_many_rows", message));
        }
        self.rows.push(row);
        Ok(())
    }

    /// Notes something about the file as a whole.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Notes that a row is no task to bring along, and why.
    pub(super) fn leave_out(&mut self, draft: &Draft, reason: &str) {
        self.left_out += 1;
        if self.left_out <= MOST_NOTES {
            let (line, title) = draft.place();
            self.note(format!(
                "line {line}: “{title}” is left out, because {reason}"
            ));
        }
    }

    /// What was left out of the file, for people.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        if self.left_out > MOST_NOTES {
            self.note(format!(
                "{} more rows are left out",
                self.left_out - MOST_NOTES
            ));
        }
        std::mem::take(&mut self.notes)
    }
}
