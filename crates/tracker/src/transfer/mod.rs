//! Bringing tasks in from other programs, and taking them out.
//!
//! [`import`] reads a file whole, judges every row, and writes all of its tasks in one
//! transaction or none. [`export`] writes all tasks that are not in the trash, page by page.

mod draft;
mod export;
mod formats;
mod import;
mod parsed;
mod report;
mod store;

pub use export::{Export, ExportFormat, export};
pub use formats::Format;
pub use import::{Options, import};
pub use report::{Outcome, Report, ReportRow};

/// The largest file that is read, in bytes.
pub const LARGEST_FILE: usize = 10 * 1024 * 1024;

/// The most rows one file can have.
pub const MOST_ROWS: usize = 50_000;
