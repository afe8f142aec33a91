//! The formats: how each is recognised and read, and what each can be written as.

mod dates;
pub(super) mod duly;
mod fingerprint;
pub(super) mod ics;
mod json;
mod position;
mod reading;
#[cfg(test)]
mod sample;
pub(super) mod table;
mod taskwarrior;
mod todoist;
pub(super) mod todotxt;
mod words;

use std::io::BufRead;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::parsed::{Moment, Parsed, Rows};
use super::{LARGEST_FILE, MORE_FROM_DISK};
use crate::input::{FromText, Wrong};
use crate::{Error, Result};

pub(super) use fingerprint::digest;
pub(super) use reading::unreadable;

/// The byte order mark of UTF-8, which some programs put before the text.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

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

/// A format that is a sequence of rows, each of which can be read without the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sequence {
    Taskwarrior,
    Todotxt,
    Duly,
}

impl Sequence {
    /// The sequence that a file of this format is, if it is one.
    pub(super) fn of(format: Format) -> Option<Self> {
        match format {
            Format::Taskwarrior => Some(Sequence::Taskwarrior),
            Format::Todotxt => Some(Sequence::Todotxt),
            Format::Duly => Some(Sequence::Duly),
            Format::Ics | Format::Todoist => None,
        }
    }

    /// Reads a file of any length, behind its byte order mark.
    ///
    /// # Errors
    /// When the file as a whole cannot be read, which may come out at its end; what `rows` says.
    pub(super) fn read(
        self,
        source: impl BufRead,
        moment: &Moment,
        rows: &mut impl Rows,
    ) -> Result<()> {
        match self {
            Sequence::Taskwarrior => taskwarrior::read(source, moment, rows),
            Sequence::Todotxt => todotxt::read(source, moment, rows),
            Sequence::Duly => duly::read(source, moment, rows),
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

/// Reads a file that is in memory, in the given format or in the one its content shows.
///
/// # Errors
/// When the file as a whole cannot be read.
pub(super) fn read(
    file: &[u8],
    format: Option<Format>,
    moment: &Moment,
) -> Result<(Format, Parsed)> {
    if file.len() > LARGEST_FILE {
        let most = LARGEST_FILE / 1024 / 1024;
        let message = format!("has more than {most} MiB; {MORE_FROM_DISK}");
        return Err(Error::field("file", "too_large", message));
    }
    let format = recognise(file, format)?;
    let file = file.strip_prefix(MARK).unwrap_or(file);
    let parsed = match (format, Sequence::of(format)) {
        (_, Some(sequence)) => {
            let mut parsed = Parsed::default();
            sequence.read(file, moment, &mut parsed)?;
            parsed
        }
        (Format::Todoist, None) => todoist::read(decode(file)?, moment)?,
        (_, None) => ics::read(file, moment)?,
    };
    Ok((format, parsed))
}

/// The format of a file that starts like this, unless it is given.
///
/// # Errors
/// When it is in no format that is read, or in no encoding.
pub(super) fn recognise(start: &[u8], format: Option<Format>) -> Result<Format> {
    let start = start.strip_prefix(MARK).unwrap_or(start);
    let is_calendar = format.map_or_else(|| starts_calendar(start), |format| format == Format::Ics);
    if is_calendar {
        refuse_wide_characters(start)?;
        return Ok(Format::Ics);
    }
    let text = decode(start)?;
    format.map_or_else(|| detect(text), Ok)
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
        reading::no_text(line)
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
