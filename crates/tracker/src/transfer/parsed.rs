//! A file, read: its rows and what was left out.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::draft::Draft;
use super::{MORE_FROM_DISK, MOST_ROWS};
use crate::Error;
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

impl Row {
    /// How much text it holds, about, in bytes.
    pub(super) fn length(&self) -> usize {
        let (text, more) = match &self.task {
            Ok(task) => (task.title.len() + task.description.len(), &task.labels),
            Err(reasons) => (0, reasons),
        };
        text + more
            .iter()
            .chain(&self.notes)
            .map(String::len)
            .sum::<usize>()
    }
}

/// Where the rows of a file go as they are read, in the order of the file.
pub(super) trait Rows {
    /// Takes a row.
    ///
    /// # Errors
    /// When no further one is wanted.
    fn push(&mut self, row: Row) -> crate::Result<()>;

    /// What is said about the file as a whole.
    fn notes(&mut self) -> &mut Notes;
}

/// What is said about a file as a whole, for people.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Notes {
    texts: Vec<String>,
    left_out: usize,
}

impl Notes {
    /// Says something.
    pub(super) fn add(&mut self, text: impl Into<String>) {
        self.texts.push(text.into());
    }

    /// Says that a row is no task to bring along, and why.
    pub(super) fn leave_out(&mut self, draft: &Draft, reason: &str) {
        self.left_out += 1;
        if self.left_out <= MOST_NOTES {
            let (line, title) = draft.place();
            self.add(format!(
                "line {line}: “{title}” is left out, because {reason}"
            ));
        }
    }

    /// What was said.
    pub(super) fn into_texts(mut self) -> Vec<String> {
        if self.left_out > MOST_NOTES {
            let more = self.left_out - MOST_NOTES;
            self.add(format!("{more} more rows are left out"));
        }
        self.texts
    }
}

/// A file, read into memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parsed {
    pub(super) rows: Vec<Row>,
    pub(super) notes: Notes,
}

impl Rows for Parsed {
    fn push(&mut self, row: Row) -> crate::Result<()> {
        if self.rows.len() >= MOST_ROWS {
            let message = format!("has more than {MOST_ROWS} rows; {MORE_FROM_DISK}");
            return Err(Error::field("file", "too_many_rows", message));
        }
        self.rows.push(row);
        Ok(())
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}
