//! From a file in memory to tasks, all or nothing.

use jiff::tz::TimeZone;

use super::parsed::Moment;
use super::repeats::{Repeat, Seen};
use super::write::Writing;
use super::{Format, Report, formats};
use crate::activity::Actor;
use crate::{Error, Result, Tracker};

/// How to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The format of the file; found out from its content when not given.
    pub format: Option<Format>,
    /// Only say what would happen.
    pub dry_run: bool,
    /// Write the good rows even when others are refused.
    pub keep_going: bool,
}

/// Brings the tasks of a file in. Nothing is written when `options.dry_run`, or when a row is
/// refused and `options.keep_going` is not set ([`Report::stopped`]).
///
/// # Errors
/// [`Error::Invalid`] for the field `file` when the file as a whole cannot be read
/// (`too_large`, `invalid_encoding`, `unknown_format`, `unknown_version`, `invalid_file`,
/// `too_many_rows`); else when the database fails.
pub async fn import(
    tracker: &Tracker,
    by: &Actor,
    zone: &TimeZone,
    file: Vec<u8>,
    options: Options,
) -> Result<Report> {
    let now = tracker.clock.now();
    let moment = Moment {
        now,
        zone: zone.clone(),
    };
    let (format, mut parsed) = in_background(move || {
        let (format, mut parsed) = formats::read(&file, options.format, &moment)?;
        let mut seen = Seen::default();
        for (index, row) in parsed.rows.iter().enumerate() {
            seen.see(index, row)?;
        }
        Repeat::mark(&seen.into_repeats(), 0, &mut parsed.rows);
        Ok((format, parsed))
    })
    .await?;
    let writing = Writing {
        tracker,
        by,
        zone,
        format,
    };
    let is_refused = parsed.rows.iter().any(|row| row.task.is_err());
    let stopped = is_refused && !options.keep_going;
    let known = if options.dry_run || stopped {
        writing.known(&parsed.rows).await?
    } else {
        writing.write(&mut parsed.rows, now).await?
    };
    let mut report = Report::new(format, options.dry_run, stopped);
    for row in parsed.rows {
        let row = report.add(row, &known);
        report.rows.push(row);
    }
    report.notes = parsed.notes.into_texts();
    Ok(report)
}

/// Does work that would keep others waiting.
pub(super) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(error.to_string()))?
}
