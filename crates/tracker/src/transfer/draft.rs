//! From what a row says to a task, by one set of rules for all formats.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use uuid::Uuid;

use super::formats::digest;
use super::parsed::{Moment, Row};
use crate::TaskId;
use crate::input::FromText;
use crate::tasks::{
    Description, LATEST_DUE_DATE, Label, Labels, Priority, Status, Task, TaskTitle,
};

/// A row with more labels than this is no task somebody wrote.
const MOST_LABELS_READ: usize = 200;

/// What no field holds stands in the description, and a description has an end.
const MOST_DETAILS: usize = 1000;

/// Nobody reads more reasons about one row.
const MOST_REASONS: usize = 50;

/// A source id is at most this many bytes long.
const LONGEST_SOURCE_ID: usize = 200;

/// A task in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    line: usize,
    pub(super) source_id: Option<String>,
    pub(super) id: Option<TaskId>,
    pub(super) status: Status,
    pub(super) priority: Priority,
    pub(super) snoozed_until: Option<Date>,
    pub(super) muted: bool,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) completed_at: Option<Timestamp>,
    title: String,
    description: String,
    details: Vec<String>,
    labels: Vec<String>,
    due: Option<(Date, Option<Time>)>,
    notes: Vec<String>,
    refusals: Vec<String>,
}

impl Draft {
    pub(super) fn new(line: usize) -> Self {
        Draft {
            line,
            ..Draft::default()
        }
    }

    /// The line, and a title that can be shown.
    pub(super) fn place(&self) -> (usize, String) {
        let title = self
            .title
            .chars()
            .filter(|found| !found.is_control())
            .take(80);
        (self.line, title.collect())
    }

    pub(super) fn set_title(&mut self, text: &str) {
        // Each character has at most four bytes, so not even a description could hold it.
        if text.len() > Description::LONGEST * 4 {
            self.refuse(format!(
                "the title has more than {} characters",
                Description::LONGEST
            ));
            self.title = text.chars().take(TaskTitle::LONGEST).collect();
        } else {
            text.clone_into(&mut self.title);
        }
    }

    pub(super) fn has_title(&self) -> bool {
        !self.title.is_empty()
    }

    /// Adds a paragraph to the description.
    pub(super) fn describe(&mut self, text: &str) {
        if !self.description.is_empty() && !text.is_empty() {
            self.description.push_str("\n\n");
        }
        self.description.push_str(text);
    }

    /// Keeps what no field of a task holds, as a list item at the end of the description.
    pub(super) fn detail(&mut self, name: &str, value: &str) {
        match self.details.len() {
            0..MOST_DETAILS => self.details.push(format!("- {name}: {value}")),
            _ => self.refuse(format!("it has more than {MOST_DETAILS} details")),
        }
    }

    pub(super) fn label(&mut self, text: &str) {
        match self.labels.len() {
            MOST_LABELS_READ => self.refuse(format!("it has more than {MOST_LABELS_READ} labels")),
            0..MOST_LABELS_READ => {}
            _ => return,
        }
        self.labels.push(text.to_owned());
    }

    pub(super) fn due(&mut self, date: Date, time: Option<Time>) {
        self.due = Some((date, time));
    }

    pub(super) fn is_due(&self) -> bool {
        self.due.is_some()
    }

    pub(super) fn is_refused(&self) -> bool {
        !self.refusals.is_empty()
    }

    /// Says what differs from the source.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        push_once(&mut self.notes, text.into());
    }

    /// Says why there will be no task.
    pub(super) fn refuse(&mut self, text: impl Into<String>) {
        push_once(&mut self.refusals, text.into());
    }

    /// The row: a task that keeps to every rule, or the reasons why it cannot.
    pub(super) fn finish(mut self, moment: &Moment) -> Row {
        let title = self.finish_title();
        let labels = self.finish_labels();
        let description = self.finish_description();
        let (due_date, due_time) = self.finish_due();
        self.finish_times();
        let completed_at = self.finish_completion(moment);
        let created_at = self.created_at.or(completed_at).unwrap_or(moment.now);
        let shown = (!title.is_empty()).then(|| title.clone());
        let task = Task {
            id: self.id.unwrap_or(TaskId(Uuid::nil())),
            title,
            description,
            status: self.status,
            due_date,
            due_time,
            priority: self.priority,
            labels,
            completed_at,
            created_at,
            updated_at: self.updated_at.unwrap_or(moment.now),
            version: 1,
            snoozed_until: self.snoozed_until,
            muted: self.muted,
            deleted_at: None,
        };
        let task = if self.refusals.is_empty() {
            Ok(task)
        } else {
            Err(self.refusals)
        };
        Row {
            line: self.line,
            source_id: self.source_id.map(short_id),
            keeps_id: self.id.is_some(),
            repeats: None,
            title: shown,
            notes: self.notes,
            task,
        }
    }

    /// A title that is too long is cut, and its whole text opens the description.
    fn finish_title(&mut self) -> String {
        let raw = std::mem::take(&mut self.title);
        let one_line = raw
            .trim()
            .replace("\r\n", " ")
            .replace(['\r', '\n', '\t'], " ");
        if one_line != raw.trim() {
            self.note("the line breaks or tabs of the title became blanks");
        }
        let clean = self
            .without_control_characters("title", &one_line, &[])
            .trim()
            .to_owned();
        if clean.is_empty() {
            // A row that could not be read may have had one.
            if self.refusals.is_empty() {
                self.refuse("it has no title");
            }
            return clean;
        }
        if clean.chars().count() <= TaskTitle::LONGEST {
            return clean;
        }
        self.note(format!(
            "the title has more than {} characters: it is cut, and the whole text stands in the \
             description",
            TaskTitle::LONGEST
        ));
        let rest = std::mem::replace(&mut self.description, clean.clone());
        self.describe(&rest);
        let mut cut: String = clean.chars().take(TaskTitle::LONGEST - 1).collect();
        cut.truncate(cut.trim_end().len());
        cut.push('…');
        cut
    }

    fn finish_description(&mut self) -> String {
        let details = std::mem::take(&mut self.details).join("\n");
        self.describe(&details);
        let raw = std::mem::take(&mut self.description);
        let clean = self.without_control_characters("description", &raw, &['\n', '\r', '\t']);
        if clean.chars().count() > Description::LONGEST {
            self.refuse(format!(
                "the description has more than {} characters",
                Description::LONGEST
            ));
        }
        clean
    }

    /// Blanks, commas and `#` in a label become `-`; labels beyond the limits stay in the
    /// description.
    fn finish_labels(&mut self) -> Vec<String> {
        let mut labels: Vec<Label> = Vec::new();
        for raw in std::mem::take(&mut self.labels) {
            let trimmed = raw.trim().trim_start_matches('#');
            let clean = self.without_control_characters("label", trimmed, &[]);
            let written: String = clean
                .chars()
                .map(|found| {
                    if found.is_whitespace() || ",#".contains(found) {
                        '-'
                    } else {
                        found
                    }
                })
                .collect();
            if written.is_empty() {
                continue;
            }
            let Ok(label) = Label::from_text(&written) else {
                self.note(format!(
                    "a label has more than {} characters: it stands in the description",
                    Label::LONGEST
                ));
                self.detail("label", &clean);
                continue;
            };
            if written != trimmed {
                self.note(format!("the label “{clean}” became “{written}”"));
            }
            labels.push(label);
            if Labels::new(labels.iter().cloned()).is_err() {
                labels.pop();
                self.note(format!(
                    "there are more than {} labels: “{written}” stands in the description",
                    Labels::MOST
                ));
                self.detail("label", &written);
            }
        }
        Labels::new(labels).unwrap_or_default().into_vec()
    }

    fn finish_due(&mut self) -> (Option<Date>, Option<Time>) {
        let outside = |date: Date| date.year() < 1 || date > LATEST_DUE_DATE;
        if self.snoozed_until.is_some_and(outside) {
            self.refuse("the day it waits for lies outside 0001-01-01 to 9999-12-30");
        }
        let Some((date, time)) = self.due else {
            return (None, None);
        };
        if outside(date) {
            self.refuse("the due date lies outside 0001-01-01 to 9999-12-30");
        }
        let minute = time.map(|time| civil::time(time.hour(), time.minute(), 0, 0));
        (Some(date), minute)
    }

    fn finish_times(&mut self) {
        let outside = |instant: &Timestamp| {
            let year = TimeZone::UTC.to_datetime(*instant).year();
            !(1..=9999).contains(&year)
        };
        for (name, instant) in [
            ("creation", &mut self.created_at),
            ("last change", &mut self.updated_at),
            ("completion", &mut self.completed_at),
        ] {
            if instant.as_ref().is_some_and(outside) {
                self.refusals.push(format!(
                    "the time of {name} lies outside the years 1 to 9999"
                ));
            }
            // The database keeps microseconds.
            *instant =
                instant.and_then(|exact| Timestamp::from_microsecond(exact.as_microsecond()).ok());
        }
    }

    fn finish_completion(&mut self, moment: &Moment) -> Option<Timestamp> {
        if self.status.is_open() {
            return None;
        }
        if self.completed_at.is_none() {
            self.note("it is not said when it was completed: the time of the import stands");
        }
        Some(self.completed_at.unwrap_or(moment.now))
    }

    fn without_control_characters(&mut self, field: &str, text: &str, kept: &[char]) -> String {
        let unwanted = |found: char| found.is_control() && !kept.contains(&found);
        if !text.contains(unwanted) {
            return text.to_owned();
        }
        self.note(format!("control characters were removed from the {field}"));
        text.replace(unwanted, "")
    }
}

/// Each reason is given once, and not every one of very many.
fn push_once(reasons: &mut Vec<String>, reason: String) {
    if reasons.len() < MOST_REASONS && !reasons.contains(&reason) {
        reasons.push(reason);
    }
}

/// Ids that are too long to keep, or hold what a database refuses, are kept as their digest.
fn short_id(id: String) -> String {
    let is_plain = id.len() <= LONGEST_SOURCE_ID && !id.contains(char::is_control);
    if is_plain { id } else { digest(&id) }
}
