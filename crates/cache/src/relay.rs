//! Makes up for invalidations that got lost: of a process that died between its commit and telling
//! the store, of one that could not reach it, and of other processes on the same database.

use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use duly_db::versions::{self, Change, Cursor, Versions};
use duly_db::{Db, Error};
use uuid::Uuid;

use crate::store::{Connection, Raise, Record};
use crate::{Cache, OwnerKey};

/// How often the table of versions is read. A lost invalidation is made up for within this and the
/// time the read takes.
pub const EVERY: Duration = Duration::from_millis(500);

/// So many invalidations are sent at a time.
const AT_ONCE: usize = 200;

/// Where a store may lose unseen what it was told, it is told again each so many times …
const AGAIN: usize = 10;

/// … what it was told in these many times: half a minute, longer than a Cluster takes to find that a
/// server is gone.
const KEPT: usize = 60;

/// Who else wants to know what is committed, by whichever process.
#[async_trait]
pub trait Audience: Debug + Send + Sync {
    /// These are the newest versions, which nobody is answered less than any more. What is told once
    /// may be told again; when nothing has been committed, that is told, too.
    fn told(&self, changes: &[Change]);

    /// From here on it is told. What was committed before may have escaped it.
    fn is_told_from_now_on(&self);

    /// Whether anybody listens.
    fn is_there(&self) -> bool;

    /// Waits until somebody listens.
    async fn comes(&self);
}

/// What the store has been told of an owner.
#[derive(Debug, Clone, Copy)]
struct Heard {
    versions: Versions,
    /// Which time it was told first.
    first: usize,
    /// Which time it was read last.
    last: usize,
}

/// Reads on from where the table of versions was last read, and raises floors to what it says. To
/// raise one twice does no harm.
#[derive(Debug)]
pub struct Relay<R> {
    cache: Cache<R>,
    db: Db,
    cursor: Cursor,
    /// Where it was the last times, the oldest first.
    past: VecDeque<Cursor>,
    times: usize,
    /// The servers' cursors stay behind transactions that run for long, of whomever, so what has
    /// been told is read again and again.
    heard: HashMap<Uuid, Heard>,
    /// The connection to the store that was told last.
    told: Option<Connection>,
    audience: Option<Arc<dyn Audience>>,
}

impl<R: Record> Relay<R> {
    /// Begins with what is committed from now on. Nothing may be kept in the cache before.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn start(cache: Cache<R>, db: Db) -> Result<Self, Error> {
        let cursor = versions::newest(&mut db.read_fresh(), db.engine()).await?;
        Ok(Relay {
            cache,
            db,
            cursor,
            past: VecDeque::new(),
            times: 0,
            heard: HashMap::new(),
            told: None,
            audience: None,
        })
    }

    /// Tells somebody else as well.
    #[must_use]
    pub fn telling(self, audience: Arc<dyn Audience>) -> Self {
        Relay {
            audience: Some(audience),
            ..self
        }
    }

    /// Tells the store what has been committed since the last time, and what it may have lost.
    ///
    /// # Errors
    /// When the database cannot be read. When the store does not answer, the same is told again the
    /// next time.
    pub async fn catch_up(&mut self) -> Result<(), Error> {
        // What is committed from here on is told by whoever commits it.
        let connection = self.cache.store().connection();
        self.times += 1;
        let mut again = false;
        if let Some(connection) = connection {
            let is_new = self.told != Some(connection);
            if is_new {
                self.heard.clear();
            }
            if let Some(told) = connection.told.filter(|_| is_new) {
                // Others may have been killed before they could tell it; whoever was told something
                // last has left a note of how far that was.
                self.cursor = told.min(self.cursor);
            }
            if connection.may_forget {
                again = self.go_back(is_new);
            }
        }
        loop {
            let mut conn = self.db.read_fresh();
            let (changes, next) = versions::since(&mut conn, self.db.engine(), self.cursor).await?;
            if !conn.is_newest() {
                // A replica may not know what has to be told; the primary will say it.
                return Ok(());
            }
            let is_kept = self.raise(&self.news(&changes, again)).await;
            if let Some(audience) = &self.audience {
                // Also when the store is lost: it answers nothing then.
                audience.told(&changes);
            }
            if !is_kept {
                return Ok(());
            }
            self.note(&changes);
            let is_all = changes.len() < usize::from(versions::PAGE) || next == self.cursor;
            self.cursor = next;
            if is_all {
                break;
            }
        }
        self.heard.retain(|_, heard| self.times - heard.last < KEPT);
        if let Some(connection) = connection {
            self.told = Some(connection);
            let store = self.cache.store();
            store.has_caught_up(connection, self.cursor).await;
        }
        Ok(())
    }

    /// From time to time, to where it was a while ago; at once when the last connection was lost,
    /// because that may be how a shard fails over. Answers whether it is such a time.
    fn go_back(&mut self, at_once: bool) -> bool {
        self.past.push_back(self.cursor);
        if self.past.len() > KEPT {
            self.past.pop_front();
        }
        let is_time = at_once || self.times.is_multiple_of(AGAIN);
        if is_time {
            self.cursor = self.past.front().copied().unwrap_or(self.cursor);
        }
        is_time
    }

    /// What the store has not been told, or not long enough ago to leave it at that when it is told
    /// again.
    fn news(&self, changes: &[Change], again: bool) -> Vec<Change> {
        let is_known = |change: &Change| {
            self.heard.get(&change.owner).is_some_and(|heard| {
                let is_young = self.times - heard.first < KEPT;
                heard.versions == change.versions && !(again && is_young)
            })
        };
        changes
            .iter()
            .filter(|change| !is_known(change))
            .copied()
            .collect()
    }

    /// The store has been told this.
    fn note(&mut self, changes: &[Change]) {
        for Change { owner, versions } in changes {
            let now = Heard {
                versions: *versions,
                first: self.times,
                last: self.times,
            };
            let heard = self.heard.entry(*owner).or_insert(now);
            match heard.versions == *versions {
                true => heard.last = self.times,
                false => *heard = now,
            }
        }
    }

    /// Has the store caught up if it can be reached within the time, so that the first who ask find
    /// it in use.
    ///
    /// # Errors
    /// As [`Relay::catch_up`].
    pub async fn warm_up(&mut self, within: Duration) -> Result<(), Error> {
        let connected = self.cache.store().connected();
        if tokio::time::timeout(within, connected).await.is_ok() {
            self.catch_up().await?;
        }
        Ok(())
    }

    /// Whether the store could be told.
    async fn raise(&self, changes: &[Change]) -> bool {
        let keys = self.cache.keys();
        for some in changes.chunks(AT_ONCE) {
            let raises: Vec<(OwnerKey, Raise)> = some
                .iter()
                .map(|change| (keys.of(change.owner), Raise::Both(change.versions)))
                .collect();
            if self.cache.raise(&raises).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Goes on for ever.
    pub async fn run(mut self) {
        loop {
            self.step().await;
        }
    }

    /// Like [`Relay::run`] where the store keeps nothing: reads only while somebody listens.
    pub async fn run_for_audience(mut self) {
        while let Some(audience) = self.audience.clone() {
            audience.comes().await;
            match versions::newest(&mut self.db.read_fresh(), self.db.engine()).await {
                Ok(cursor) => {
                    self.cursor = cursor;
                    audience.is_told_from_now_on();
                }
                Err(error) => unreadable(&error),
            }
            while audience.is_there() {
                self.step().await;
            }
        }
    }

    async fn step(&mut self) {
        if let Err(error) = self.catch_up().await {
            unreadable(&error);
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn unreadable(error: &Error) {
    tracing::debug!(%error, "the table of versions could not be read");
}
