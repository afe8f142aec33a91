//! Bringing tasks in from other programs, and taking them out.
//!
//! [`import`] reads a file whole, judges every row, and writes all of its tasks in one
//! transaction or none. [`import_file`] does the same with a file on disk, which may be of any
//! length when it is a sequence of rows: it is read twice, once to judge it and once to write what
//! it holds, a batch of rows at a time. [`export`] writes all tasks that are not in the trash, page
//! by page.

mod disk;
mod draft;
mod export;
mod formats;
mod import;
mod import_file;
mod parsed;
mod repeats;
mod report;
mod store;
mod write;

pub use export::{Export, ExportFormat, export};
pub use formats::Format;
pub use import::{Options, import};
pub use import_file::{Step, import_file};
pub use report::{Outcome, Report, ReportRow};

/// The largest file that is read into memory, in bytes.
pub const LARGEST_FILE: usize = 10 * 1024 * 1024;

/// The most rows a file that is read into memory can have, and the most that are written in one
/// transaction.
pub const MOST_ROWS: usize = 50_000;

/// What to do with a file that is larger.
const MORE_FROM_DISK: &str =
    "`duly import` takes more from a file on disk that is of taskwarrior, todotxt or duly";
