//! SQLite: one writer thread with group commit, several reader threads.

mod aside;
mod connection;
mod failure;
mod reader;
mod snapshot;
mod transaction;
mod writer;

pub(crate) use aside::{copy, problems};
pub(crate) use reader::ReadPool;
pub(crate) use snapshot::Snapshot;
pub(crate) use transaction::Transaction;
pub(crate) use writer::{Limits, Writer};

use jiff::Timestamp;

use crate::status::{Primary, PrimaryState, Reads};
use crate::{Engine, Error, Status};

/// How the database is doing: a file that was opened is up.
pub(crate) fn status(pool: &ReadPool, since: Timestamp) -> Status {
    Status {
        engine: Engine::Sqlite,
        version: rusqlite::version().to_owned(),
        pool: pool.status(),
        primary: Primary {
            state: PrimaryState::Up,
            since,
            last_error: None,
        },
        replicas: Vec::new(),
        reads: Reads {
            primary: pool.reads(),
            ..Reads::default()
        },
    }
}

fn closed() -> Error {
    Error::Unavailable("the database is closed".into())
}
