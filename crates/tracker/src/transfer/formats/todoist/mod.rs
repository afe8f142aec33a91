//! Todoist's CSV template: a row per task, section or comment.

mod english;

use std::collections::HashMap;

use csv::StringRecord;
use jiff::tz::TimeZone;

use super::dates::{Stamp, looks_like_date};
use super::fingerprint::Fingerprints;
use super::position::Lines;
use super::words::{self, Words};
use crate::tasks::Priority;
use crate::transfer::draft::Draft;
use crate::transfer::parsed::{Moment, Parsed, Rows as _};
use crate::{Error, Result};

/// In bytes; the template has some two hundred.
const LONGEST_HEADER: usize = 10_000;

/// A description has at most 20,000 characters, and not all of them are commas.
const MOST_COMMAS: usize = 20_000;

/// In bytes; more than a description could hold.
const LONGEST_CONTENT: usize = 100_000;

/// Whether a line names the columns of the template.
pub(super) fn is_header(line: &str) -> bool {
    if line.len() > LONGEST_HEADER {
        return false;
    }
    let names: Vec<String> = line
        .split(',')
        .map(|name| name.trim().trim_matches('"').to_ascii_uppercase())
        .collect();
    ["TYPE", "CONTENT", "PRIORITY"]
        .iter()
        .all(|wanted| names.iter().any(|name| name == wanted))
}

/// Reads a file.
///
/// # Errors
/// When it has no TYPE and CONTENT columns or too many rows.
pub(super) fn read(text: &str, moment: &Moment) -> Result<Parsed> {
    let is_too_wide = |line: &str| line.bytes().filter(|byte| *byte == b',').count() > MOST_COMMAS;
    if text.lines().any(is_too_wide) {
        let message = format!("has a line of more than {MOST_COMMAS} cells");
        return Err(Error::field("file", "invalid_file", message));
    }
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| invalid(&error))?;
    let columns: HashMap<String, usize> = header
        .iter()
        .enumerate()
        .map(|(index, name)| (name.trim().to_ascii_uppercase(), index))
        .collect();
    if !columns.contains_key("TYPE") || !columns.contains_key("CONTENT") {
        let message = "has no columns TYPE and CONTENT, as Todoist's template does";
        return Err(Error::field("file", "invalid_file", message));
    }
    let mut reading = Reading {
        moment,
        columns,
        lines: Lines::of(text),
        parsed: Parsed::default(),
        fingerprints: Fingerprints::default(),
        lost_comments: 0,
        section: None,
        parents: Vec::new(),
        open: None,
    };
    for record in reader.records() {
        reading.row(&record.map_err(|error| invalid(&error))?)?;
    }
    reading.close()?;
    if reading.lost_comments > 0 {
        let count = reading.lost_comments;
        reading.parsed.notes.add(format!(
            "comments that belong to no task are left out: {count}"
        ));
    }
    Ok(reading.parsed)
}

fn invalid(error: &csv::Error) -> Error {
    Error::field("file", "invalid_file", format!("is no CSV: {error}"))
}

struct Reading<'a> {
    moment: &'a Moment,
    columns: HashMap<String, usize>,
    lines: Lines<'a>,
    parsed: Parsed,
    fingerprints: Fingerprints,
    /// Comments that belong to no task.
    lost_comments: usize,
    /// The section the rows stand in.
    section: Option<String>,
    /// The titles of the tasks that the next row may be part of, outermost first.
    parents: Vec<String>,
    /// The last task: comments that follow belong to it.
    open: Option<Draft>,
}

impl Reading<'_> {
    fn row(&mut self, record: &StringRecord) -> Result<()> {
        let content = self.cell(record, "CONTENT").to_owned();
        match self.cell(record, "TYPE").to_ascii_lowercase().as_str() {
            "task" => {
                self.close()?;
                self.open = Some(self.task(record, &content));
            }
            "section" => {
                self.close()?;
                self.parents.clear();
                self.section = Some(content).filter(|name| !name.is_empty());
            }
            "note" => match &mut self.open {
                Some(task) => task.detail("comment", &content),
                None => self.lost_comments += 1,
            },
            // Empty rows stand between sections; `meta` says how the project is shown.
            "" if record.iter().all(|cell| cell.trim().is_empty()) => {}
            "meta" => {}
            kind => {
                self.close()?;
                let kind: String = kind.chars().take(40).collect();
                let mut draft = Draft::new(self.line_of(record));
                draft.set_title(&content);
                draft.refuse(format!("its TYPE is “{kind}”, not task, section or note"));
                self.parsed.push(draft.finish(self.moment))?;
            }
        }
        Ok(())
    }

    fn cell<'r>(&self, record: &'r StringRecord, column: &str) -> &'r str {
        let cell = self
            .columns
            .get(column)
            .and_then(|index| record.get(*index));
        cell.unwrap_or_default().trim()
    }

    /// The reader's own count is off by one after `\r\n`.
    fn line_of(&mut self, record: &StringRecord) -> usize {
        let byte = record.position().map_or(0, csv::Position::byte);
        self.lines.at(usize::try_from(byte).unwrap_or(usize::MAX))
    }

    /// Ends the last task: no further comment belongs to it.
    fn close(&mut self) -> Result<()> {
        match self.open.take() {
            Some(draft) => self.parsed.push(draft.finish(self.moment)),
            None => Ok(()),
        }
    }

    fn task(&mut self, record: &StringRecord, content: &str) -> Draft {
        let mut draft = Draft::new(self.line_of(record));
        let cells: Vec<&str> = record.iter().collect();
        draft.source_id = Some(self.fingerprints.next(&cells.join("\u{1f}")));
        if content.len() > LONGEST_CONTENT {
            draft.refuse("its content is too long to be a task");
            return draft;
        }
        let Words { title, labels, .. } = words::split(content, words::context);
        draft.set_title(title);
        labels.iter().for_each(|label| draft.label(label));
        draft.describe(self.cell(record, "DESCRIPTION"));
        if let Some(section) = &self.section {
            draft.label(section);
        }
        self.place(&mut draft, title, self.cell(record, "INDENT"));
        priority(&mut draft, self.cell(record, "PRIORITY"));
        self.due(&mut draft, record);
        let responsible = self.cell(record, "RESPONSIBLE");
        if !responsible.is_empty() {
            draft.detail("responsible", responsible);
        }
        draft
    }

    /// Duly has no tasks inside tasks: the one around it is named in the description.
    fn place(&mut self, draft: &mut Draft, title: &str, indent: &str) {
        let depth = indent.parse::<usize>().unwrap_or(1).clamp(1, 10);
        self.parents.truncate(depth - 1);
        if let Some(parent) = self.parents.last() {
            let parent: String = parent.chars().take(200).collect();
            draft.note(format!(
                "it was part of “{parent}”: the description says so"
            ));
            draft.detail("part of", &parent);
        }
        self.parents.push(title.to_owned());
    }

    fn due(&self, draft: &mut Draft, record: &StringRecord) {
        let deadline = self.cell(record, "DEADLINE");
        let date = self.cell(record, "DATE");
        let zone = self.cell(record, "TIMEZONE");
        if date.is_empty() {
            self.due_at(draft, deadline, self.cell(record, "DEADLINE_LANG"), zone);
        } else {
            self.due_at(draft, date, self.cell(record, "DATE_LANG"), zone);
            if !deadline.is_empty() {
                draft.detail("deadline", deadline);
            }
        }
    }

    fn due_at(&self, draft: &mut Draft, text: &str, language: &str, zone: &str) {
        if text.is_empty() {
            return;
        }
        let is_english = language.is_empty() || language.to_ascii_lowercase().starts_with("en");
        let stamp = Stamp::read(text).or_else(|| Stamp::read(&text.replacen(' ', "T", 1)));
        let stamp = stamp.or_else(|| {
            let today = self.moment.today();
            english::read(text, today).filter(|_| is_english)
        });
        match stamp {
            Some(stamp) => {
                let (date, time) = in_zone(stamp, zone).on_wall(self.moment);
                draft.due(date, time);
            }
            None if looks_like_date(text) => {
                draft.refuse(format!("“{text}” is no day it can be due"));
            }
            None => {
                let text: String = text.chars().take(200).collect();
                draft.note(format!(
                    "the date “{text}” is not understood: it stands in the description"
                ));
                draft.detail("date", &text);
            }
        }
    }
}

/// A time of another zone becomes an instant; days are the same everywhere.
fn in_zone(stamp: Stamp, zone: &str) -> Stamp {
    let zone = (!zone.is_empty())
        .then(|| TimeZone::get(zone).ok())
        .flatten();
    match (stamp, zone) {
        (Stamp::Local(local), Some(zone)) => zone.to_timestamp(local).map_or(stamp, Stamp::Instant),
        _ => stamp,
    }
}

/// 1 is the highest; 4 is what Todoist gives a task of which nothing was said.
fn priority(draft: &mut Draft, text: &str) {
    draft.priority = match text {
        "1" => Priority::High,
        "2" => Priority::Medium,
        "3" => Priority::Low,
        "4" | "" => Priority::None,
        _ => {
            draft.note("its priority is no number from 1 to 4: it has none");
            Priority::None
        }
    };
}

#[cfg(test)]
mod tests;
