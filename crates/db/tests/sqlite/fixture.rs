//! A database with one table of notes, in a folder of its own.

use std::ops::Deref;
use std::path::PathBuf;

use duly_db::{Conn, Db, Error, Options, Query, query};
use tempfile::TempDir;

pub(crate) struct Notes {
    db: Db,
    folder: TempDir,
}

impl Notes {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// Opens with other options than the usual ones.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = Options::file(folder.path().join("notes.db"));
        change(&mut options);
        let db = Db::open(options).await.unwrap();
        let mut tx = db.begin();
        tx.execute(query(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY NOT NULL, text TEXT NOT NULL) STRICT",
        ))
        .await
        .unwrap();
        tx.commit().await.unwrap();
        Notes { db, folder }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("notes.db")
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) async fn write(&self, id: i64) -> Result<(), Error> {
        let mut tx = self.db.begin();
        tx.execute(insert(id)).await?;
        tx.commit().await
    }
}

impl Deref for Notes {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

pub(crate) fn insert(id: i64) -> Query {
    query("INSERT INTO notes (id, text) VALUES (?1, 'Water the plants')").bind(id)
}

pub(crate) async fn ids(conn: &mut Conn) -> Vec<i64> {
    let rows = conn
        .rows(query("SELECT id FROM notes ORDER BY id"))
        .await
        .unwrap();
    rows.iter().map(|row| row.get("id").unwrap()).collect()
}

/// A statement that never ends by itself.
pub(crate) fn endless_read() -> Query {
    query(
        "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers) \
         SELECT COUNT(*) AS total FROM numbers",
    )
}

/// A change that never ends by itself.
pub(crate) fn endless_write() -> Query {
    query(
        "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers) \
         INSERT INTO notes (id, text) SELECT -1000000 - i, 'x' FROM numbers WHERE i < 0",
    )
}
