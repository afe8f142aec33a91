//! The table that says which steps have been applied, and whose turn it is to apply more.

use std::collections::BTreeMap;

use crate::{Conn, Engine, Error, Query, Result, Tx, query};

/// How long to wait for another node that applies steps, in seconds.
const LONGEST_WAIT: u32 = 3600;

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

/// Waits until no other node applies steps to this database, and keeps them from it: until the
/// end of the transaction, or until [`give_turn`].
pub(super) async fn take_turn(tx: &mut Tx, engine: Engine) -> Result<()> {
    match engine {
        // Nobody else can change anything, beginning with the first change of this transaction.
        Engine::Sqlite => Ok(()),
        Engine::Postgres => {
            let lock = query("SELECT 1 AS locked FROM pg_advisory_xact_lock(?1)").bind(TURN);
            tx.rows(lock).await.map(|_| ())
        }
        Engine::MariaDb | Engine::MySql => {
            for _ in 0..LONGEST_WAIT {
                let lock = query(format!("SELECT GET_LOCK({MYSQL_TURN}, 1) AS locked"));
                let row = tx.optional_row(lock).await?;
                if let Some(true) = row.map(|row| row.get("locked")).transpose()? {
                    return Ok(());
                }
            }
            Err(Error::Busy)
        }
    }
}

/// These locks belong to the whole server.
const MYSQL_TURN: &str = "CONCAT('duly migrate ', MD5(DATABASE()))";

/// Lets others have their turn, where the lock outlives the transaction.
pub(super) async fn give_turn(tx: &mut Tx, engine: Engine) -> Result<()> {
    match engine {
        Engine::Sqlite | Engine::Postgres => Ok(()),
        Engine::MariaDb | Engine::MySql => {
            let unlock = query(format!("SELECT RELEASE_LOCK({MYSQL_TURN}) AS unlocked"));
            tx.rows(unlock).await.map(|_| ())
        }
    }
}
