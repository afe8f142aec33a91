//! Importing and exporting tasks, on a real database.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "these are tests"
)]

mod export;
mod formats;
mod from_disk;
mod import;
mod round_trip;

use duly_tracker::testing::{TestTracker, by};
use duly_tracker::transfer::{self, ExportFormat, Options, Report};
use duly_tracker::{Result, UserId};
use jiff::tz::TimeZone;

/// Where the test users live.
pub fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// Imports a file for a user in Berlin.
pub async fn import(
    tracker: &TestTracker,
    owner: UserId,
    file: impl AsRef<[u8]>,
    options: Options,
) -> Result<Report> {
    transfer::import(
        tracker,
        &by(owner),
        &berlin(),
        file.as_ref().to_vec(),
        options,
    )
    .await
}

/// Everything the user has, as a file.
pub async fn export(tracker: &TestTracker, owner: UserId, format: ExportFormat) -> String {
    let mut export = transfer::export(tracker, owner, &berlin(), format)
        .await
        .unwrap();
    let mut file = Vec::new();
    while let Some(chunk) = export.next_chunk().await.unwrap() {
        file.extend(chunk);
    }
    String::from_utf8(file).unwrap()
}
