//! The formats: how each is recognised and read, and what each can be written as.

mod dates;
pub(super) mod duly;
mod fingerprint;
pub(super) mod ics;
mod json;
mod position;
#[cfg(test)]
mod sample;
pub(super) mod table;
mod taskwarrior;
mod todoist;
pub(super) mod todotxt;
mod words;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::LARGEST_FILE;
use super::parsed::{Moment, Parsed};
use crate::input::{FromText, Wrong};
use crate::{Error, Result};

pub(super) use fingerprint::digest;

/// What a file can be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The JSON that Taskwarrior's `task export` writes.
    Taskwarrior,
    /// A todo.txt file.
    Todotxt,
    /// The to-dos of an iCalendar file.
    Ics,
    /// Todoist's CSV template.
    Todoist,
    /// Duly's own JSON.
    Duly,
}

impl Format {
    /// The name used in the API, on the command line and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Taskwarrior => "taskwarrior",
            Format::Todotxt => "todotxt",
            Format::Ics => "ics",
            Format::Todoist => "todoist",
            Format::Duly => "duly",
        }
    }
}

impl FromText for Format {
    fn from_text(text: &str) -> std::result::Result<Self, Wrong> {
        [
            Format::Taskwarrior,
            Format::Todotxt,
            Format::Ics,
            Format::Todoist,
            Format::Duly,
        ]
        .into_iter()
        .find(|format| format.name() == text)
        .ok_or_else(|| {
            Wrong::new(
                "unknown_value",
                "must be one of taskwarrior todotxt ics todoist duly",
            )
        })
    }
}

/// Reads a file, in the given format or in the one its content shows.
///
/// # Errors
/// When the file as a whole cannot be read.
pub(super) fn read(
    file: &[u8],
    format: Option<Format>,
    moment: &Moment,
) -> Result<(Format, Parsed)> {
    if file.len() > LARGEST_FILE {
        let message = format!("has more than {} MiB", LARGEST_FILE / 1024 / 1024);
        return Err(Error::field("file", "too_large", message));
    }
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let is_calendar = format.map_or_else(|| starts_calendar(file), |format| format == Format::Ics);
    if is_calendar {
        refuse_wide_characters(file)?;
        return Ok((Format::Ics, ics::read(file, moment)?));
    }
    let text = decode(file)?;
    let format = format.map_or_else(|| detect(text), Ok)?;
    let parsed = match format {
        Format::Taskwarrior => taskwarrior::read(text, moment),
        Format::Todotxt => todotxt::read(text, moment),
        Format::Ics => ics::read(file, moment),
        Format::Todoist => todoist::read(text, moment),
        Format::Duly => duly::read(text, moment),
    }?;
    Ok((format, parsed))
}

fn starts_calendar(file: &[u8]) -> bool {
    const START: &[u8] = b"BEGIN:VCALENDAR";
    let trimmed = file.trim_ascii_start();
    trimmed
        .get(..START.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(START))
}

/// UTF-16 and UTF-32 are told by their byte order marks; guessing would turn text into rubbish.
fn refuse_wide_characters(file: &[u8]) -> Result<()> {
    match file {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 0, 0xfe, 0xff, ..] => {
            let message = "is UTF-16 or UTF-32 text; save it as UTF-8";
            Err(Error::field("file", "invalid_encoding", message))
        }
        _ => Ok(()),
    }
}

fn decode(file: &[u8]) -> Result<&str> {
    refuse_wide_characters(file)?;
    std::str::from_utf8(file).map_err(|error| {
        let before = file.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let message = format!("is not UTF-8 text: line {line} has bytes that are none");
        Error::field("file", "invalid_encoding", message)
    })
}

/// The format of a text that is no calendar.
fn detect(text: &str) -> Result<Format> {
    /// This many lines are looked at.
    const LINES: usize = 200;
    let start = text.trim_start();
    if start.is_empty() {
        return Err(Error::field("file", "unknown_format", "is empty"));
    }
    if start.starts_with('[') {
        return Ok(Format::Taskwarrior);
    }
    if start.starts_with('{') {
        return Ok(if is_own(start) {
            Format::Duly
        } else {
            Format::Taskwarrior
        });
    }
    if start.lines().next().is_some_and(todoist::is_header) {
        return Ok(Format::Todoist);
    }
    let is_markup = start.starts_with('<') || start.contains('\0');
    if !is_markup && start.lines().take(LINES).any(todotxt::is_marked) {
        return Ok(Format::Todotxt);
    }
    let message = "is in no format that is recognised; name the format if it is one of these: \
                   taskwarrior, todotxt, ics, todoist, duly";
    Err(Error::field("file", "unknown_format", message))
}

/// Whether a JSON object is our document. One that is broken further on is told by its start.
fn is_own(text: &str) -> bool {
    const START: usize = 200;
    #[derive(Deserialize)]
    struct Probe {
        format: Option<String>,
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Probe>();
    match values.next() {
        Some(Ok(probe)) => probe.format.as_deref() == Some("duly"),
        _ => {
            let start: String = text
                .chars()
                .take(START)
                .filter(|c| !c.is_whitespace())
                .collect();
            start.contains("\"format\":\"duly\"")
        }
    }
}

#[cfg(test)]
mod tests;
