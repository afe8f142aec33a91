//! One SQLite connection: how it is opened and how a statement is run.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value as SqliteValue, ValueRef};
use rusqlite::{OpenFlags, ToSql};

use super::failure::translate;
use crate::db::Meter;
use crate::options::{Durability, Options};
use crate::row::Columns;
use crate::slow::{Outcome, Target};
use crate::{Engine, Error, Query, Row, Value, trace};

/// Older libraries can corrupt a database when a checkpoint races with a reset of the log
/// (SQLite release notes, 3.51.3).
const OLDEST_SAFE_LIBRARY: i32 = 3_051_003;

/// How many virtual-machine steps pass between two looks at the clock.
const STEPS_PER_CLOCK_LOOK: i32 = 20_000;

const TARGET: Target<'static> = Target::primary(Engine::Sqlite);

/// How a statement comes to be run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Turn {
    /// It is stopped after this long.
    pub(super) limit: Option<Duration>,
    /// It waited this long for the connection.
    pub(super) waited: Duration,
}

pub(super) struct Connection {
    sqlite: rusqlite::Connection,
    meter: Arc<Meter>,
    deadline: Arc<Deadline>,
}

impl Connection {
    pub(super) fn open_writer(
        path: &Path,
        options: &Options,
        meter: Arc<Meter>,
    ) -> Result<Self, Error> {
        if rusqlite::version_number() < OLDEST_SAFE_LIBRARY {
            return Err(Error::Unavailable(format!(
                "SQLite {} can corrupt databases; 3.51.3 or newer is needed",
                rusqlite::version()
            )));
        }
        make_folder(path)?;
        let synchronous = match options.durability {
            Durability::Full => "FULL",
            Durability::None => "OFF",
        };
        Self::open(
            path,
            options,
            OpenFlags::SQLITE_OPEN_CREATE,
            meter,
            |sqlite| {
                write_ahead(sqlite, options.wait_timeout)?;
                sqlite
                    .execute_batch(&format!(
                        "PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; \
                     PRAGMA journal_size_limit = 67108864;"
                    ))
                    .map_err(translate)
            },
        )
    }

    pub(super) fn open_reader(
        path: &Path,
        options: &Options,
        meter: Arc<Meter>,
    ) -> Result<Self, Error> {
        // Read-only by pragma, not by flag: a reader must be able to recover the log of a
        // process that was killed.
        Self::open(path, options, OpenFlags::empty(), meter, |sqlite| {
            sqlite
                .execute_batch("PRAGMA query_only = ON")
                .map_err(translate)
        })
    }

    /// A connection for what takes long and changes nothing.
    pub(super) fn open_aside(
        path: &Path,
        options: &Options,
        meter: Arc<Meter>,
    ) -> Result<Self, Error> {
        Self::open(path, options, OpenFlags::empty(), meter, |_| Ok(()))
    }

    fn open(
        path: &Path,
        options: &Options,
        flags: OpenFlags,
        meter: Arc<Meter>,
        set_up: impl FnOnce(&rusqlite::Connection) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = || {
            let sqlite = rusqlite::Connection::open_with_flags(path, flags).map_err(translate)?;
            sqlite
                .busy_timeout(options.wait_timeout)
                .map_err(translate)?;
            sqlite.set_prepared_statement_cache_capacity(128);
            // One plan per text. Without it SQLite looks at the value bound to a LIMIT, and
            // prepares the statement again each time one is bound.
            sqlite
                .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
                .map_err(translate)?;
            sqlite
                .execute_batch("PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;")
                .map_err(translate)?;
            set_up(&sqlite)?;
            look_inside(&sqlite)?;
            let deadline = Deadline::watch(&sqlite)?;
            Ok(Connection {
                sqlite,
                meter,
                deadline,
            })
        };
        opened().map_err(|error| name_the_file(error, path))
    }

    /// Runs transaction control, which is neither counted nor bounded in time.
    pub(super) fn control(&self, statement: &str) -> Result<(), Error> {
        let mut prepared = self.sqlite.prepare_cached(statement).map_err(translate)?;
        prepared.raw_execute().map(|_| ()).map_err(translate)
    }

    /// Whether a transaction is open. Some failures (a full disk, a stopped change) make SQLite
    /// roll back on its own.
    pub(super) fn in_transaction(&self) -> bool {
        !self.sqlite.is_autocommit()
    }

    pub(super) fn rows(&self, query: &Query, turn: Turn) -> Result<Vec<Row>, Error> {
        let count_all = |rows: &Vec<Row>| count(rows.len());
        self.watched(query, turn, count_all, |connection| {
            let mut statement = connection.sqlite.prepare_cached(query.text())?;
            bind(&mut statement, query.values())?;
            let columns = columns(&statement)?;
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

    pub(super) fn execute(&self, query: &Query, turn: Turn) -> Result<u64, Error> {
        let touched = self.watched(
            query,
            turn,
            |touched| *touched,
            |connection| {
                let mut statement = connection.sqlite.prepare_cached(query.text())?;
                bind(&mut statement, query.values())?;
                let touched = statement.raw_execute()?;
                Ok(count(touched))
            },
        )?;
        query.check_touched(touched)
    }

    /// Runs a statement, stops it when its time is up, counts it and has it noted when it was slow.
    fn watched<T>(
        &self,
        query: &Query,
        turn: Turn,
        rows: impl FnOnce(&T) -> u64,
        run: impl FnOnce(&Self) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        query.refuse_unstorable()?;
        let span = trace::statement(query, TARGET);
        let started = Instant::now();
        self.deadline.set(started, turn.limit);
        let answer = run(self).map_err(translate);
        self.deadline.clear();
        self.meter.statements.fetch_add(1, Ordering::Relaxed);
        let outcome = Outcome {
            duration: started.elapsed(),
            rows: answer.as_ref().map_or(0, rows),
            pool_wait: turn.waited,
        };
        self.meter.slow.observe(query, TARGET, outcome);
        trace::ended(&span, &answer);
        answer
    }
}

/// When the running statement has to stop. SQLite asks now and then, also while it commits, so
/// the deadline is cleared as soon as its statement has ended.
struct Deadline {
    opened: Instant,
    nanoseconds: AtomicU64,
}

impl Deadline {
    const NONE: u64 = u64::MAX;

    fn watch(sqlite: &rusqlite::Connection) -> Result<Arc<Self>, Error> {
        let deadline = Arc::new(Deadline {
            opened: Instant::now(),
            nanoseconds: AtomicU64::new(Self::NONE),
        });
        let asked = deadline.clone();
        sqlite
            .progress_handler(STEPS_PER_CLOCK_LOOK, Some(move || asked.has_passed()))
            .map_err(translate)?;
        Ok(deadline)
    }

    fn set(&self, started: Instant, limit: Option<Duration>) {
        let until = limit.map_or(Self::NONE, |limit| {
            u64::try_from((started - self.opened + limit).as_nanos()).unwrap_or(Self::NONE)
        });
        self.nanoseconds.store(until, Ordering::Relaxed);
    }

    fn clear(&self) {
        self.nanoseconds.store(Self::NONE, Ordering::Relaxed);
    }

    fn has_passed(&self) -> bool {
        self.opened.elapsed().as_nanos() > u128::from(self.nanoseconds.load(Ordering::Relaxed))
    }
}

fn make_folder(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Err(Error::Unavailable(format!(
            "{}: this is a folder",
            path.display()
        )));
    }
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    let mut maker = std::fs::DirBuilder::new();
    maker.recursive(true);
    // What people write down is nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.create(folder).map_err(|error| {
        Error::Unavailable(format!(
            "cannot make the folder {}: {error}",
            folder.display()
        ))
    })
}

/// Switches to the write-ahead log. Where another process switches at the same moment SQLite
/// says "busy" without waiting, so waiting is up to us.
fn write_ahead(sqlite: &rusqlite::Connection, wait: Duration) -> Result<(), Error> {
    let started = Instant::now();
    let mode = loop {
        let answer: rusqlite::Result<String> =
            sqlite.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match answer.map_err(translate) {
            Err(Error::Busy) if started.elapsed() < wait => {
                std::thread::sleep(Duration::from_millis(1));
            }
            other => break other?,
        }
    };
    if mode.eq_ignore_ascii_case("wal") {
        return Ok(());
    }
    Err(Error::Unavailable(format!(
        "the write-ahead log cannot be used there, only {mode:?}; is it a network folder?"
    )))
}

/// Reads the schema, so that a damaged file is noticed now, and refuses one that cannot be written.
fn look_inside(sqlite: &rusqlite::Connection) -> Result<(), Error> {
    sqlite
        .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| {
            row.get::<_, i64>(0)
        })
        .map_err(translate)?;
    if sqlite.is_readonly("main").map_err(translate)? {
        return Err(Error::ReadOnly(
            "it may only be read; look at its owner and mode".into(),
        ));
    }
    Ok(())
}

fn name_the_file(error: Error, path: &Path) -> Error {
    let path = path.display();
    match error {
        Error::Unavailable(reason) => Error::Unavailable(format!("{path}: {reason}")),
        Error::ReadOnly(reason) => Error::ReadOnly(format!("{path}: {reason}")),
        Error::Other(reason) => Error::Other(format!("{path}: {reason}")),
        other => other,
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    let expected = statement.parameter_count();
    if expected != values.len() {
        return Err(rusqlite::Error::InvalidParameterCount(
            values.len(),
            expected,
        ));
    }
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Bound(value))?;
    }
    Ok(())
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

fn columns(statement: &rusqlite::Statement<'_>) -> rusqlite::Result<Arc<Columns>> {
    let mut columns = Columns::default();
    for index in 0..statement.column_count() {
        columns.push(statement.column_name(index)?);
    }
    Ok(Arc::new(columns))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// SQLite looks at the clock every so many steps, counted over all runs of a statement.
    #[test]
    fn the_deadline_of_a_statement_stops_nothing_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deadline.db");
        let options = Options::file(&path);
        let connection = Connection::open_writer(&path, &options, Arc::default()).unwrap();
        let many = "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers \
                    WHERE i < 20000) ";
        let counted = crate::query(format!("{many} SELECT COUNT(*) AS total FROM numbers"));
        let short = crate::query("SELECT 1 AS one");
        let none_left = Turn {
            limit: Some(Duration::ZERO),
            ..Turn::default()
        };
        assert!(connection.rows(&short, none_left).is_ok());
        connection
            .control("CREATE TABLE counted (i INTEGER)")
            .unwrap();
        connection
            .control(&format!("{many} INSERT INTO counted SELECT i FROM numbers"))
            .unwrap();
        let stopped = connection.rows(&counted, none_left);
        assert!(matches!(stopped, Err(Error::Timeout)), "{stopped:?}");
        assert_eq!(connection.rows(&counted, Turn::default()).unwrap().len(), 1);
    }
}
