//! What became of each row of a file.

use serde::Serialize;
use utoipa::ToSchema;

use super::Format;
use super::parsed::Row;
use super::write::Known;

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Report {
    /// The format the file was read in.
    pub format: Format,
    /// Whether this was only a rehearsal.
    pub dry_run: bool,
    /// Rows were refused and going on was not asked for, so nothing is written.
    pub stopped: bool,
    /// How many rows the file has; each is counted once below.
    pub total: usize,
    /// Rows that became tasks as they are.
    pub created: usize,
    /// Rows that were imported before.
    pub unchanged: usize,
    /// Rows that became no task.
    pub refused: usize,
    /// Rows that became tasks, but not quite as they are.
    pub changed: usize,
    /// What was left out of the file because it is no task to bring along.
    pub notes: Vec<String>,
    /// Every row, in the order of the file; none when they were told one by one.
    pub rows: Vec<ReportRow>,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReportRow {
    /// Where the row starts; the first line is 1.
    pub line: usize,
    /// How the row is recognised when it comes again.
    pub source_id: Option<String>,
    /// The title of the task, if it has one.
    pub title: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was changed, refused or left alone; for people.
    pub reasons: Vec<String>,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is a task now.
    Created,
    /// It was imported before; its task was left alone.
    Unchanged,
    /// It is a task now, but differs from the row.
    Changed,
    /// It is no task.
    Refused,
}

impl Report {
    /// The report of a file of which no row has been added yet.
    #[must_use]
    pub(super) fn new(format: Format, dry_run: bool, stopped: bool) -> Self {
        Report {
            format,
            dry_run,
            stopped,
            total: 0,
            created: 0,
            unchanged: 0,
            refused: 0,
            changed: 0,
            notes: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Counts the next row and answers what became of it.
    pub(super) fn add(&mut self, row: Row, known: &Known) -> ReportRow {
        let is_known = known.has(&row);
        let (outcome, reasons) = match (row.task, row.repeats) {
            (Err(reasons), _) => (Outcome::Refused, reasons),
            (Ok(_), Some(line)) => (
                Outcome::Unchanged,
                vec![format!("it says the same as line {line}")],
            ),
            (Ok(_), None) if is_known => (
                Outcome::Unchanged,
                vec!["it was imported before".to_owned()],
            ),
            (Ok(_), None) if row.notes.is_empty() => (Outcome::Created, Vec::new()),
            (Ok(_), None) => (Outcome::Changed, row.notes),
        };
        self.total += 1;
        *match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Changed => &mut self.changed,
            Outcome::Refused => &mut self.refused,
        } += 1;
        ReportRow {
            line: row.line,
            source_id: row.source_id,
            title: row.title,
            outcome,
            reasons,
        }
    }
}
