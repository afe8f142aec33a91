//! How Duly talks to SQL.
//!
//! A query is written once, as SQL text with numbered parameters ([`query`]); rows are read by
//! name ([`Row::get`]). [`Db::read_fresh`] gives a connection for reading, [`Db::begin`] a
//! transaction whose changes are durable when [`Tx::commit`] answers. [`versions`] numbers the
//! visible states of each owner's data. [`migrate`] brings a schema up to date.
//!
//! The engine is SQLite: one writer thread that makes many waiting transactions durable with one
//! fsync, and a pool of reader threads.

pub mod caller;
pub mod clock;
mod conn;
mod db;
pub mod diagnosis;
pub mod dialect;
pub mod dump;
mod error;
pub mod migrate;
mod options;
pub mod partitions;
mod query;
pub mod random;
pub mod retry;
mod row;
mod server;
mod slow;
mod sqlite;
pub mod status;
#[cfg(feature = "testing")]
pub mod testing;
mod timings;
mod trace;
mod value;
pub mod versions;

pub use clock::{Clock, SharedClock};
pub use conn::{Conn, Tx};
pub use db::{Counters, Db, Engine};
pub use error::Error;
pub use options::{Durability, Location, Options};
pub use query::{Query, placeholders, query};
pub use random::{Random, SharedRandom};
pub use row::{FromRow, Row};
pub use server::Address;
pub use slow::{SlowQueries, SlowQuery, SlowSample, SlowStatement};
pub use status::Status;
pub use timings::{StatementTimings, Timings};
pub use value::{FromValue, Value};
pub use versions::Version;

/// The answer of a database call.
pub type Result<T> = std::result::Result<T, Error>;
