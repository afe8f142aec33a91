//! A throw-away database for each test, on the engine the environment names.

mod cluster;

use std::ops::Deref;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

pub use cluster::Cluster;

use crate::migrate::{MigrationSet, Mode, run};
use crate::random::{Random as _, SystemRandom};
use crate::server::Administrator;
use crate::{Db, Durability, Engine, Error, Location, Options, Result, query};

/// An administrator's address on a server that runs for tests; SQLite when it is not set.
pub const ADDRESS_VARIABLE: &str = "DULY_TEST_DATABASE_URL";

/// The same for tests that need servers of all kinds at once.
pub const ADDRESS_VARIABLES: [&str; 2] = ["DULY_TEST_POSTGRES_URL", "DULY_TEST_MYSQL_URL"];

/// A migrated database of its own, removed when dropped.
#[derive(Debug)]
pub struct TestDatabase {
    db: Db,
    url: String,
    administrator: Option<String>,
    folder: TempDir,
}

impl TestDatabase {
    /// Makes a database with the given schemas.
    ///
    /// # Panics
    /// When it cannot be made: a test can do nothing about that.
    pub async fn new(sets: &[MigrationSet]) -> Self {
        Self::with(sets, |_| {}).await
    }

    /// Makes a database with the given schemas and opens it with other options than the usual.
    ///
    /// # Panics
    /// When it cannot be made: a test can do nothing about that.
    pub async fn with(sets: &[MigrationSet], change: impl FnOnce(&mut Options)) -> Self {
        Self::made(administrator(), sets, change).await
    }

    /// Makes a database on the server with the given administrator's address, or of SQLite.
    ///
    /// # Panics
    /// When it cannot be made: a test can do nothing about that.
    pub async fn at(administrator: Option<String>, sets: &[MigrationSet]) -> Self {
        Self::made(administrator, sets, |_| {}).await
    }

    #[expect(clippy::panic, reason = "only tests call this")]
    async fn made(
        administrator: Option<String>,
        sets: &[MigrationSet],
        change: impl FnOnce(&mut Options),
    ) -> Self {
        // Boxed: it is large, and every test's future would hold it.
        let made = Box::pin(Self::make(administrator, sets, change)).await;
        made.unwrap_or_else(|error| panic!("no test database: {error}"))
    }

    async fn make(
        administrator: Option<String>,
        sets: &[MigrationSet],
        change: impl FnOnce(&mut Options),
    ) -> Result<Self> {
        let folder = TempDir::new().map_err(|error| Error::Other(error.to_string()))?;
        let url = match &administrator {
            None => format!("sqlite:{}", folder.path().join("test.db").display()),
            Some(administrator) => make_on_server(administrator, sets).await?,
        };
        let mut options = options(&url)?;
        change(&mut options);
        let db = Db::open(options).await?;
        run(&db, sets, Timestamp::UNIX_EPOCH, Mode::Apply).await?;
        Ok(TestDatabase {
            db,
            url,
            administrator,
            folder,
        })
    }

    /// A folder of the test's own; on SQLite the database lies in it.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Where the database is, as an operator writes it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Deref for TestDatabase {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let administrator = self.administrator.take();
        let (Some(administrator), Some((_, name))) = (administrator, self.url.rsplit_once('/'))
        else {
            return;
        };
        let statement = match self.db.engine() {
            Engine::Postgres => format!("DROP DATABASE {name} WITH (FORCE)"),
            _ => format!("DROP DATABASE {name}"),
        };
        // The test's runtime may be gone. Hundreds of databases fill a disk, so this waits; but not
        // for one that a transaction still holds, which goes with its server.
        let (done, wait) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            if let Ok(runtime) = current_thread() {
                let _ = runtime.block_on(drop_database(&administrator, &statement));
            }
            let _ = done.send(());
        });
        let _ = wait.recv_timeout(Duration::from_secs(3));
    }
}

/// Opens a test's database once more: a connection belongs to the runtime it was opened in, so who
/// has a runtime of their own needs connections of their own.
///
/// # Errors
/// As [`Db::open`].
pub async fn open_again(url: &str) -> Result<Db> {
    Db::open(options(url)?).await
}

/// Lets the planner know how many rows there are now, as the engines do by themselves in time.
///
/// # Errors
/// Whatever the engine says.
pub async fn refresh_statistics(db: &Db) -> Result<()> {
    let mut conn = db.read_fresh();
    match db.engine() {
        // The planner of SQLite goes by the indexes alone.
        Engine::Sqlite => {}
        Engine::Postgres => drop(conn.rows(query("ANALYZE")).await?),
        Engine::MariaDb | Engine::MySql => {
            let tables = "SELECT CAST(table_name AS CHAR) AS name FROM information_schema.tables \
                          WHERE table_schema = DATABASE()";
            for table in conn.rows(query(tables)).await? {
                let name: String = table.get("name")?;
                conn.rows(query(format!("ANALYZE TABLE {name}"))).await?;
            }
        }
    }
    Ok(())
}

fn current_thread() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// The address tests are to use, if they are to use a server.
fn administrator() -> Option<String> {
    address(ADDRESS_VARIABLE)
}

/// The address that a variable names.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is how tests are told")]
pub fn address(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|url| !url.is_empty())
}

fn options(url: &str) -> Result<Options> {
    let mut options = Options::at(Location::parse(url, &[])?);
    options.durability = Durability::None;
    // Many tests run at the same time, each with connections of its own.
    options.connections = 4;
    options.wait_timeout = Duration::from_secs(20);
    Ok(options)
}

/// Makes an empty database and answers its address.
async fn make_on_server(url: &str, sets: &[MigrationSet]) -> Result<String> {
    // Not the process's id: it comes back while the databases of killed tests are still there.
    let mut random = [0; 8];
    SystemRandom.fill(&mut random);
    let name = format!("duly_test_{:016x}", u64::from_ne_bytes(random));
    let mut administrator = administrate(url).await?;
    let make = if url.starts_with("mysql") {
        format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    } else {
        let template = template(&mut administrator, url, sets).await?;
        format!("CREATE DATABASE {name} TEMPLATE {template}")
    };
    administrator.run(&make).await?;
    Ok(in_database(url, &name))
}

async fn administrate(url: &str) -> Result<Administrator> {
    Administrator::connect(&url.parse()?, &options(url)?).await
}

async fn drop_database(url: &str, statement: &str) -> Result<()> {
    administrate(url).await?.run(statement).await
}

/// PostgreSQL copies a migrated database much faster than it migrates one.
async fn template(
    administrator: &mut Administrator,
    url: &str,
    sets: &[MigrationSet],
) -> Result<String> {
    let mut digest = Sha256::new();
    for migration in sets.iter().flat_map(|set| set.migrations) {
        digest.update(migration.postgres);
    }
    let hash: String = digest
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let name = format!("duly_template_{hash}");
    administrator.run("SELECT pg_advisory_lock(4711)").await?;
    let known = query("SELECT datname FROM pg_database WHERE datname = ?1").bind(name.as_str());
    if administrator.rows(&known).await?.is_empty() {
        // Under another name until it is whole.
        let making = format!("{name}_making");
        for statement in [
            format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)"),
            format!("CREATE DATABASE {making} TEMPLATE template0 ENCODING 'UTF8'"),
        ] {
            administrator.run(&statement).await?;
        }
        let fresh = Db::open(options(&in_database(url, &making))?).await?;
        run(&fresh, sets, Timestamp::UNIX_EPOCH, Mode::Apply).await?;
        fresh.close().await;
        for statement in [
            format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{making}'"
            ),
            format!("ALTER DATABASE {making} RENAME TO {name}"),
        ] {
            administrator.run(&statement).await?;
        }
    }
    administrator.run("SELECT pg_advisory_unlock(4711)").await?;
    Ok(name)
}

fn in_database(administrator: &str, name: &str) -> String {
    let server = administrator
        .rsplit_once('/')
        .map_or(administrator, |(server, _)| server);
    format!("{server}/{name}")
}
