//! One state of the database for as long as it takes to read it, on a connection of its own, so
//! that neither readers nor writers wait for it.

use std::path::Path;
use std::sync::Arc;

use super::closed;
use super::connection::{Connection, Turn};
use crate::db::Meter;
use crate::options::Options;
use crate::{Error, Query, Row};

/// Everything it answers is of the state the database had when it began.
pub(crate) struct Snapshot {
    /// Away while a statement runs; gone for good when its caller gave up meanwhile.
    connection: Option<Connection>,
}

impl Snapshot {
    /// Opens the connection and fixes the state; this blocks.
    pub(crate) fn begin(path: &Path, options: &Options, meter: Arc<Meter>) -> Result<Self, Error> {
        let connection = Connection::open_reader(path, options, meter)?;
        connection.control("BEGIN")?;
        // SQLite fixes the state with the first read.
        let first = crate::query("SELECT COUNT(*) FROM sqlite_schema");
        connection.rows(&first, Turn::default())?;
        Ok(Snapshot {
            connection: Some(connection),
        })
    }

    pub(crate) async fn rows(&mut self, query: Query) -> Result<Vec<Row>, Error> {
        let connection = self.connection.take().ok_or_else(closed)?;
        let answered = tokio::task::spawn_blocking(move || {
            let rows = connection.rows(&query, Turn::default());
            (connection, rows)
        });
        let (connection, rows) = answered
            .await
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        self.connection = Some(connection);
        rows
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
