//! Reading to-dos.

use std::collections::BTreeMap;

use super::lines::{Line, unfold};
use super::todo::{Ended, Todo};
use crate::transfer::formats::fingerprint::Fingerprints;
use crate::transfer::parsed::{Moment, Parsed, Rows as _};
use crate::{Error, Result};

/// Reads a file.
///
/// # Errors
/// When it is no calendar or has too many to-dos.
pub(in crate::transfer::formats) fn read(file: &[u8], moment: &Moment) -> Result<Parsed> {
    let mut reading = Reading {
        moment,
        parsed: Parsed::default(),
        open: None,
        fingerprints: Fingerprints::default(),
        skipped: BTreeMap::new(),
        is_calendar: false,
    };
    for line in unfold(file) {
        reading.line(&line)?;
    }
    reading.finish()
}

struct Reading<'a> {
    moment: &'a Moment,
    parsed: Parsed,
    /// The to-do being read.
    open: Option<Todo>,
    fingerprints: Fingerprints,
    /// How many components of other kinds there are.
    skipped: BTreeMap<String, usize>,
    /// Whether any component began.
    is_calendar: bool,
}

impl Reading<'_> {
    fn line(&mut self, line: &Line) -> Result<()> {
        let property = line.property();
        let name = property
            .as_ref()
            .map_or("", |property| property.name.as_str());
        let component = property
            .as_ref()
            .map(|property| property.value.trim().to_ascii_uppercase());
        match (name, &mut self.open) {
            ("BEGIN", Some(todo)) => todo.inside += 1,
            ("END", Some(todo)) if todo.inside > 0 => todo.inside -= 1,
            ("END", Some(todo)) => {
                if component.as_deref() != Some("VTODO") {
                    todo.cut_off();
                }
                if let Some(todo) = self.open.take() {
                    self.end(todo)?;
                }
            }
            ("BEGIN", None) => self.begin(component.unwrap_or_default(), line.number),
            (_, None) => {}
            (_, Some(todo)) if todo.inside > 0 => {}
            (_, Some(todo)) => match property {
                Some(property) => todo.property(&property, self.moment),
                None => todo.damaged(line.number),
            },
        }
        Ok(())
    }

    fn begin(&mut self, component: String, line: usize) {
        self.is_calendar = true;
        match component.as_str() {
            "VTODO" => self.open = Some(Todo::new(line)),
            // The calendar itself, and parts of components that are skipped.
            "VCALENDAR" | "VTIMEZONE" | "STANDARD" | "DAYLIGHT" | "VALARM" => {}
            _ => {
                let name: String = component
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(40)
                    .collect();
                if self.skipped.len() < 20 || self.skipped.contains_key(&name) {
                    *self.skipped.entry(name).or_insert(0) += 1;
                }
            }
        }
    }

    fn end(&mut self, todo: Todo) -> Result<()> {
        let fingerprints = &mut self.fingerprints;
        match todo.finish(|content| fingerprints.next(content)) {
            Ended::Task(draft) => self.parsed.push(draft.finish(self.moment)),
            Ended::Cancelled(draft) => {
                self.parsed.notes.leave_out(&draft, "it was cancelled");
                Ok(())
            }
        }
    }

    fn finish(mut self) -> Result<Parsed> {
        if !self.is_calendar {
            let message = "is no iCalendar file: BEGIN:VCALENDAR is missing";
            return Err(Error::field("file", "invalid_file", message));
        }
        if let Some(mut todo) = self.open.take() {
            todo.cut_off();
            self.end(todo)?;
        }
        for (component, count) in self.skipped {
            self.parsed
                .notes
                .add(format!("{component} is no to-do: {count} left out"));
        }
        Ok(self.parsed)
    }
}
