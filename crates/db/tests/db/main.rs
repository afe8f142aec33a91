//! What callers of this crate rely on, tried on real files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cancellation;
mod crash;
mod fixture;
mod grouping;
mod limits;
mod migrations;
mod opening;
mod slow;
mod transactions;
mod values;
mod versions;
