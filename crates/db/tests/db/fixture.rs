//! A database with a few notes, on the engine under test.

use std::ops::Deref;

use duly_db::migrate::{Migration, MigrationSet};
use duly_db::testing::TestDatabase;
use duly_db::{Conn, Db, Engine, Error, Options, Query, query};

const NOTES: MigrationSet = MigrationSet {
    owner: "test",
    migrations: &[Migration {
        name: "0001_notes",
        sqlite: "CREATE TABLE notes (id INTEGER PRIMARY KEY NOT NULL, text TEXT NOT NULL) STRICT;\n",
        postgres: "CREATE TABLE notes (id bigint PRIMARY KEY, text text NOT NULL);\n",
        mysql: "CREATE TABLE notes (id BIGINT PRIMARY KEY, text LONGTEXT NOT NULL) \
                ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n",
    }],
};

pub(crate) struct Notes(TestDatabase);

impl Notes {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// Opens with other options than the usual ones.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        Notes(TestDatabase::with(&[NOTES], change).await)
    }

    /// Only where there is a pool of connections to a server.
    pub(crate) async fn on_server(change: impl FnOnce(&mut Options)) -> Option<Self> {
        let notes = Self::with(change).await;
        (notes.engine() != Engine::Sqlite).then_some(notes)
    }

    pub(crate) fn url(&self) -> &str {
        self.0.url()
    }

    pub(crate) async fn write(&self, id: i64) -> Result<(), Error> {
        write(&self.0, id).await
    }

    pub(crate) async fn ids(&self) -> Vec<i64> {
        ids(&mut self.0.read_fresh()).await
    }
}

impl Deref for Notes {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.0
    }
}

pub(crate) async fn write(db: &Db, id: i64) -> Result<(), Error> {
    let mut tx = db.begin();
    tx.execute(insert(id)).await?;
    tx.commit().await
}

pub(crate) fn insert(id: i64) -> Query {
    query("INSERT INTO notes (id, text) VALUES (?1, 'Water the plants')").bind(id)
}

/// Changes a note that is there.
pub(crate) fn rewrite(id: i64, text: &str) -> Query {
    query("UPDATE notes SET text = ?2 WHERE id = ?1")
        .bind(id)
        .bind(text)
        .expecting(1)
}

pub(crate) async fn ids(conn: &mut Conn) -> Vec<i64> {
    let rows = conn
        .rows(query("SELECT id FROM notes ORDER BY id"))
        .await
        .unwrap();
    rows.iter().map(|row| row.get("id").unwrap()).collect()
}

/// A statement that never ends by itself.
pub(crate) fn endless(engine: Engine) -> Query {
    query(match engine {
        Engine::Sqlite => {
            "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers) \
             SELECT COUNT(*) AS total FROM numbers"
        }
        Engine::Postgres => "SELECT COUNT(*) AS total FROM pg_sleep(3600)",
        Engine::MariaDb | Engine::MySql => "SELECT SLEEP(3600) AS total",
    })
}
