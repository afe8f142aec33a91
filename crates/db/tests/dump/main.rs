//! Moving house: from one engine to another and back, and all that can be wrong with a dump.

#![expect(clippy::unwrap_used, reason = "tests")]

mod damage;
mod fixture;
mod refusals;
mod round_trip;
