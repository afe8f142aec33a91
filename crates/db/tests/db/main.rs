//! What callers of this crate rely on, whatever engine answers: SQLite, or the server that
//! `DULY_TEST_DATABASE_URL` names.

#![expect(clippy::unwrap_used, reason = "tests")]

mod cancellation;
mod conflicts;
mod dialect;
mod fixture;
mod limits;
mod migrations;
mod names;
mod partitions;
mod pool;
mod slow;
mod statements;
mod trace;
mod transactions;
mod values;
mod versions;
mod yearly;
