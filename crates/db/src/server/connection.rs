//! One connection to a server: how it is set up and how a statement is run.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use sqlx::mysql::{MySqlConnection, MySqlDatabaseError, MySqlRow};
use sqlx::postgres::{PgConnection, PgDatabaseError, PgRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Either, Executor, Row as _};
use tokio::runtime::Handle;

use super::address::{Address, Login};
use super::timeouts::Timeouts;
use super::{mysql, postgres};
use crate::db::Meter;
use crate::row::Columns;
use crate::slow::{Outcome, Target};
use crate::value::FromValue;
use crate::{Engine, Error, Query, Row, Version, trace};

/// What a statement answered.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    pub(super) touched: u64,
    /// The last inserted id, on MariaDB and MySQL.
    pub(super) inserted: u64,
}

impl Answer {
    fn size(&self) -> u64 {
        self.touched
            .max(u64::try_from(self.rows.len()).unwrap_or(u64::MAX))
    }
}

/// A connection that is used by one caller at a time.
pub(super) struct Connection {
    wire: Wire,
    engine: Engine,
    timeouts: Timeouts,
    /// Whether anything may still be on its way on the wire.
    is_broken: bool,
    /// Whether it has settings that the next user must not get.
    is_spent: bool,
    pub(super) opened: Instant,
    /// When the server last answered.
    answered: Instant,
    /// How long its present user waited for it.
    pub(super) waited: Duration,
    /// Moves its bytes. Whatever has to be seen through on it is seen through there.
    pub(super) runtime: Handle,
    role: Arc<str>,
    meter: Arc<Meter>,
}

enum Wire {
    Postgres(PgConnection),
    Mysql(MySqlConnection),
}

impl Connection {
    pub(super) async fn open(
        address: &Address,
        timeouts: Timeouts,
        role: Arc<str>,
        meter: Arc<Meter>,
    ) -> Result<Self, Error> {
        let wire = match &*address.login {
            Login::Postgres(options) => options.connect().await.map(Wire::Postgres),
            Login::Mysql(options) => options.connect().await.map(Wire::Mysql),
        };
        let mut connection = Connection {
            wire: wire.map_err(|error| meaning(error, ""))?,
            engine: Engine::Postgres,
            timeouts,
            is_broken: false,
            is_spent: false,
            opened: Instant::now(),
            answered: Instant::now(),
            waited: Duration::ZERO,
            runtime: Handle::current(),
            role,
            meter,
        };
        connection.set_up().await?;
        Ok(connection)
    }

    /// Tells the server how long anything of ours may take.
    async fn set_up(&mut self) -> Result<(), Error> {
        if let Wire::Mysql(_) = self.wire {
            let asked = crate::query("SELECT VERSION() AS version");
            let rows = self.ask(&asked).await?.rows;
            let version: String = match rows.first() {
                Some(row) => row.get("version")?,
                None => return Err(Error::Other("the server has no version".into())),
            };
            self.engine = match version.contains("MariaDB") {
                true => Engine::MariaDb,
                false => Engine::MySql,
            };
        }
        let settings = self.timeouts.settings(self.engine);
        self.control(&settings).await
    }

    /// Lets its next transaction take as long as it needs; it is closed afterwards.
    pub(super) async fn lift_limits(&mut self) -> Result<(), Error> {
        self.is_spent = true;
        self.timeouts = Timeouts::NONE;
        self.control(Timeouts::lift(self.engine)).await
    }

    /// Whether the server has heard nothing for so long that it ends a transaction.
    pub(super) fn was_left_idle(&self) -> bool {
        self.answered.elapsed() >= self.timeouts.idle
    }

    pub(super) fn is_spent(&self) -> bool {
        self.is_spent
    }

    pub(super) fn engine(&self) -> Engine {
        self.engine
    }

    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Runs text that has no parameters and answers no rows: transaction control and settings.
    pub(super) async fn control(&mut self, statement: &str) -> Result<(), Error> {
        let text = AssertSqlSafe(statement.to_owned());
        let limit = self.timeouts.answer();
        let answered = match &mut self.wire {
            Wire::Postgres(wire) => tokio::time::timeout(limit, wire.execute(text))
                .await
                .map(|answer| answer.map(|_| ())),
            Wire::Mysql(wire) => tokio::time::timeout(limit, wire.execute(text))
                .await
                .map(|answer| answer.map(|_| ())),
        };
        self.settle(answered, statement)
    }

    /// Asks for one text without preparing the statement.
    pub(super) async fn text(&mut self, statement: &'static str) -> Result<String, Error> {
        let limit = self.timeouts.answer();
        let answered = match &mut self.wire {
            Wire::Postgres(wire) => tokio::time::timeout(limit, wire.fetch_one(statement))
                .await
                .map(|answer| answer.and_then(|row| row.try_get(0))),
            Wire::Mysql(wire) => tokio::time::timeout(limit, wire.fetch_one(statement))
                .await
                .map(|answer| answer.and_then(|row| row.try_get(0))),
        };
        self.settle(answered, statement)
    }

    /// Runs one statement to its end.
    pub(super) async fn run(&mut self, query: &Query) -> Result<Answer, Error> {
        let span = trace::statement(query, self.target());
        let started = Instant::now();
        let answer = self.ask(query).await;
        self.meter.statements.fetch_add(1, Ordering::Relaxed);
        let outcome = Outcome {
            duration: started.elapsed(),
            rows: answer.as_ref().map_or(0, Answer::size),
            // Only the first statement waited.
            pool_wait: std::mem::take(&mut self.waited),
        };
        self.meter.slow.observe(query, self.target(), outcome);
        trace::ended(&span, &answer);
        answer
    }

    fn target(&self) -> Target<'_> {
        Target {
            engine: self.engine,
            name: &self.role,
        }
    }

    /// Like [`Connection::run`] for what nobody has asked us for: it counts nowhere.
    pub(super) async fn ask(&mut self, query: &Query) -> Result<Answer, Error> {
        query.refuse_unstorable()?;
        let limit = self.timeouts.answer();
        let answered = match &mut self.wire {
            Wire::Postgres(wire) => {
                let (text, arguments) = postgres::prepare(query)?;
                let statement = sqlx::query_with(AssertSqlSafe(text), arguments);
                tokio::time::timeout(limit, from_postgres(wire, statement)).await
            }
            Wire::Mysql(wire) => {
                let (text, arguments) = mysql::prepare(query)?;
                let statement = sqlx::query_with(AssertSqlSafe(text), arguments);
                tokio::time::timeout(limit, from_mysql(wire, statement)).await
            }
        };
        match self.settle(answered, query.text())? {
            Ok(answer) => Ok(answer),
            Err(undecodable) => {
                // The rest of the answer was not read.
                self.is_broken = true;
                Err(undecodable)
            }
        }
    }

    /// Like [`Connection::run`] for a change: holds it to the number of rows it promised.
    pub(super) async fn change(&mut self, query: &Query) -> Result<u64, Error> {
        match self.run(query).await {
            Ok(answer) => query.check_touched(answer.touched),
            Err(Error::Unique { .. }) if query.keeps_duplicates() => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Like [`Connection::change`] for a change that says which version it has raised.
    pub(super) async fn raise(&mut self, query: &Query) -> Result<Version, Error> {
        let answer = self.run(query).await?;
        query.check_touched(answer.touched)?;
        match answer.rows.first() {
            Some(row) => row.get("data"),
            None => {
                let number = i64::try_from(answer.inserted);
                let number = number.map_err(|error| Error::Decode(error.to_string()))?;
                Version::from_value(&number.into())
            }
        }
    }

    fn settle<T>(
        &mut self,
        answered: Result<Result<T, sqlx::Error>, tokio::time::error::Elapsed>,
        statement: &str,
    ) -> Result<T, Error> {
        self.answered = Instant::now();
        match answered {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                self.is_broken |= !matches!(error, sqlx::Error::Database(_));
                let meaning = meaning(error, statement);
                self.is_broken |= matches!(meaning, Error::Unavailable(_) | Error::IdleTransaction);
                Err(meaning)
            }
            Err(_) => {
                self.is_broken = true;
                Err(Error::Unavailable(
                    "the server has stopped answering".into(),
                ))
            }
        }
    }
}

/// The inner failure is a column that could not be read.
type Read = Result<Result<Answer, Error>, sqlx::Error>;

async fn from_postgres(
    wire: &mut PgConnection,
    statement: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
) -> Read {
    let mut answer = Answer::default();
    let mut shape: Option<(Arc<Columns>, Vec<u32>)> = None;
    let mut messages = wire.fetch_many(statement);
    while let Some(message) = messages.try_next().await? {
        match message {
            Either::Left(done) => answer.touched += done.rows_affected(),
            Either::Right(row) => {
                let (columns, kinds) = shape.get_or_insert_with(|| {
                    let columns = row.columns();
                    (
                        names(columns.iter().map(Column::name)),
                        columns.iter().map(postgres::kind).collect(),
                    )
                });
                match postgres_row(&row, columns, kinds) {
                    Ok(row) => answer.rows.push(row),
                    Err(error) => return Ok(Err(error)),
                }
            }
        }
    }
    Ok(Ok(answer))
}

fn postgres_row(row: &PgRow, columns: &Arc<Columns>, kinds: &[u32]) -> Result<Row, Error> {
    let mut values = Vec::with_capacity(kinds.len());
    for (index, kind) in kinds.iter().enumerate() {
        let column = row.try_get_raw(index).map_err(|error| meaning(error, ""))?;
        values.push(postgres::value(*kind, &column)?);
    }
    Ok(Row::new(columns.clone(), values))
}

async fn from_mysql(
    wire: &mut MySqlConnection,
    statement: sqlx::query::Query<'_, sqlx::MySql, sqlx::mysql::MySqlArguments>,
) -> Read {
    let mut answer = Answer::default();
    let mut shape: Option<(Arc<Columns>, Vec<mysql::Kind>)> = None;
    let mut messages = wire.fetch_many(statement);
    while let Some(message) = messages.try_next().await? {
        match message {
            Either::Left(done) => {
                answer.touched += done.rows_affected();
                answer.inserted = done.last_insert_id();
            }
            Either::Right(row) => {
                let (columns, kinds) = shape.get_or_insert_with(|| {
                    let columns = row.columns();
                    (
                        names(columns.iter().map(Column::name)),
                        columns.iter().map(mysql::kind).collect(),
                    )
                });
                match mysql_row(&row, columns, kinds) {
                    Ok(row) => answer.rows.push(row),
                    Err(error) => return Ok(Err(error)),
                }
            }
        }
    }
    Ok(Ok(answer))
}

fn mysql_row(row: &MySqlRow, columns: &Arc<Columns>, kinds: &[mysql::Kind]) -> Result<Row, Error> {
    let mut values = Vec::with_capacity(kinds.len());
    for (index, kind) in kinds.iter().enumerate() {
        let column = row.try_get_raw(index).map_err(|error| meaning(error, ""))?;
        values.push(mysql::value(*kind, column)?);
    }
    Ok(Row::new(columns.clone(), values))
}

fn names<'a>(columns: impl Iterator<Item = &'a str>) -> Arc<Columns> {
    let mut names = Columns::default();
    columns.for_each(|name| names.push(name));
    Arc::new(names)
}

/// What a failure means to a caller.
fn meaning(error: sqlx::Error, statement: &str) -> Error {
    match error {
        sqlx::Error::Database(refused) => {
            if let Some(refused) = refused.try_downcast_ref::<PgDatabaseError>() {
                postgres::meaning(refused)
            } else if let Some(refused) = refused.try_downcast_ref::<MySqlDatabaseError>() {
                mysql::meaning(refused, statement)
            } else {
                Error::Other(refused.to_string())
            }
        }
        sqlx::Error::Tls(error) => Error::Misconfigured(format!("TLS: {error}")),
        sqlx::Error::Configuration(error) => Error::Misconfigured(error.to_string()),
        sqlx::Error::Io(error) => unreachable_because(&error),
        other => Error::Unavailable(other.to_string()),
    }
}

/// What a failure below the database's own protocol means.
fn unreachable_because(error: &std::io::Error) -> Error {
    match error.kind() {
        // What the library for TLS has to say arrives this way.
        std::io::ErrorKind::InvalidData => Error::Misconfigured(format!(
            "TLS: {error}; the certificate has to be made out for the host in the address, by an \
             authority this machine trusts or the file in sslrootcert (PostgreSQL) or ssl-ca names"
        )),
        std::io::ErrorKind::NotFound => Error::Misconfigured(format!(
            "a file that the address names is missing (sslrootcert, ssl-ca, a socket): {error}"
        )),
        _ => Error::Unavailable(error.to_string()),
    }
}
