//! Duly's own document: `{"format": "duly", "version": 1, "tasks": […]}`.

use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;

use jiff::Timestamp;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::fingerprint::Fingerprints;
use super::json::{self, Element, RawList, Short};
use crate::input::FromText;
use crate::tasks::{DueDate, DueTime, Priority, Status, Task, write_hour_and_minute};
use crate::transfer::draft::Draft;
use crate::transfer::parsed::{Moment, Rows};
use crate::{Error, Result, TaskId};

/// The version of the document that is written, and the newest that is read.
const VERSION: u64 = 1;

/// A task in the document. Its `version` is not part of it: that counts the changes of one row in
/// one database.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Entry<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    description: Cow<'a, str>,
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    due_date: Option<Cow<'a, str>>,
    #[serde(borrow)]
    due_time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    priority: Option<Cow<'a, str>>,
    #[serde(serialize_with = "write_labels")]
    labels: Short<String, 200>,
    #[serde(borrow)]
    completed_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    created_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    updated_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    snoozed_until: Option<Cow<'a, str>>,
    muted: bool,
}

fn write_labels<S: serde::Serializer>(
    labels: &Short<String, 200>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    labels.0.serialize(serializer)
}

/// What the document says of itself, around the tasks. Unknown members are left alone, so that it
/// can grow.
struct Document {
    format: String,
    version: u64,
}

struct DocumentVisitor<'a, 'b>(&'a mut RawList<'b>);

impl<'de> Visitor<'de> for DocumentVisitor<'_, '_> {
    type Value = Document;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a document of Duly")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Document, A::Error> {
        let (mut format, mut version, mut tasks) = (None, None, None);
        while let Some(key) = map.next_key::<String>()? {
            let is_new = match key.as_str() {
                "format" => format.replace(map.next_value()?).is_none(),
                "version" => version.replace(map.next_value()?).is_none(),
                "tasks" => tasks.replace(map.next_value_seed(&mut *self.0)?).is_none(),
                _ => map.next_value::<IgnoredAny>().map(|_| true)?,
            };
            if !is_new {
                return Err(A::Error::custom(format!("duplicate field `{key}`")));
            }
        }
        let () = tasks.ok_or_else(|| A::Error::missing_field("tasks"))?;
        Ok(Document {
            format: format.ok_or_else(|| A::Error::missing_field("format"))?,
            version: version.ok_or_else(|| A::Error::missing_field("version"))?,
        })
    }
}

/// Reads a file.
///
/// # Errors
/// When it is no such document, is of a newer version, or cannot be read to its end; what `rows`
/// says. What the document is may stand at its end, after all rows.
pub(super) fn read(source: impl BufRead, moment: &Moment, rows: &mut impl Rows) -> Result<()> {
    let mut fingerprints = Fingerprints::default();
    let mut take = |element: Element<'_>| {
        let mut draft = Draft::new(element.line);
        read_entry(&mut draft, element);
        if draft.source_id.is_none() {
            draft.source_id = Some(fingerprints.next(element.json));
        }
        rows.push(draft.finish(moment))
    };
    let document = json::read(1, source, &mut take, |json, list| {
        json.deserialize_map(DocumentVisitor(list))
    })?;
    if document.format != "duly" {
        let message = "is no document of Duly: “format” is not “duly”";
        return Err(Error::field("file", "invalid_file", message));
    }
    if document.version != VERSION {
        let message = format!(
            "is version {} of the document; this Duly reads version {VERSION}",
            document.version
        );
        return Err(Error::field("file", "unknown_version", message));
    }
    Ok(())
}

fn read_entry(draft: &mut Draft, element: Element<'_>) {
    let entry: Entry<'_> = match serde_json::from_str(element.json) {
        Ok(entry) => entry,
        Err(error) => return draft.refuse(json::wrong(&error)),
    };
    if let Some(id) = entry.id {
        draft.id = id
            .parse::<uuid::Uuid>()
            .ok()
            .filter(|id| !id.is_nil())
            .map(TaskId);
        draft.source_id = Some(
            draft
                .id
                .map_or_else(|| id.into_owned(), |id| id.to_string()),
        );
    }
    draft.set_title(&entry.title);
    draft.describe(&entry.description);
    draft.status = named(draft, "status", entry.status).unwrap_or(Status::Pending);
    draft.priority = named(draft, "priority", entry.priority).unwrap_or(Priority::None);
    let time: Option<DueTime> = named(draft, "due_time", entry.due_time);
    match named::<DueDate>(draft, "due_date", entry.due_date) {
        Some(date) => draft.due(date.0, time.map(|time| time.0)),
        None if time.is_some() => draft.refuse("due_time needs a due_date"),
        None => {}
    }
    draft.snoozed_until =
        named::<DueDate>(draft, "snoozed_until", entry.snoozed_until).map(|day| day.0);
    draft.muted = entry.muted;
    for label in &entry.labels.0 {
        draft.label(label);
    }
    draft.completed_at = instant(draft, "completed_at", entry.completed_at);
    draft.created_at = instant(draft, "created_at", entry.created_at);
    draft.updated_at = instant(draft, "updated_at", entry.updated_at);
}

fn named<T: FromText>(draft: &mut Draft, field: &str, text: Option<Cow<'_, str>>) -> Option<T> {
    match T::from_text(&text?) {
        Ok(value) => Some(value),
        Err(wrong) => {
            draft.refuse(format!("{field} {}", wrong.message));
            None
        }
    }
}

fn instant(draft: &mut Draft, field: &str, text: Option<Cow<'_, str>>) -> Option<Timestamp> {
    let parsed = text?.parse().ok();
    if parsed.is_none() {
        draft.refuse(format!("{field} must be a time like 2026-11-24T09:00:00Z"));
    }
    parsed
}

/// What the document starts with.
pub(in crate::transfer) fn header(moment: &Moment) -> String {
    format!(
        "{{\"format\":\"duly\",\"version\":{VERSION},\"exported_at\":\"{}\",\"tasks\":[",
        moment.now
    )
}

/// What the document ends with.
pub(in crate::transfer) const FOOTER: &str = "\n]}\n";

/// A task as an element of the list, on a line of its own.
///
/// # Errors
/// [`Error::Internal`] when it cannot be written, which no task is.
pub(in crate::transfer) fn write(task: &Task, is_first: bool) -> Result<String> {
    let text = |value: &'static str| Some(Cow::Borrowed(value));
    let time = |instant: Timestamp| Some(Cow::Owned(instant.to_string()));
    let day = |day: jiff::civil::Date| Cow::Owned(day.to_string());
    let entry = Entry {
        id: Some(Cow::Owned(task.id.to_string())),
        title: Cow::Borrowed(&task.title),
        description: Cow::Borrowed(&task.description),
        status: text(task.status.name()),
        due_date: task.due_date.map(day),
        due_time: task
            .due_time
            .map(|time| Cow::Owned(write_hour_and_minute(time))),
        priority: text(task.priority.name()),
        labels: Short(task.labels.clone()),
        completed_at: task.completed_at.and_then(time),
        created_at: time(task.created_at),
        updated_at: time(task.updated_at),
        snoozed_until: task.snoozed_until.map(day),
        muted: task.muted,
    };
    let json = serde_json::to_string(&entry).map_err(|error| Error::Internal(error.to_string()))?;
    let separator = if is_first { "\n" } else { ",\n" };
    Ok(format!("{separator}{json}"))
}

#[cfg(test)]
mod tests;
