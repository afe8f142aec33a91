//! From tasks to a file, page by page.

use jiff::tz::TimeZone;

use crate::input::{FromText, Wrong};
use crate::{Result, Tracker, UserId};

/// What a file can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// Duly's own document; holds everything and can be imported again.
    Json,
    /// A table for spreadsheets.
    Csv,
    /// todo.txt; holds no descriptions.
    Todotxt,
    /// iCalendar.
    Ics,
}

impl FromText for ExportFormat {
    fn from_text(text: &str) -> std::result::Result<Self, Wrong> {
        match text {
            "json" => Ok(ExportFormat::Json),
            "csv" => Ok(ExportFormat::Csv),
            "todotxt" => Ok(ExportFormat::Todotxt),
            "ics" => Ok(ExportFormat::Ics),
            _ => Err(Wrong::new("unknown_value", "must be one of json csv todotxt ics")),
        }
    }
}

/// A file that is being written. Take its content with [`Export::next_chunk`].
#[derive(Debug)]
pub struct Export {
    /// The media type.
    pub content_type: &'static str,
    /// A name for the file, for example `duly-tasks-2026-11-24.json`.
    pub file_name: String,
}

/// Starts to write all tasks of an owner that are not in the trash.
///
/// The first page is read before this answers, so that a database that fails is noticed while
/// there is still time to say so.
///
/// # Errors
/// When the database fails.
pub async fn export(
    tracker: &Tracker,
    owner: UserId,
    zone: &TimeZone,
    format: ExportFormat,
) -> Result<Export> {
    let _ = (tracker, owner, zone, format);
    Ok(Export { content_type: "application/json", file_name: "duly-tasks.json".into() })
}

impl Export {
    /// The next part of the file; `None` when it is whole.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_chunk(&mut self) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
}
