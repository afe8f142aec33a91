//! The handle a store function takes: a snapshot to read from, or a transaction.

use std::ops::{Deref, DerefMut};

use futures_util::FutureExt;
use uuid::Uuid;

use crate::server::{self, Reader};
use crate::sqlite::{ReadPool, Snapshot, Transaction};
use crate::{Engine, Error, FromRow, Query, Row};

/// Something statements can be run on.
///
/// Store functions take `&mut Conn`, so that the same function serves a read, a transaction and
/// a test. Outside a transaction each call sees the newest committed state.
#[derive(Debug)]
pub struct Conn {
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    ReadFile(ReadPool),
    ReadServer(Reader),
    KeepFile(Snapshot),
    KeepServer(server::Transaction),
    WriteFile(Transaction),
    WriteServer(server::Transaction),
}

impl Conn {
    pub(crate) fn reading_file(pool: ReadPool) -> Self {
        Conn {
            inner: Inner::ReadFile(pool),
        }
    }

    pub(crate) fn reading_server(reader: Reader) -> Self {
        Conn {
            inner: Inner::ReadServer(reader),
        }
    }

    pub(crate) fn keeping_file(snapshot: Snapshot) -> Self {
        Conn {
            inner: Inner::KeepFile(snapshot),
        }
    }

    pub(crate) fn keeping_server(snapshot: server::Transaction) -> Self {
        Conn {
            inner: Inner::KeepServer(snapshot),
        }
    }

    /// All rows of the answer.
    ///
    /// # Errors
    /// Whatever the engine says, see [`Error`].
    pub async fn rows(&mut self, query: Query) -> Result<Vec<Row>, Error> {
        match &mut self.inner {
            Inner::ReadFile(pool) => pool.rows(query).await,
            Inner::ReadServer(reader) => {
                query.refuse_change()?;
                // Boxed: what talks to a server is large, and every caller's future would hold it.
                reader.rows(query).boxed().await
            }
            Inner::KeepFile(snapshot) => snapshot.rows(query).await,
            Inner::WriteFile(transaction) => transaction.rows(query).await,
            Inner::KeepServer(transaction) | Inner::WriteServer(transaction) => {
                transaction.rows(query).boxed().await
            }
        }
    }

    /// The answers of several reads, all taken from one snapshot in one round trip.
    ///
    /// # Errors
    /// The first failure; nothing is answered then.
    pub async fn snapshot(&mut self, queries: Vec<Query>) -> Result<Vec<Vec<Row>>, Error> {
        match &mut self.inner {
            Inner::ReadFile(pool) => return pool.snapshot(queries).await,
            Inner::ReadServer(reader) => return reader.snapshot(queries).boxed().await,
            Inner::KeepFile(_)
            | Inner::KeepServer(_)
            | Inner::WriteFile(_)
            | Inner::WriteServer(_) => {}
        }
        let mut answers = Vec::with_capacity(queries.len());
        for query in queries {
            answers.push(self.rows(query).await?);
        }
        Ok(answers)
    }

    /// All rows, each read into `T`.
    ///
    /// # Errors
    /// Whatever the engine says, or [`Error::Decode`].
    pub async fn all<T: FromRow>(&mut self, query: Query) -> Result<Vec<T>, Error> {
        self.rows(query).await?.iter().map(T::from_row).collect()
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// Whatever the engine says, or [`Error::Decode`].
    pub async fn optional<T: FromRow>(&mut self, query: Query) -> Result<Option<T>, Error> {
        self.rows(query).await?.first().map(T::from_row).transpose()
    }

    /// The first row, if there is one, unread.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub async fn optional_row(&mut self, query: Query) -> Result<Option<Row>, Error> {
        Ok(self.rows(query).await?.into_iter().next())
    }

    /// Runs a change and answers how many rows it touched.
    ///
    /// # Errors
    /// Whatever the engine says; [`Error::ReadOnly`] when this is not a transaction.
    pub async fn execute(&mut self, query: Query) -> Result<u64, Error> {
        match &mut self.inner {
            Inner::WriteFile(transaction) => transaction.execute(query).await,
            Inner::WriteServer(transaction) => transaction.execute(query).boxed().await,
            _ => Err(Error::ReadOnly("a change needs a transaction".into())),
        }
    }
}

/// A transaction. It is rolled back when dropped without [`Tx::commit`].
///
/// Await nothing but the database while it is open: other writers wait, and a transaction left
/// idle for a second is rolled back.
#[derive(Debug)]
pub struct Tx {
    conn: Conn,
    engine: Engine,
}

impl Tx {
    pub(crate) fn on_file(transaction: Transaction) -> Self {
        Tx {
            conn: Conn {
                inner: Inner::WriteFile(transaction),
            },
            engine: Engine::Sqlite,
        }
    }

    pub(crate) fn on_server(transaction: server::Transaction, engine: Engine) -> Self {
        Tx {
            conn: Conn {
                inner: Inner::WriteServer(transaction),
            },
            engine,
        }
    }

    /// Which engine answers, for [`crate::dialect`].
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Adds a change whose outcome nobody has to wait for: it travels with the next statement or
    /// the commit, and runs before it. When it fails, that answers the failure and the
    /// transaction is over.
    pub fn defer(&mut self, query: Query) {
        match &mut self.conn.inner {
            Inner::WriteFile(transaction) => transaction.defer(query),
            Inner::WriteServer(transaction) => transaction.defer(query),
            _ => {}
        }
    }

    /// Like [`Tx::defer`] for the statement that raises an owner's version.
    pub(crate) fn raise(&mut self, owner: Uuid, statement: Query) {
        match &mut self.conn.inner {
            Inner::WriteServer(transaction) => transaction.raise(owner, statement),
            _ => self.defer(statement),
        }
    }

    /// Makes the changes durable. They survive a power cut once this has answered.
    ///
    /// # Errors
    /// Whatever the engine says; nothing of the transaction is kept then.
    pub async fn commit(self) -> Result<(), Error> {
        match self.conn.inner {
            Inner::WriteFile(transaction) => transaction.commit().await,
            Inner::WriteServer(transaction) => transaction.commit().boxed().await,
            _ => Ok(()),
        }
    }
}

impl Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
