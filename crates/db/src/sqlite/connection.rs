//! One SQLite connection: how it is opened, how a statement is run, how errors are read.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, Value as SqliteValue, ValueRef};
use rusqlite::{ErrorCode, OpenFlags, ToSql};

use crate::db::{Durability, Meter, Options};
use crate::{Error, Query, Row, Value};

/// Older libraries can corrupt a database when a checkpoint races with a reset of the log
/// (SQLite release notes, 3.51.3).
const OLDEST_SAFE_LIBRARY: i32 = 3_051_003;

/// How many virtual-machine steps pass between two looks at the clock.
const STEPS_PER_CLOCK_LOOK: i32 = 20_000;

pub(super) struct Connection {
    sqlite: rusqlite::Connection,
    meter: Arc<Meter>,
    statement_timeout: Duration,
    slow_query: Duration,
}

impl Connection {
    pub(super) fn open_writer(options: &Options, meter: Arc<Meter>) -> Result<Self, Error> {
        if rusqlite::version_number() < OLDEST_SAFE_LIBRARY {
            return Err(Error::Unavailable(format!(
                "SQLite {} can corrupt databases; 3.51.3 or newer is needed",
                rusqlite::version()
            )));
        }
        if let Some(folder) = options.path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                Error::Unavailable(format!("cannot make {}: {error}", folder.display()))
            })?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Self::open(&options.path, flags, options, meter)?;
        let synchronous = match options.durability {
            Durability::Full => "FULL",
            Durability::None => "OFF",
        };
        connection.set_up(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
             PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864;"
        ))?;
        Ok(connection)
    }

    pub(super) fn open_reader(options: &Options, meter: Arc<Meter>) -> Result<Self, Error> {
        // Read-only by pragma, not by flag: a reader must be able to recover the log of a
        // process that was killed.
        let connection =
            Self::open(&options.path, OpenFlags::SQLITE_OPEN_READ_WRITE, options, meter)?;
        connection.set_up("PRAGMA query_only = ON;")?;
        Ok(connection)
    }

    fn open(
        path: &Path,
        flags: OpenFlags,
        options: &Options,
        meter: Arc<Meter>,
    ) -> Result<Self, Error> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let sqlite = rusqlite::Connection::open_with_flags(path, flags).map_err(|error| {
            Error::Unavailable(format!("cannot open {}: {error}", path.display()))
        })?;
        sqlite.busy_timeout(options.wait_timeout).map_err(translate)?;
        sqlite.set_prepared_statement_cache_capacity(128);
        let connection = Connection {
            sqlite,
            meter,
            statement_timeout: options.statement_timeout,
            slow_query: options.slow_query,
        };
        connection.set_up("PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;")?;
        Ok(connection)
    }

    fn set_up(&self, pragmas: &str) -> Result<(), Error> {
        self.sqlite.execute_batch(pragmas).map_err(translate)
    }

    /// Runs transaction control, which is neither counted nor bounded in time.
    pub(super) fn control(&self, statement: &str) -> Result<(), Error> {
        let mut prepared = self.sqlite.prepare_cached(statement).map_err(translate)?;
        prepared.raw_execute().map(|_| ()).map_err(translate)
    }

    pub(super) fn rows(&self, query: &Query) -> Result<Vec<Row>, Error> {
        self.watched(query, |connection| {
            let mut statement = connection.sqlite.prepare_cached(query.text())?;
            let columns: Arc<[Box<str>]> =
                statement.column_names().into_iter().map(Box::from).collect();
            bind(&mut statement, query.values())?;
            let mut rows = statement.raw_query();
            let mut answer = Vec::new();
            while let Some(row) = rows.next()? {
                let mut values = Vec::with_capacity(columns.len());
                for index in 0..columns.len() {
                    values.push(owned(row.get_ref(index)?)?);
                }
                answer.push(Row::new(columns.clone(), values));
            }
            Ok(answer)
        })
    }

    pub(super) fn execute(&self, query: &Query) -> Result<u64, Error> {
        self.watched(query, |connection| {
            let mut statement = connection.sqlite.prepare_cached(query.text())?;
            bind(&mut statement, query.values())?;
            let touched = statement.raw_execute()?;
            Ok(u64::try_from(touched).unwrap_or(u64::MAX))
        })
    }

    /// Runs a statement under the statement timeout, counts it and reports it when it was slow.
    fn watched<T>(
        &self,
        query: &Query,
        run: impl FnOnce(&Self) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let deadline = started + self.statement_timeout;
        self.sqlite
            .progress_handler(STEPS_PER_CLOCK_LOOK, Some(move || Instant::now() > deadline))
            .map_err(translate)?;
        let answer = run(self).map_err(translate);
        self.meter.statements.fetch_add(1, Ordering::Relaxed);
        let elapsed = started.elapsed();
        if elapsed > self.slow_query {
            tracing::warn!(
                db.query = query.text(),
                duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                "slow query"
            );
        }
        answer
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Bound(value))?;
    }
    Ok(())
}

struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Owned(SqliteValue::Null),
            Value::Bool(truth) => ToSqlOutput::Owned(SqliteValue::Integer(i64::from(*truth))),
            Value::Int(number) => ToSqlOutput::Owned(SqliteValue::Integer(*number)),
            Value::Float(number) => ToSqlOutput::Owned(SqliteValue::Real(*number)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Uuid(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
            Value::Date(date) => ToSqlOutput::Owned(SqliteValue::Text(date.to_string())),
            Value::Time(time) => ToSqlOutput::Owned(SqliteValue::Integer(time.as_microsecond())),
            Value::Json(json) => ToSqlOutput::Owned(SqliteValue::Text(json.to_string())),
        })
    }
}

fn owned(value: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Float(number),
        ValueRef::Text(text) => Value::Text(std::str::from_utf8(text)?.to_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

pub(super) fn translate(error: rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(failure, message) = &error else {
        return Error::Other(error.to_string());
    };
    let message = message.clone().unwrap_or_else(|| failure.to_string());
    match failure.code {
        ErrorCode::ConstraintViolation => constraint(&message),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Busy,
        ErrorCode::OperationInterrupted => Error::Timeout,
        ErrorCode::ReadOnly | ErrorCode::DiskFull => Error::ReadOnly(message),
        ErrorCode::CannotOpen
        | ErrorCode::NotADatabase
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::SystemIoFailure => Error::Unavailable(message),
        _ => Error::Other(message),
    }
}

/// SQLite names the columns, not the constraint:
/// `UNIQUE constraint failed: tasks.user_id, tasks.id` is `tasks_user_id_id_key` here.
fn constraint(message: &str) -> Error {
    let Some(list) = message.strip_prefix("UNIQUE constraint failed: ") else {
        return Error::Constraint(message.to_owned());
    };
    let mut name = String::new();
    for (position, column) in list.split(", ").enumerate() {
        let Some((table, column)) = column.split_once('.') else {
            return Error::Constraint(message.to_owned());
        };
        if position == 0 {
            name.push_str(table);
        }
        name.push('_');
        name.push_str(column);
    }
    name.push_str("_key");
    Error::Unique { constraint: name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_named_by_table_and_columns() {
        let error = constraint("UNIQUE constraint failed: tasks.user_id, tasks.id");
        assert!(error.is_unique("tasks_user_id_id_key"), "{error:?}");
        assert!(matches!(constraint("FOREIGN KEY constraint failed"), Error::Constraint(_)));
    }
}
