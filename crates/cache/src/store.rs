//! What all back ends promise.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use duly_db::Version;
use duly_db::versions::{Cursor, Versions};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::{Count, Reading};
use crate::status::StoreStatus;
use crate::{Entry, OwnerKey, View};

/// What is known about somebody who asks, so that it need not be looked up each time.
pub trait Record: Serialize + DeserializeOwned + Debug + Send + Sync + 'static {
    /// Whether it still says the truth by the clock; if not, it is looked up anew.
    fn is_valid(&self, now: Timestamp) -> bool;
}

/// By what somebody who asks is recognised: the hash of a session's or a token's secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Credential {
    /// To whom it says it belongs.
    pub owner: OwnerKey,
    /// The SHA-256 of the secret.
    pub hash: [u8; 32],
}

/// What one look at the store has found.
#[derive(Debug)]
pub struct Found<R> {
    /// The floor: nothing of the owner that is older may be served. Without one nothing is known.
    pub floor: Option<Version>,
    /// Who it is; only with a floor.
    pub record: Option<Arc<R>>,
    /// The answer that was asked for, of whatever version.
    pub entry: Option<Entry>,
    /// How the counts stand now, from a store that has counted.
    pub counted: Option<Vec<Reading>>,
}

impl<R> Found<R> {
    /// Nothing is known.
    #[must_use]
    pub fn nothing() -> Self {
        Found {
            floor: None,
            record: None,
            entry: None,
            counted: None,
        }
    }
}

/// Marks a look-up of who somebody is, made while nothing was invalidated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fence(pub u64);

/// Who somebody is, read from the database.
#[derive(Debug)]
pub struct Known<R> {
    /// What is kept.
    pub record: Arc<R>,
    /// The versions of the state from which it was read.
    pub versions: Versions,
    /// Whether that state was the newest. What a replica says while the primary is away is not kept:
    /// it would make a floor that is too old, and stay so when the primary is back.
    pub is_newest: bool,
}

impl<R> Clone for Known<R> {
    fn clone(&self) -> Self {
        Known {
            record: self.record.clone(),
            versions: self.versions,
            is_newest: self.is_newest,
        }
    }
}

/// Who loads an answer that is not there.
#[derive(Debug)]
pub enum Turn {
    /// Nobody has to: it is there by now.
    Stored(Entry),
    /// We do.
    Ours,
    /// Another node is about to.
    Others,
}

/// What became known of an owner's versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raise {
    /// The owner's data has this version at least.
    Data(Version),
    /// Who may act for the owner has changed: whatever is known must be looked up again.
    Auth,
    /// Both numbers, as they are in the table.
    Both(Versions),
}

/// A connection to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// Which; a later one has a larger number.
    pub number: u64,
    /// Up to where the store had been told, by whomever, what was committed when it was opened.
    pub told: Option<Cursor>,
    /// Whether what the store is told may get lost without the connection: a shard of a Cluster may
    /// fail over unseen.
    pub may_forget: bool,
}

/// The store does not answer. Whoever asked goes on without it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the cache does not answer: {0}")]
pub struct Lost(pub String);

/// Where floors are kept, and what goes with them.
///
/// The rules, for every owner:
/// - a floor is created only by [`Store::introduce`], of versions that were read from the primary
///   while its fence stood; whatever is invalidated or filled while there is no floor destroys the
///   fence;
/// - a floor only rises, until everything about the owner is forgotten together;
/// - everything may be forgotten at any time.
#[async_trait]
pub trait Store<R: Record>: Debug + Send + Sync {
    /// The floor, who the credential is, and one answer, by one round trip, which counts the request
    /// as well where nodes count together.
    async fn look(
        &self,
        credential: &Credential,
        view: Option<View>,
        counts: &[Count<'_>],
    ) -> Result<Found<R>, Lost>;

    /// Before it is read from the primary who a credential is.
    async fn fence(&self, credential: &Credential) -> Result<Option<Fence>, Lost>;

    /// After it has been read. Answers whether it was kept: not if anything was invalidated since
    /// the fence was put up.
    async fn introduce(
        &self,
        credential: &Credential,
        fence: Fence,
        known: &Known<R>,
    ) -> Result<bool, Lost>;

    /// Asks for the turn to load an answer of at least this version.
    async fn turn(&self, owner: OwnerKey, view: View, need: Version) -> Result<Turn, Lost>;

    /// Keeps an answer, unless it is older than the floor, and gives up the turn. The floor rises
    /// to the answer's version, so that nobody who has seen it is shown an older one.
    async fn fill(&self, owner: OwnerKey, view: View, entry: &Entry) -> Result<bool, Lost>;

    /// Invalidates: raises floors, or forgets. When this fails the store answers nothing more until
    /// it has been told.
    async fn raise(&self, raises: &[(OwnerKey, Raise)]) -> Result<(), Lost>;

    /// What it is and, if it can be lost, whether it is there.
    fn status(&self) -> StoreStatus;

    /// The connection there is at the moment, for a store that can lose it.
    fn connection(&self) -> Option<Connection> {
        None
    }

    /// Waits until there is a connection, for a store that has one.
    async fn connected(&self) {}

    /// The connection has been told everything that was committed up to there. Until then the store
    /// answers nothing.
    async fn has_caught_up(&self, _connection: Connection, _cursor: Cursor) {}
}
