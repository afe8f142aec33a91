//! The handle a store function takes: a snapshot to read from, or a transaction.

use std::ops::{Deref, DerefMut};

use futures_util::FutureExt;
use uuid::Uuid;

use crate::server::{self, Reader};
use crate::sqlite::{ReadPool, Snapshot, Transaction};
use crate::versions::{Deferred, Kind, Watchers};
use crate::{Engine, Error, FromRow, Query, Row, Version, trace, versions};

/// Something statements can be run on.
///
/// Store functions take `&mut Conn`, so that the same function serves a read, a transaction and
/// a test. Outside a transaction each call sees the newest committed state.
#[derive(Debug)]
pub struct Conn {
    inner: Inner,
    engine: Engine,
    label: Label,
    is_newest: bool,
}

/// Of which version of an owner's data the answers are.
#[derive(Debug, Default)]
enum Label {
    /// Nobody asks.
    #[default]
    NotWanted,
    /// Nothing has been answered yet.
    Wanted(Uuid),
    /// The oldest of the answers is of this version; nothing when one of them did not say.
    Known(Uuid, Option<Version>),
}

impl Label {
    fn owner(&self) -> Option<Uuid> {
        match self {
            Label::NotWanted => None,
            Label::Wanted(owner) | Label::Known(owner, _) => Some(*owner),
        }
    }

    fn note(&mut self, seen: Option<Version>) {
        *self = match *self {
            Label::NotWanted => Label::NotWanted,
            Label::Wanted(owner) => Label::Known(owner, seen),
            Label::Known(owner, before) => Label::Known(
                owner,
                before.zip(seen).map(|(before, seen)| before.min(seen)),
            ),
        };
    }
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
    fn new(inner: Inner, engine: Engine) -> Self {
        Conn {
            inner,
            engine,
            label: Label::NotWanted,
            is_newest: true,
        }
    }

    pub(crate) fn reading_file(pool: ReadPool) -> Self {
        Self::new(Inner::ReadFile(pool), Engine::Sqlite)
    }

    pub(crate) fn reading_server(reader: Reader, engine: Engine) -> Self {
        Self::new(Inner::ReadServer(reader), engine)
    }

    pub(crate) fn keeping_file(snapshot: Snapshot) -> Self {
        Self::new(Inner::KeepFile(snapshot), Engine::Sqlite)
    }

    pub(crate) fn keeping_server(snapshot: server::Transaction, engine: Engine) -> Self {
        Self::new(Inner::KeepServer(snapshot), engine)
    }

    /// Which engine answers, for [`crate::dialect`].
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Has every answer say of which version of the owner's data it is.
    pub(crate) fn labelling(mut self, owner: Uuid) -> Self {
        self.label = Label::Wanted(owner);
        self
    }

    /// The version of the state from which the answers so far were taken, the oldest when there
    /// were several; of a connection made by [`crate::Db::read_labelled`]. Nothing when there was
    /// no answer yet or one of them could not say, as when the owner is unknown.
    #[must_use]
    pub fn label(&self) -> Option<Version> {
        match self.label {
            Label::Known(_, version) => version,
            Label::NotWanted | Label::Wanted(_) => None,
        }
    }

    /// Whether the answers so far, of a connection made by [`crate::Db::read_fresh`], hold whatever
    /// is committed: not while a replica answers in place of a primary that is away.
    #[must_use]
    pub fn is_newest(&self) -> bool {
        self.is_newest
    }

    /// All rows of the answer.
    ///
    /// # Errors
    /// Whatever the engine says, see [`Error`].
    pub async fn rows(&mut self, query: Query) -> Result<Vec<Row>, Error> {
        match &mut self.inner {
            Inner::ReadFile(pool) => match self.label.owner() {
                None => pool.rows(query).await,
                Some(owner) => {
                    let queries = vec![versions::data_of(owner).brief(), query];
                    let mut answers = pool.snapshot(queries).await?.into_iter();
                    self.label.note(version_in(answers.next())?);
                    Ok(answers.next().unwrap_or_default())
                }
            },
            Inner::ReadServer(reader) => {
                query.refuse_change()?;
                // Boxed: what talks to a server is large, and every caller's future would hold it.
                let labelled = reader.one(query).boxed().await?;
                self.label.note(labelled.seen);
                self.is_newest &= labelled.is_newest;
                Ok(labelled.answers.into_iter().next().unwrap_or_default())
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
            Inner::ReadFile(pool) => {
                let Some(owner) = self.label.owner() else {
                    return pool.snapshot(queries).await;
                };
                let mut all = vec![versions::data_of(owner)];
                all.extend(queries);
                let mut answers = pool.snapshot(all).await?.into_iter();
                self.label.note(version_in(answers.next())?);
                return Ok(answers.collect());
            }
            Inner::ReadServer(reader) => {
                let labelled = reader.snapshot(queries).boxed().await?;
                self.label.note(labelled.seen);
                self.is_newest &= labelled.is_newest;
                return Ok(labelled.answers);
            }
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

fn version_in(rows: Option<Vec<Row>>) -> Result<Option<Version>, Error> {
    let row = rows.and_then(|rows| rows.into_iter().next());
    row.map(|row| row.get("data")).transpose()
}

/// A transaction. It is rolled back when dropped without [`Tx::commit`].
///
/// Await nothing but the database while it is open: other writers wait, and a transaction left
/// idle for a second is rolled back.
#[derive(Debug)]
pub struct Tx {
    conn: Conn,
    watchers: Watchers,
}

impl Tx {
    pub(crate) fn on_file(transaction: Transaction) -> Self {
        Tx {
            conn: Conn::new(Inner::WriteFile(transaction), Engine::Sqlite),
            watchers: Watchers::default(),
        }
    }

    pub(crate) fn on_server(transaction: server::Transaction, engine: Engine) -> Self {
        Tx {
            conn: Conn::new(Inner::WriteServer(transaction), engine),
            watchers: Watchers::default(),
        }
    }

    pub(crate) fn watched_by(mut self, watchers: Watchers) -> Self {
        self.watchers = watchers;
        self
    }

    /// Adds a change whose outcome nobody has to wait for: it travels with the next statement or
    /// the commit, and runs before it. When it fails, that answers the failure and the
    /// transaction is over.
    pub fn defer(&mut self, query: Query) {
        self.put_off(Deferred::new(query));
    }

    /// Like [`Tx::defer`] for the statement that raises an owner's version.
    pub(crate) fn raise(&mut self, owner: Uuid, kind: Kind, statement: Query) {
        self.put_off(Deferred::raising(statement, owner, kind));
    }

    fn put_off(&mut self, change: Deferred) {
        match &mut self.conn.inner {
            Inner::WriteFile(transaction) => transaction.defer(change),
            Inner::WriteServer(transaction) => transaction.defer(change),
            _ => {}
        }
    }

    /// Makes the changes durable. They survive a power cut once this has answered, and whoever
    /// watches the database ([`crate::Db::tell`]) knows of them.
    ///
    /// # Errors
    /// Whatever the engine says; nothing of the transaction is kept then.
    pub async fn commit(self) -> Result<(), Error> {
        let span = trace::commit(self.conn.engine);
        let committed = match self.conn.inner {
            Inner::WriteFile(transaction) => transaction.commit().await,
            Inner::WriteServer(transaction) => transaction.commit().boxed().await,
            _ => Ok(Vec::new()),
        };
        trace::ended(&span, &committed);
        drop(span);
        let raised = committed?;
        if !raised.is_empty() {
            for watcher in self.watchers.iter() {
                watcher.committed(&raised).await;
            }
        }
        Ok(())
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
