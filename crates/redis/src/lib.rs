//! How Duly talks to Redis or Valkey.
//!
//! An [`Address`] says where it is: one server, whoever Sentinels name, or a Cluster. A [`Wire`] is a
//! connection, on which a [`Script`] runs whether the server knows it or not. [`News`] is what was published.
//! What is kept there, and what is believed of it, is the business of those who use this.

mod address;
mod news;
mod script;
#[cfg(feature = "testing")]
pub mod testing;
mod wire;

pub use address::{Address, Watched, Way, Wrong};
pub use news::News;
pub use script::Script;
pub use wire::Wire;
