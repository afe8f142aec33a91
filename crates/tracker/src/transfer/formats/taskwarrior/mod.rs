//! What Taskwarrior's `task export` writes: a list of objects, or an object per line.
//!
//! The attributes are those of its JSON format
//! (<https://taskwarrior.org/docs/design/task.html>).

mod attributes;

use std::io::BufRead;

use jiff::civil::time;
use serde::de::DeserializeSeed as _;

use self::attributes::{Attribute, Attributes};
use super::dates::Stamp;
use super::json::{self, Element, wrong};
use super::reading::{TextLines, skip_blanks};
use crate::Result;
use crate::tasks::{Priority, Status};
use crate::transfer::draft::Draft;
use crate::transfer::parsed::{Moment, Rows};

/// Attributes that say nothing to anyone but Taskwarrior.
const INTERNAL: [&str; 8] = [
    "id", "urgency", "mask", "imask", "parent", "rtype", "template", "last",
];

/// Reads a file: a list, or an object per line; before 2.0 a comma stood between them.
///
/// # Errors
/// When it is no JSON or cannot be read to its end; what `rows` says.
pub(super) fn read(mut source: impl BufRead, moment: &Moment, rows: &mut impl Rows) -> Result<()> {
    let (line, first) = skip_blanks(&mut source)?;
    let mut take = |element: Element<'_>| read_element(element, moment, rows);
    if first == Some(b'[') {
        return json::read(line, source, &mut take, |json, list| list.deserialize(json));
    }
    let mut lines = TextLines::behind(line, source);
    while let Some((line, text)) = lines.next_line()? {
        let json = text.trim().trim_end_matches(',');
        if !json.is_empty() {
            take(Element { line, json })?;
        }
    }
    Ok(())
}

fn read_element(element: Element<'_>, moment: &Moment, rows: &mut impl Rows) -> Result<()> {
    let mut draft = Draft::new(element.line);
    match serde_json::from_str::<Attributes>(element.json) {
        Err(error) => draft.refuse(wrong(&error)),
        Ok(attributes) => {
            if let Some(reason) = read_task(&mut draft, attributes, moment) {
                rows.notes().leave_out(&draft, reason);
                return Ok(());
            }
        }
    }
    rows.push(draft.finish(moment))
}

/// Fills the draft; answers why the task is to be left out, if it is.
fn read_task(draft: &mut Draft, attributes: Attributes, moment: &Moment) -> Option<&'static str> {
    let mut reading = Reading {
        draft,
        moment,
        is_started: false,
        left_out: None,
    };
    for (name, value) in attributes.0 {
        reading.attribute(&name, value);
    }
    let Reading {
        draft,
        is_started,
        left_out,
        ..
    } = reading;
    if draft.status == Status::Pending && is_started {
        draft.status = Status::InProgress;
    }
    if draft.source_id.is_none() && !draft.is_refused() {
        draft.refuse("it has no uuid");
    }
    left_out
}

struct Reading<'a> {
    draft: &'a mut Draft,
    moment: &'a Moment,
    is_started: bool,
    left_out: Option<&'static str>,
}

impl Reading<'_> {
    fn attribute(&mut self, name: &str, value: Attribute) {
        match (name, value) {
            ("uuid", Attribute::Text(uuid)) => match uuid.parse::<uuid::Uuid>() {
                Ok(uuid) => self.draft.source_id = Some(uuid.to_string()),
                Err(_) => self.draft.refuse("its uuid is not one"),
            },
            ("description", Attribute::Text(title)) => self.draft.set_title(&title),
            ("status", Attribute::Text(status)) => self.status(&status),
            ("priority", Attribute::Text(priority)) => self.priority(&priority),
            ("project", Attribute::Text(project)) => self.draft.label(&project),
            ("tags", tags) => tags.texts().iter().for_each(|tag| self.draft.label(tag)),
            ("annotations", Attribute::List(notes)) => self.annotations(notes),
            ("due", Attribute::Text(due)) => self.due(&due),
            ("wait", Attribute::Text(wait)) => {
                let day = self
                    .stamp("wait", &wait)
                    .map(|stamp| stamp.on_wall(self.moment).0);
                self.draft.snoozed_until = day;
            }
            ("start", _) => self.is_started = true,
            ("entry" | "modified" | "end", Attribute::Text(text)) => self.time(name, &text),
            (name, _) if INTERNAL.contains(&name) => {}
            ("uuid" | "description" | "status" | "due" | "entry" | "end" | "wait", _) => {
                self.draft.refuse(format!("its {name} is no text"));
            }
            (name, value) => self.other(name, &value),
        }
    }

    fn status(&mut self, status: &str) {
        match status {
            "pending" | "waiting" => {}
            "completed" => self.draft.status = Status::Completed,
            "deleted" => self.left_out = Some("it was deleted"),
            "recurring" => {
                self.left_out =
                    Some("it is the pattern of a repeating task, whose occurrences are tasks");
            }
            _ => self.draft.refuse("its status is none of Taskwarrior's"),
        }
    }

    fn priority(&mut self, priority: &str) {
        self.draft.priority = match priority {
            "H" => Priority::High,
            "M" => Priority::Medium,
            "L" => Priority::Low,
            "" => Priority::None,
            // Values can be configured.
            other => return self.draft.detail("priority", other),
        };
    }

    /// A due time of midnight or of the day's last second is Taskwarrior's way to name a day.
    fn due(&mut self, due: &str) {
        if let Some(stamp) = self.stamp("due", due) {
            let (date, clock) = stamp.on_wall(self.moment);
            let whole_day = [time(0, 0, 0, 0), time(23, 59, 59, 0)];
            self.draft
                .due(date, clock.filter(|clock| !whole_day.contains(clock)));
        }
    }

    fn time(&mut self, name: &str, text: &str) {
        let instant = self
            .stamp(name, text)
            .and_then(|stamp| stamp.instant(self.moment));
        match name {
            "entry" => self.draft.created_at = instant,
            "modified" => self.draft.updated_at = instant,
            _ => self.draft.completed_at = instant,
        }
    }

    fn stamp(&mut self, name: &str, text: &str) -> Option<Stamp> {
        let stamp = Stamp::read(text);
        if stamp.is_none() {
            self.draft.refuse(format!("its {name} is no date or time"));
        }
        stamp
    }

    fn annotations(&mut self, notes: Vec<Attribute>) {
        for note in notes {
            let Attribute::Annotation { entry, description } = note else {
                continue;
            };
            let day = Stamp::read(&entry).map(|stamp| stamp.on_wall(self.moment).0.to_string());
            self.draft
                .detail(day.as_deref().unwrap_or("note"), &description);
        }
    }

    /// Attributes that no field of a task holds are kept in the description.
    fn other(&mut self, name: &str, value: &Attribute) {
        let text = value.texts().join(", ");
        if !text.is_empty() {
            self.draft.detail(name, &text);
        }
    }
}

#[cfg(test)]
mod tests;
