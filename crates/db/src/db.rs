//! Opening a database and handing out connections.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::SystemClock;
use crate::slow::{self, Observer};
use crate::sqlite::{self, Limits, ReadPool, Transaction, Writer};
use crate::{Conn, Error, SlowQueries, Status, Tx, Version};

/// Which engine answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// SQLite in this process.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
    /// A MariaDB server.
    MariaDb,
    /// A MySQL server.
    MySql,
}

impl Engine {
    /// As it is written in JSON and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
            Engine::MariaDb => "mariadb",
            Engine::MySql => "mysql",
        }
    }
}

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// After the fsync: an acknowledged change survives a power cut.
    #[default]
    Full,
    /// Without any fsync: for throw-away databases of tests only.
    None,
}

/// How to open a database.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the database file is; its folder is made when missing.
    pub path: PathBuf,
    /// How many threads answer reads.
    pub readers: usize,
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
        Options {
            path: path.into(),
            readers: 2,
            durability: Durability::Full,
            statement_timeout: Duration::from_secs(5),
            wait_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(1),
            slow_query: Duration::from_millis(100),
            slow_query_values: false,
        }
    }
}

/// What this handle has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Statements run, reads and changes alike (not `BEGIN`, `COMMIT` and savepoints).
    pub statements: u64,
    /// Times a caller waited for the database: one per call of a [`Conn`] method.
    pub round_trips: u64,
    /// Transactions that were committed.
    pub transactions: u64,
    /// Commits of the engine, each with one fsync; fewer than `transactions` when grouped.
    pub group_commits: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) statements: AtomicU64,
    /// Round trips outside of a transaction; the others are in `round_trips`.
    pub(crate) reads: AtomicU64,
    pub(crate) round_trips: AtomicU64,
    pub(crate) transactions: AtomicU64,
    pub(crate) group_commits: AtomicU64,
    pub(crate) slow: Observer,
}

impl Meter {
    pub(crate) fn new(options: &Options) -> Self {
        Meter {
            slow: Observer::new(options, Arc::new(SystemClock)),
            ..Meter::default()
        }
    }
}

/// An open database. Clones share it.
#[derive(Debug, Clone)]
pub struct Db {
    reader: ReadPool,
    writer: Writer,
    meter: Arc<Meter>,
    options: Arc<Options>,
}

impl Db {
    /// Opens the database, making the file when it is missing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the file cannot be opened, is damaged, or the library is too
    /// old to be safe; [`Error::ReadOnly`] when it may not be written.
    pub async fn open(options: Options) -> Result<Self, Error> {
        blocking(move || {
            let meter = Arc::new(Meter::new(&options));
            // The writer comes first: it makes the file and puts it into WAL mode.
            let writer = Writer::start(&options, meter.clone())?;
            let reader = ReadPool::start(&options, meter.clone())?;
            Ok(Db {
                reader,
                writer,
                meter,
                options: Arc::new(options),
            })
        })
        .await
    }

    /// Which engine answers.
    #[must_use]
    pub fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    /// A connection that sees every committed change. Sessions, tokens and permissions are read
    /// from here on every engine.
    #[must_use]
    pub fn read_fresh(&self) -> Conn {
        Conn::reading(self.reader.clone())
    }

    /// A connection that sees at least the given state of an owner's data. SQLite has no
    /// replicas, so it sees every committed change.
    #[must_use]
    pub fn read(&self, _required: Version) -> Conn {
        self.read_fresh()
    }

    /// Starts a transaction. It waits for its turn with its first statement.
    #[must_use]
    pub fn begin(&self) -> Tx {
        Tx::new(Transaction::new(self.writer.clone(), Limits::Usual))
    }

    /// Starts a transaction that may take as long as it needs.
    pub(crate) fn begin_without_limits(&self) -> Tx {
        Tx::new(Transaction::new(self.writer.clone(), Limits::None))
    }

    /// What has been done since the database was opened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            statements: self.meter.statements.load(Ordering::Relaxed),
            round_trips: self.meter.reads.load(Ordering::Relaxed)
                + self.meter.round_trips.load(Ordering::Relaxed),
            transactions: self.meter.transactions.load(Ordering::Relaxed),
            group_commits: self.meter.group_commits.load(Ordering::Relaxed),
        }
    }

    /// The statements that were slow since the database was opened.
    #[must_use]
    pub fn slow_queries(&self) -> SlowQueries {
        self.meter.slow.report()
    }

    /// How the primary would run the slowest statement of the text that has this id in
    /// [`Db::slow_queries`]; `None` when there is no such text any more, or its statement was too
    /// large to be kept. Nothing is run.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub async fn explain_worst(&self, id: &str) -> Result<Option<String>, Error> {
        let Some(worst) = self.meter.slow.worst(id) else {
            return Ok(None);
        };
        let plan = slow::explain(&mut self.read_fresh(), self.engine(), &worst).await?;
        Ok(Some(plan))
    }

    /// How the database is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        sqlite::status(&self.reader, self.meter.slow.since())
    }

    /// Notes a statement as if it had taken so long, for tests of what comes of slow ones.
    #[cfg(feature = "testing")]
    pub fn pretend_slow(&self, query: &crate::Query, duration: Duration) {
        let outcome = slow::Outcome {
            duration,
            rows: 0,
            pool_wait: Duration::ZERO,
        };
        let target = slow::Target::primary(self.engine());
        self.meter.slow.observe(query, &target, outcome);
    }

    /// Copies the newest committed state into a new file while the database is in use. The file
    /// appears when it is whole and durable. Neither readers nor writers wait for it.
    ///
    /// # Errors
    /// [`Error::Other`] when the target exists or cannot be written, else whatever the engine says.
    pub async fn copy_to(&self, target: &Path) -> Result<(), Error> {
        let (options, meter) = (self.options.clone(), self.meter.clone());
        let target = target.to_owned();
        blocking(move || sqlite::copy(&options, meter, &target)).await
    }

    /// Reads the whole database and answers what is wrong with it, one sentence each; nothing
    /// when all is well. Neither readers nor writers wait for it.
    ///
    /// # Errors
    /// Whatever the engine says when it cannot even look.
    pub async fn problems(&self) -> Result<Vec<String>, Error> {
        let (options, meter) = (self.options.clone(), self.meter.clone());
        blocking(move || sqlite::problems(&options, meter)).await
    }

    /// Finishes what is queued and closes the file, for all clones of this handle; they answer
    /// [`Error::Unavailable`] from then on.
    pub async fn close(self) {
        self.reader.close().await;
        // The writer comes last: it writes the log back into the file.
        self.writer.close().await;
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Unavailable(error.to_string()))?
}
