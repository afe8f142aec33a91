//! A throw-away database for each test.

use std::ops::Deref;

use jiff::Timestamp;
use tempfile::TempDir;

use crate::migrate::{MigrationSet, Mode, run};
use crate::{Db, Durability, Options};

/// A migrated database in a folder of its own, removed when dropped.
#[derive(Debug)]
pub struct TestDatabase {
    db: Db,
    folder: TempDir,
}

impl TestDatabase {
    /// Makes a database with the given schemas.
    ///
    /// # Panics
    /// When it cannot be made: a test can do nothing about that.
    #[expect(clippy::panic, reason = "only tests call this")]
    pub async fn new(sets: &[MigrationSet]) -> Self {
        let made = async {
            let folder = TempDir::new().map_err(|error| error.to_string())?;
            let mut options = Options::file(folder.path().join("test.db"));
            options.durability = Durability::None;
            let db = Db::open(options).await.map_err(|error| error.to_string())?;
            run(&db, sets, Timestamp::UNIX_EPOCH, Mode::Apply)
                .await
                .map_err(|error| error.to_string())?;
            Ok::<_, String>(TestDatabase { db, folder })
        };
        made.await
            .unwrap_or_else(|error| panic!("no test database: {error}"))
    }

    /// The folder the database lies in; a test may put files of its own there.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Deref for TestDatabase {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}
