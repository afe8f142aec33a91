//! The table that says which steps have been applied, and whose turn it is to apply more.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::server::Session;
use crate::{Conn, Engine, Error, Query, Result, query};

/// How often to ask whether another node has applied its steps: for an hour.
const TRIES: u32 = 36_000;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// The lock of those who apply steps, among the application locks of a PostgreSQL database.
const TURN: i64 = 0x6475_6c79_6d69_6772;

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing of it is there.
    Missing,
    /// It was stopped by an error before this statement, counted from one.
    Stopped { statement: usize },
    /// It was interrupted, and nobody knows whether this statement took effect.
    InDoubt { statement: usize },
    /// It is there.
    Applied,
}

/// What the table says about one step.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) checksum: String,
    pub(super) standing: Standing,
}

/// Whether a step that fails leaves nothing behind. MariaDB and MySQL commit before and after
/// each statement that changes a schema.
pub(super) fn is_all_or_nothing(engine: Engine) -> bool {
    match engine {
        Engine::Sqlite | Engine::Postgres => true,
        Engine::MariaDb | Engine::MySql => false,
    }
}

/// Makes the table when it is missing.
pub(super) fn make_table(engine: Engine) -> Query {
    query(match engine {
        Engine::Sqlite => {
            "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY NOT NULL, \
             checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT, WITHOUT ROWID"
        }
        Engine::Postgres => {
            "CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE \"C\" PRIMARY KEY, \
             checksum text COLLATE \"C\" NOT NULL, applied_at timestamptz NOT NULL)"
        }
        // applied_at is null while a step is not finished.
        Engine::MariaDb | Engine::MySql => {
            "CREATE TABLE IF NOT EXISTS schema_migrations (name VARCHAR(255) PRIMARY KEY, \
             checksum VARCHAR(64) NOT NULL, applied_at DATETIME(6), \
             next_statement BIGINT NOT NULL, in_doubt BOOLEAN NOT NULL) \
             ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        }
    })
}

fn find_table(engine: Engine) -> Query {
    query(match engine {
        Engine::Sqlite => "SELECT name FROM sqlite_schema WHERE name = 'schema_migrations'",
        Engine::Postgres => {
            "SELECT 1 AS found FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_name = 'schema_migrations'"
        }
        Engine::MariaDb | Engine::MySql => {
            "SELECT 1 AS found FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'"
        }
    })
}

/// What has been applied so far; nothing when the table is missing.
pub(super) async fn records(conn: &mut Conn, engine: Engine) -> Result<BTreeMap<String, Record>> {
    if conn.optional_row(find_table(engine)).await?.is_none() {
        return Ok(BTreeMap::new());
    }
    let all_or_nothing = is_all_or_nothing(engine);
    let select = query(if all_or_nothing {
        "SELECT name, checksum FROM schema_migrations"
    } else {
        "SELECT name, checksum, applied_at IS NULL AS is_unfinished, next_statement, in_doubt \
         FROM schema_migrations"
    });
    let mut records = BTreeMap::new();
    for row in conn.rows(select).await? {
        let (name, checksum) = (row.get("name")?, row.get("checksum")?);
        let standing = if all_or_nothing || !row.get::<bool>("is_unfinished")? {
            Standing::Applied
        } else {
            let statement = row.get("next_statement")?;
            match row.get("in_doubt")? {
                true => Standing::InDoubt { statement },
                false => Standing::Stopped { statement },
            }
        };
        records.insert(name, Record { checksum, standing });
    }
    Ok(records)
}

/// Waits until no other node applies steps to this database, and keeps them from it as long as
/// the session lasts.
pub(super) async fn take_turn(session: &mut Session) -> Result<()> {
    let lock = query(match session.engine() {
        Engine::MariaDb | Engine::MySql => {
            // These locks belong to the whole server.
            "SELECT GET_LOCK(CONCAT('duly migrate ', MD5(DATABASE())), 0) AS locked".into()
        }
        Engine::Postgres | Engine::Sqlite => {
            format!("SELECT pg_try_advisory_lock({TURN}) AS locked")
        }
    });
    for _ in 0..TRIES {
        // Nobody waits inside a statement: an index that is made concurrently waits for every
        // statement that began before it, and this one would wait for the index.
        let row = session.optional_row(lock.clone()).await?;
        if let Some(true) = row.map(|row| row.get("locked")).transpose()? {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    Err(Error::Busy)
}
