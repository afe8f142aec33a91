//! SQLite: one writer thread with group commit, several reader threads.

mod connection;
mod reader;
mod writer;

pub(crate) use reader::ReadPool;
pub(crate) use writer::{Transaction, Writer};
