//! What became of each row of a file.

use serde::Serialize;
use utoipa::ToSchema;

use super::Format;

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
    /// Every row, in the order of the file.
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
    /// Counts the rows.
    #[must_use]
    pub(super) fn new(
        format: Format,
        dry_run: bool,
        keep_going: bool,
        rows: Vec<ReportRow>,
    ) -> Self {
        let count = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
        let refused = count(Outcome::Refused);
        Report {
            format,
            dry_run,
            stopped: refused > 0 && !keep_going,
            total: rows.len(),
            created: count(Outcome::Created),
            unchanged: count(Outcome::Unchanged),
            refused,
            changed: count(Outcome::Changed),
            notes: Vec::new(),
            rows,
        }
    }
}
