//! Makes up for invalidations that got lost: of a process that died between its commit and telling
//! the store, of one that could not reach it, and of other processes on the same database.

use std::time::Duration;

use duly_db::versions::{self, Cursor};
use duly_db::{Db, Error};

use crate::store::{Raise, Record};
use crate::{Cache, OwnerKey};

/// How often the table of versions is read. A lost invalidation is made up for within this and the
/// time the read takes.
pub const EVERY: Duration = Duration::from_millis(500);

/// Reads on from where the table of versions was last read, and raises floors to what it says. To
/// raise one twice does no harm.
#[derive(Debug)]
pub struct Relay<R> {
    cache: Cache<R>,
    db: Db,
    cursor: Cursor,
}

impl<R: Record> Relay<R> {
    /// Begins with what is committed from now on. Nothing may be kept in the cache before.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn start(cache: Cache<R>, db: Db) -> Result<Self, Error> {
        let cursor = versions::newest(&mut db.read_fresh(), db.engine()).await?;
        Ok(Relay { cache, db, cursor })
    }

    /// Tells the store what has been committed since the last time.
    ///
    /// # Errors
    /// When the database cannot be read. When the store does not answer, the same is told again the
    /// next time.
    pub async fn catch_up(&mut self) -> Result<(), Error> {
        loop {
            let mut conn = self.db.read_fresh();
            let (changes, next) = versions::since(&mut conn, self.db.engine(), self.cursor).await?;
            let keys = self.cache.keys();
            let raises: Vec<(OwnerKey, Raise)> = changes
                .iter()
                .map(|change| (keys.of(change.owner), Raise::Both(change.versions)))
                .collect();
            let raised = raises.is_empty() || self.cache.raise(&raises).await.is_ok();
            if !raised || next == self.cursor {
                return Ok(());
            }
            self.cursor = next;
        }
    }

    /// Goes on for ever.
    pub async fn run(mut self) {
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = self.catch_up().await {
                tracing::debug!(%error, "the table of versions could not be read");
            }
        }
    }
}
