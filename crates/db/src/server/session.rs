//! A connection for upkeep that takes its time: it belongs to no pool and is closed when dropped,
//! and what it has locked or set goes with it.

use deadpool::managed::Object;

use super::Server;
use super::connection::Connection;
use crate::{Engine, Query, Result, Row};

/// Keeps each statement as soon as it has run, unless a transaction was begun.
pub(crate) struct Session {
    connection: Connection,
}

impl Server {
    /// A session on the primary.
    pub(crate) async fn session(&self) -> Result<Session> {
        let mut connection = Object::take(self.primary.pool.acquire().await?);
        connection.lift_limits().await?;
        Ok(Session { connection })
    }
}

impl Session {
    pub(crate) fn engine(&self) -> Engine {
        self.connection.engine()
    }

    /// Runs text that has no parameters and answers nothing. It is not prepared, which some
    /// statements cannot be.
    pub(crate) async fn run(&mut self, statement: &str) -> Result<()> {
        self.connection.control(statement).await
    }

    pub(crate) async fn rows(&mut self, query: Query) -> Result<Vec<Row>> {
        Ok(self.connection.run(&query).await?.rows)
    }

    pub(crate) async fn optional_row(&mut self, query: Query) -> Result<Option<Row>> {
        Ok(self.rows(query).await?.into_iter().next())
    }

    /// Runs a change and answers how many rows it touched.
    pub(crate) async fn change(&mut self, query: Query) -> Result<u64> {
        self.connection.change(&query).await
    }
}
