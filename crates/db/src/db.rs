//! Opening a database and handing out connections.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
#[cfg(feature = "testing")]
use std::time::Duration;

use futures_util::FutureExt;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::SystemClock;
use crate::server::{Kind, Server, Session};
use crate::slow::{self, Observer};
use crate::sqlite::{self, Limits, ReadPool, Snapshot, Transaction, Writer};
use crate::versions::{Watcher, Watchers};
use crate::{Conn, Error, Location, Options, SlowQueries, StatementTimings, Status, Tx, Version};

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
    driver: Driver,
    meter: Arc<Meter>,
    options: Arc<Options>,
    watchers: Arc<RwLock<Watchers>>,
}

#[derive(Debug, Clone)]
enum Driver {
    Sqlite {
        path: Arc<Path>,
        reader: ReadPool,
        writer: Writer,
    },
    Server(Arc<Server>),
}

impl Db {
    /// Opens the database, making the file when it is missing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the file cannot be opened, is damaged, or the library is too
    /// old to be safe, or when the server cannot be reached; [`Error::Misconfigured`] when the
    /// server must not be used as it is set up; [`Error::ReadOnly`] when it may not be written.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let meter = Arc::new(Meter::new(&options));
        let options = Arc::new(options);
        let driver = match &options.location {
            Location::File(path) => open_file(path.as_path().into(), &options, &meter).await?,
            Location::Server { primary, replicas } => {
                let opened = Server::open(primary, replicas, &options, meter.clone());
                Driver::Server(Arc::new(opened.boxed().await?))
            }
        };
        Ok(Db {
            driver,
            meter,
            options,
            watchers: Arc::default(),
        })
    }

    /// Which engine answers.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match &self.driver {
            Driver::Sqlite { .. } => Engine::Sqlite,
            Driver::Server(server) => server.engine(),
        }
    }

    /// Whether processes on other machines may use the same database.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.driver, Driver::Server(_))
    }

    /// Has the watcher told of every commit from now on that raises a version, after those who
    /// watch already.
    pub fn tell(&self, watcher: Arc<dyn Watcher>) {
        let mut watchers = self
            .watchers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *watchers = watchers.iter().cloned().chain([watcher]).collect();
    }

    fn watchers(&self) -> Watchers {
        let watchers = self.watchers.read();
        watchers.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A connection that sees every committed change. Sessions, tokens and permissions are read
    /// from here on every engine. While the primary is away a replica answers; [`Conn::is_newest`]
    /// says so, for whoever keeps what it says.
    #[must_use]
    pub fn read_fresh(&self) -> Conn {
        match &self.driver {
            Driver::Sqlite { reader, .. } => Conn::reading_file(reader.clone()),
            Driver::Server(server) => Conn::reading_server(server.reader(None), server.engine()),
        }
    }

    /// A connection that sees at least the given version of an owner's data, and nothing else's:
    /// a replica may answer when it is not behind that.
    #[must_use]
    pub fn read(&self, owner: Uuid, required: Version) -> Conn {
        match &self.driver {
            Driver::Sqlite { .. } => self.read_fresh(),
            Driver::Server(server) => {
                let reader = server.reader(Some((owner, required)));
                Conn::reading_server(reader, server.engine())
            }
        }
    }

    /// Like [`Db::read`], and [`Conn::label`] says of which version the answers are, for whoever
    /// keeps them.
    #[must_use]
    pub fn read_labelled(&self, owner: Uuid, required: Version) -> Conn {
        let conn = match &self.driver {
            Driver::Sqlite { reader, .. } => Conn::reading_file(reader.clone()),
            Driver::Server(server) => {
                let reader = server.reader(Some((owner, required))).labelling();
                Conn::reading_server(reader, server.engine())
            }
        };
        conn.labelling(owner)
    }

    /// Starts a transaction. It waits for its turn with its first statement. Its reads see one
    /// state, and it is told [`Error::Conflict`] when it changes what another transaction has
    /// changed since; [`crate::retry`] runs it again.
    #[must_use]
    pub fn begin(&self) -> Tx {
        self.transaction(Limits::Usual, Kind::Change)
    }

    /// Starts a transaction on rows that many change at the same time, such as jobs, or the version
    /// of an owner: each of its statements sees the newest committed state, waits for whoever
    /// changes the rows it finds, and locks nothing between them. So nobody gives way, but what is
    /// read to be written back has to be locked ([`crate::dialect::for_update`]).
    #[must_use]
    pub fn begin_on_shared_rows(&self) -> Tx {
        self.transaction(Limits::Usual, Kind::SharedChange)
    }

    /// Starts a transaction that may take as long as it needs.
    pub(crate) fn begin_without_limits(&self) -> Tx {
        self.transaction(Limits::None, Kind::LongChange)
    }

    /// A connection of its own for upkeep of a server, without limits of time.
    pub(crate) async fn session(&self) -> Result<Session, Error> {
        match &self.driver {
            Driver::Sqlite { .. } => Err(Error::Other("SQLite needs no such upkeep".into())),
            Driver::Server(server) => server.session().await,
        }
    }

    fn transaction(&self, limits: Limits, kind: Kind) -> Tx {
        let engine = self.engine();
        let transaction = match &self.driver {
            Driver::Sqlite { writer, .. } => Tx::on_file(Transaction::new(writer.clone(), limits)),
            Driver::Server(server) => Tx::on_server(server.begin(kind), engine),
        };
        transaction.watched_by(self.watchers())
    }

    /// A connection to the primary that sees one state, whatever is committed meanwhile, for as
    /// long as it is kept. Its statements may take as long as they need.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub async fn begin_reading_without_limits(&self) -> Result<Conn, Error> {
        match &self.driver {
            Driver::Sqlite { path, .. } => {
                let (path, options, meter) =
                    (path.clone(), self.options.clone(), self.meter.clone());
                let snapshot = blocking(move || Snapshot::begin(&path, &options, meter)).await?;
                Ok(Conn::keeping_file(snapshot))
            }
            Driver::Server(server) => {
                let snapshot = server.begin(Kind::LongSnapshot);
                Ok(Conn::keeping_server(snapshot, server.engine()))
            }
        }
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

    /// How long statements took since the database was opened.
    #[must_use]
    pub fn timings(&self) -> StatementTimings {
        self.meter.slow.timings()
    }

    /// How many statements were slow since the database was opened.
    #[must_use]
    pub fn slow_count(&self) -> u64 {
        self.meter.slow.slow()
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
        let since = self.meter.slow.since();
        match &self.driver {
            Driver::Sqlite { reader, .. } => sqlite::status(reader, since),
            Driver::Server(server) => server.status(),
        }
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
        self.meter.slow.observe(query, target, outcome);
    }

    /// Copies the newest committed state of SQLite into a new file while the database is in use.
    /// The file appears when it is whole and durable. Neither readers nor writers wait for it.
    ///
    /// # Errors
    /// [`Error::Other`] when the target exists or cannot be written, or the engine is another,
    /// else whatever the engine says.
    pub async fn copy_to(&self, target: &Path) -> Result<(), Error> {
        let Driver::Sqlite { path, .. } = &self.driver else {
            return Err(Error::Other(
                "only SQLite is copied by Duly; a server has its own tool for it".into(),
            ));
        };
        let (path, options, meter) = (path.clone(), self.options.clone(), self.meter.clone());
        let target = target.to_owned();
        blocking(move || sqlite::copy(&path, &options, meter, &target)).await
    }

    /// Reads the whole of SQLite's file and answers what is wrong with it, one sentence each;
    /// nothing when all is well. Neither readers nor writers wait for it. A server looks after
    /// its own files.
    ///
    /// # Errors
    /// Whatever the engine says when it cannot even look.
    pub async fn problems(&self) -> Result<Vec<String>, Error> {
        let Driver::Sqlite { path, .. } = &self.driver else {
            return Ok(Vec::new());
        };
        let (path, options, meter) = (path.clone(), self.options.clone(), self.meter.clone());
        blocking(move || sqlite::problems(&path, &options, meter)).await
    }

    /// Finishes what is queued and closes the database, for all clones of this handle; they answer
    /// [`Error::Unavailable`] from then on.
    pub async fn close(self) {
        match self.driver {
            Driver::Sqlite { reader, writer, .. } => {
                reader.close().await;
                // The writer comes last: it writes the log back into the file.
                writer.close().await;
            }
            Driver::Server(server) => server.close(),
        }
    }
}

async fn open_file(
    path: Arc<Path>,
    options: &Arc<Options>,
    meter: &Arc<Meter>,
) -> Result<Driver, Error> {
    let (options, meter) = (options.clone(), meter.clone());
    blocking(move || {
        // The writer comes first: it makes the file and puts it into WAL mode.
        let writer = Writer::start(&path, &options, meter.clone())?;
        let reader = ReadPool::start(&path, &options, meter)?;
        Ok(Driver::Sqlite {
            path,
            reader,
            writer,
        })
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Unavailable(error.to_string()))?
}
