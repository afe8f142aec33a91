//! Where a database is and how to open it.

use std::path::PathBuf;
use std::time::Duration;

use crate::{Address, Error};

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// After the fsync: an acknowledged change survives a power cut.
    #[default]
    Full,
    /// Without any fsync: for throw-away databases of tests only.
    None,
}

/// Where a database is.
#[derive(Debug, Clone)]
pub enum Location {
    /// SQLite's file; its folder is made when missing.
    File(PathBuf),
    /// A server, and the replicas that may answer reads.
    Server {
        /// The one that takes changes.
        primary: Address,
        /// Copies of it that follow.
        replicas: Vec<Address>,
    },
}

impl Location {
    /// Reads `sqlite:path`, `postgres://…` or `mysql://…`.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when it is none of these, or there are replicas of a file or of
    /// another engine.
    pub fn parse(url: &str, replicas: &[String]) -> Result<Self, Error> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            if path.is_empty() {
                return Err(Error::Misconfigured("sqlite: names no file".into()));
            }
            if !replicas.is_empty() {
                return Err(Error::Misconfigured(
                    "SQLite has no replicas; take them out or name a server".into(),
                ));
            }
            return Ok(Location::File(path.into()));
        }
        let primary: Address = url.parse()?;
        let replicas: Result<Vec<Address>, Error> =
            replicas.iter().map(|replica| replica.parse()).collect();
        let replicas = replicas?;
        match replicas.iter().find(|one| !one.is_same_engine(&primary)) {
            Some(other) => Err(Error::Misconfigured(format!(
                "the replica {other} is of another engine than {primary}"
            ))),
            None => Ok(Location::Server { primary, replicas }),
        }
    }
}

/// How to open a database.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the database is.
    pub location: Location,
    /// How many threads answer reads of SQLite.
    pub readers: usize,
    /// How many connections to each server there may be.
    pub connections: usize,
    /// How many reads at a time may fall to the primary because no replica can answer them.
    pub primary_reads: usize,
    /// A replica that is further behind is not asked.
    pub replica_lag: Duration,
    /// When a commit counts as done.
    pub durability: Durability,
    /// A statement is stopped after this long.
    pub statement_timeout: Duration,
    /// How long a caller waits for its turn before it is told [`Error::Busy`].
    pub wait_timeout: Duration,
    /// A transaction that asks for nothing for this long is rolled back.
    pub idle_timeout: Duration,
    /// Statements that take this long or longer are logged and shown to administrators.
    pub slow_query: Duration,
    /// Whether what is bound to slow statements is logged and shown, too. It may be secret.
    pub slow_query_values: bool,
}

impl Options {
    /// The defaults for a file: two readers, full durability, 5 s per statement, 2 s of waiting,
    /// 1 s of idling.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Options::at(Location::File(path.into()))
    }

    /// The defaults for any place; besides those of a file, ten connections to each server.
    #[must_use]
    pub fn at(location: Location) -> Self {
        Options {
            location,
            readers: 2,
            connections: 10,
            primary_reads: 5,
            replica_lag: Duration::from_secs(2),
            durability: Durability::Full,
            statement_timeout: Duration::from_secs(5),
            wait_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(1),
            slow_query: Duration::from_millis(100),
            slow_query_values: false,
        }
    }
}
