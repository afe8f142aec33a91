//! Replicas and failover, on servers that each test starts for itself. On SQLite, which has no
//! replicas, there is nothing to prove, and every test ends at once.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod counting;
mod failover;
mod fleet;
mod freshness;
mod monitoring;
mod opening;
mod outage;
mod session;
mod way;
