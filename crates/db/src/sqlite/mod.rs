//! SQLite: one writer thread with group commit, several reader threads.

mod aside;
mod connection;
mod failure;
mod reader;
mod transaction;
mod writer;

pub(crate) use aside::{copy, problems};
pub(crate) use reader::ReadPool;
pub(crate) use transaction::Transaction;
pub(crate) use writer::{Limits, Writer};

use crate::Error;

fn closed() -> Error {
    Error::Unavailable("the database is closed".into())
}
