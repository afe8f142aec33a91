//! From tasks to a file, page by page.

use duly_db::Db;
use jiff::tz::TimeZone;

use super::formats::{duly, ics, table, todotxt};
use super::parsed::Moment;
use super::store;
use crate::input::{FromText, Wrong};
use crate::tasks::Task;
use crate::{Result, TaskId, Tracker, UserId};

/// How many tasks are read and written at a time.
const PAGE: u32 = 500;

/// What a file can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// Duly's own document; holds everything and can be imported again.
    Json,
    /// A table for spreadsheets. An apostrophe stands before text that would be run as a formula.
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
            _ => Err(Wrong::new(
                "unknown_value",
                "must be one of json csv todotxt ics",
            )),
        }
    }
}

impl ExportFormat {
    fn content_type(self) -> &'static str {
        match self {
            ExportFormat::Json => "application/json",
            ExportFormat::Csv => "text/csv; charset=utf-8; header=present",
            ExportFormat::Todotxt => "text/plain; charset=utf-8",
            ExportFormat::Ics => "text/calendar; charset=utf-8; component=vtodo",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            ExportFormat::Json => "json",
            ExportFormat::Csv => "csv",
            ExportFormat::Todotxt => "txt",
            ExportFormat::Ics => "ics",
        }
    }

    fn header(self, moment: &Moment) -> String {
        match self {
            ExportFormat::Json => duly::header(moment),
            ExportFormat::Csv => table::HEADER.to_owned(),
            ExportFormat::Todotxt => String::new(),
            ExportFormat::Ics => ics::HEADER.to_owned(),
        }
    }

    fn footer(self) -> &'static str {
        match self {
            ExportFormat::Json => duly::FOOTER,
            ExportFormat::Csv | ExportFormat::Todotxt => "",
            ExportFormat::Ics => ics::FOOTER,
        }
    }

    fn task(self, task: &Task, moment: &Moment, is_first: bool) -> Result<String> {
        Ok(match self {
            ExportFormat::Json => duly::write(task, is_first)?,
            ExportFormat::Csv => table::write(task),
            ExportFormat::Todotxt => todotxt::write(task, moment),
            ExportFormat::Ics => ics::write(task, moment),
        })
    }
}

/// A file that is being written. Take its content with [`Export::next_chunk`].
#[derive(Debug)]
pub struct Export {
    /// The media type.
    pub content_type: &'static str,
    /// A name for the file, for example `duly-tasks-2026-11-24.json`.
    pub file_name: String,
    db: Db,
    owner: UserId,
    format: ExportFormat,
    moment: Moment,
    /// What was read and not yet given out.
    ready: Option<String>,
    /// The last task that was read.
    last: Option<TaskId>,
    is_whole: bool,
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
    let moment = Moment {
        now: tracker.clock.now(),
        zone: zone.clone(),
    };
    let mut export = Export {
        content_type: format.content_type(),
        file_name: format!("duly-tasks-{}.{}", moment.today(), format.extension()),
        db: tracker.db.clone(),
        owner,
        format,
        moment,
        ready: None,
        last: None,
        is_whole: false,
    };
    let start = format.header(&export.moment);
    export.ready = Some(start + &export.page().await?);
    Ok(export)
}

impl Export {
    /// The next part of the file; `None` when it is whole.
    ///
    /// # Errors
    /// When the database fails; the file is not whole then.
    pub async fn next_chunk(&mut self) -> Result<Option<Vec<u8>>> {
        if let Some(ready) = self.ready.take() {
            return Ok(Some(ready.into_bytes()));
        }
        if self.is_whole {
            return Ok(None);
        }
        self.page().await.map(|page| Some(page.into_bytes()))
    }

    async fn page(&mut self) -> Result<String> {
        let mut conn = self.db.read_fresh();
        let tasks = store::page(&mut conn, self.owner, self.last, PAGE).await?;
        let mut text = String::new();
        for task in &tasks {
            text.push_str(&self.format.task(task, &self.moment, self.last.is_none())?);
            self.last = Some(task.id);
        }
        // A full page may be the last one; then the next is empty.
        if u32::try_from(tasks.len()).is_ok_and(|count| count < PAGE) {
            text.push_str(self.format.footer());
            self.is_whole = true;
        }
        Ok(text)
    }
}
