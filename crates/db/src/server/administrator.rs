//! Who makes and removes the databases of tests.

use std::sync::Arc;

use super::connection::Connection;
use super::timeouts::Timeouts;
use super::{Address, Meter};
use crate::{Error, Options, Query, Row};

/// One connection, opened without the checks that take time and that each test's own database
/// passes anyway.
pub(crate) struct Administrator(Connection);

impl Administrator {
    pub(crate) async fn connect(address: &Address, options: &Options) -> Result<Self, Error> {
        let meter = Arc::new(Meter::new(options));
        Connection::open(address, Timeouts::NONE, "administrator".into(), meter)
            .await
            .map(Self)
    }

    /// Runs what no transaction may hold.
    pub(crate) async fn run(&mut self, statement: &str) -> Result<(), Error> {
        self.0.control(statement).await
    }

    pub(crate) async fn rows(&mut self, query: &Query) -> Result<Vec<Row>, Error> {
        Ok(self.0.ask(query).await?.rows)
    }
}
