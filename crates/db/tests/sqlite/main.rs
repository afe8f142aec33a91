//! What holds of SQLite alone: its file, its log and its writer. These tests open files whatever
//! engine the environment names.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cancellation;
mod crash;
mod fixture;
mod grouping;
mod limits;
mod opening;
mod transactions;
