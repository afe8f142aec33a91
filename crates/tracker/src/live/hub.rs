//! Who listens at this node, and what has become known since.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use duly_cache::relay::Audience;
use duly_db::Version;
use duly_db::versions::{self, Raised, Watcher};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::Limits;
use crate::id::UserId;

/// Everybody who listens at this node. Clones share it.
///
/// Of each owner it keeps one [`News`], however many changes there are and however slowly somebody
/// listens.
#[derive(Debug, Clone, Default)]
pub struct Hub(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    limits: Limits,
    board: Mutex<Board>,
    somebody_came: Notify,
}

#[derive(Debug, Default)]
struct Board {
    owners: HashMap<UserId, Owner>,
    streams: usize,
    is_closed: bool,
    /// When the table of versions was read last.
    heard: Option<Instant>,
}

#[derive(Debug)]
struct Owner {
    news: watch::Sender<News>,
    /// The number of the owner's rights, once it is known from the table.
    auth: Option<i64>,
}

/// What has become known of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct News {
    /// The newest version; 0 before any is known.
    pub(super) version: Version,
    /// Grows when it has to be looked at once whether those who listen still may.
    pub(super) doubts: u64,
    /// Nothing will be told any more: the node is told to stop.
    pub(super) is_closed: bool,
}

/// So many listen that nobody else can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// All of them for one person.
    #[error("{0} streams of events are open for this person")]
    Person(usize),
    /// At this node.
    #[error("{0} streams of events are open at this node")]
    Node(usize),
}

impl Hub {
    /// Nobody listens yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Hub(Arc::new(Inner {
            limits,
            ..Inner::default()
        }))
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// How many streams are open at this node.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.board().streams
    }

    /// Ends all streams, so that those who listen go to another node.
    pub fn close(&self) {
        let mut board = self.board();
        board.is_closed = true;
        for owner in board.owners.values() {
            owner.news.send_modify(|news| news.is_closed = true);
        }
    }

    /// Listens for an owner. What was committed before has to be looked up afterwards.
    pub(super) fn listen(&self, owner: UserId) -> Result<Listener, Refused> {
        let limits = &self.0.limits;
        let mut board = self.board();
        if board.streams >= limits.streams {
            return Err(Refused::Node(limits.streams));
        }
        let is_closed = board.is_closed;
        let known = board.owners.entry(owner).or_insert_with(|| Owner {
            news: watch::Sender::new(News {
                version: Version::of(0),
                doubts: 0,
                is_closed,
            }),
            auth: None,
        });
        if known.news.receiver_count() >= limits.streams_of_one {
            return Err(Refused::Person(limits.streams_of_one));
        }
        let news = known.news.subscribe();
        board.streams += 1;
        drop(board);
        self.0.somebody_came.notify_waiters();
        Ok(Listener {
            hub: self.clone(),
            owner,
            news,
        })
    }

    /// Whether nobody's rights can have changed without that being known here.
    pub(super) fn vouches(&self) -> bool {
        let heard = self.board().heard;
        heard.is_some_and(|heard| heard.elapsed() < self.0.limits.vouched)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Owner {
    fn learn(&self, version: Version, is_in_doubt: bool) {
        self.news.send_if_modified(|news| {
            let is_new = version > news.version || is_in_doubt;
            news.version = news.version.max(version);
            news.doubts += u64::from(is_in_doubt);
            is_new
        });
    }
}

/// What this process commits. The cache has been told before.
#[async_trait]
impl Watcher for Hub {
    async fn committed(&self, raised: &[Raised]) {
        let board = self.board();
        for raised in raised {
            if let Some(owner) = board.owners.get(&UserId(raised.owner)) {
                owner.learn(raised.version, raised.kind == versions::Kind::Auth);
            }
        }
    }
}

/// What any process commits.
#[async_trait]
impl Audience for Hub {
    fn told(&self, changes: &[versions::Change]) {
        let mut board = self.board();
        board.heard = Some(Instant::now());
        for change in changes {
            if let Some(owner) = board.owners.get_mut(&UserId(change.owner)) {
                let auth = owner.auth.replace(change.versions.auth);
                owner.learn(change.versions.data, auth != owner.auth);
            }
        }
    }

    fn is_told_from_now_on(&self) {
        for owner in self.board().owners.values() {
            owner.learn(Version::of(0), true);
        }
    }

    fn is_there(&self) -> bool {
        self.board().streams > 0
    }

    async fn comes(&self) {
        loop {
            let somebody_came = self.0.somebody_came.notified();
            let mut somebody_came = std::pin::pin!(somebody_came);
            somebody_came.as_mut().enable();
            if self.is_there() {
                return;
            }
            somebody_came.await;
        }
    }
}

/// Somebody who listens, until dropped.
#[derive(Debug)]
pub(super) struct Listener {
    hub: Hub,
    owner: UserId,
    news: watch::Receiver<News>,
}

impl Listener {
    /// What is known by now.
    pub(super) fn news(&mut self) -> News {
        *self.news.borrow_and_update()
    }

    /// Waits until more is known than [`Listener::news`] has said.
    pub(super) async fn changed(&mut self) {
        // The sender lives as long as somebody listens.
        let _ = self.news.changed().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut board = self.hub.board();
        board.streams = board.streams.saturating_sub(1);
        if let Entry::Occupied(owner) = board.owners.entry(self.owner)
            // This one is still counted.
            && owner.get().news.receiver_count() <= 1
        {
            owner.remove();
        }
    }
}

#[cfg(test)]
mod tests;
