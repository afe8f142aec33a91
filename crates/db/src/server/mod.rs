//! PostgreSQL, MariaDB and MySQL: a pool of connections to the primary, and to each replica.

mod address;
mod checks;
mod connection;
mod mysql;
mod pool;
mod postgres;
mod text;
mod transaction;

use std::sync::Arc;
use std::time::Duration;

pub use address::Address;
pub(crate) use transaction::{Kind, Transaction};

use jiff::Timestamp;
use uuid::Uuid;

use crate::db::{Meter, Options};
use crate::status::{Primary, PrimaryState, Reads};
use crate::{Engine, Error, Query, Row, Status, Version};
use pool::{Pool, Settings};

/// How long anything on a connection may take.
#[derive(Debug, Clone, Copy)]
struct Timeouts {
    /// A statement; the server stops it then.
    statement: Duration,
    /// Waiting for somebody else's lock.
    lock: Duration,
    /// A transaction that asks for nothing; the server ends it then.
    idle: Duration,
}

impl Timeouts {
    const NONE: Timeouts = Timeouts {
        statement: Duration::from_secs(24 * 3600),
        lock: Duration::from_secs(3600),
        idle: Duration::from_secs(24 * 3600),
    };

    /// After this long the server, or the way to it, is as good as dead.
    fn answer(self) -> Duration {
        self.statement + self.lock + Duration::from_secs(1)
    }
}

/// The servers of one database. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    primary: Pool,
    engine: Engine,
    version: Arc<str>,
}

impl Server {
    pub(crate) async fn open(
        address: &Address,
        options: &Options,
        meter: Arc<Meter>,
    ) -> Result<Self, Error> {
        let settings = Settings {
            connections: options.connections,
            wait: options.wait_timeout,
            connect: options.wait_timeout,
            timeouts: Timeouts {
                statement: options.statement_timeout,
                lock: options.wait_timeout,
                idle: options.idle_timeout,
            },
        };
        let primary = Pool::new(address.clone(), "primary".into(), settings, meter)?;
        let mut first = primary.acquire().await?;
        let checked = checks::primary(&mut first, options.durability).await;
        let version = checked.map_err(|error| primary.named(error))?;
        Ok(Server {
            engine: first.engine(),
            primary,
            version: version.into(),
        })
    }

    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    pub(crate) fn reader(&self, required: Option<(Uuid, Version)>) -> Reader {
        Reader {
            server: self.clone(),
            required,
        }
    }

    pub(crate) fn begin(&self, kind: Kind) -> Transaction {
        Transaction::new(self.primary.clone(), kind)
    }

    /// How the servers are doing.
    pub(crate) fn status(&self, since: Timestamp) -> Status {
        Status {
            engine: self.engine,
            version: self.version.to_string(),
            pool: self.primary.status(),
            primary: Primary {
                state: PrimaryState::Up,
                since,
                last_error: None,
            },
            replicas: Vec::new(),
            reads: Reads::default(),
        }
    }

    pub(crate) fn close(&self) {
        self.primary.close();
    }
}

/// Reads outside of transactions.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    server: Server,
    /// Whose data is read, and how new it has to be at least; nothing means: as new as can be.
    required: Option<(Uuid, Version)>,
}

impl Reader {
    pub(crate) async fn rows(&self, query: Query) -> Result<Vec<Row>, Error> {
        self.server
            .primary
            .read(query)
            .await
            .map(|answer| answer.rows)
    }

    pub(crate) async fn snapshot(&self, queries: Vec<Query>) -> Result<Vec<Vec<Row>>, Error> {
        let mut snapshot = self.server.begin(Kind::Snapshot);
        let mut answers = Vec::with_capacity(queries.len());
        for query in queries {
            answers.push(snapshot.rows(query).await?);
        }
        snapshot.commit().await?;
        Ok(answers)
    }
}
