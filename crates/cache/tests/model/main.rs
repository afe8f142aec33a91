//! Explores the protocol of the cache: every order of every step of readers, writers, relays and
//! faults on two nodes, with the very [`duly_cache::shelf::Shelf`] that the product uses.
//!
//! `MODEL_BOUNDS=large` has more of them act at once; `make model` does that.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod explorer;
mod faults;
mod mistakes;
mod place;
mod properties;
mod reading;
mod relaying;
mod scenarios;
mod setup;
mod world;
mod writing;
