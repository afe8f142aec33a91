//! A store that makes a mistake.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use duly_cache::limits::Count;
use duly_cache::status::StoreStatus;
use duly_cache::store::{Connection, Fence, Found, Lost, Raise, Turn};
use duly_cache::{Credential, Entry, Known, OwnerKey, Store, View};
use duly_db::Version;
use duly_db::versions::Cursor;
use duly_tracker::sessions::Caller;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// Whoever writes tells nobody.
    FloorNotRaised,
    /// An answer is said to be of a newer state than it was read from.
    WrongLabel,
    /// Who somebody is, is kept although their data has changed since it was read.
    NoFence,
    /// What Redis brings back from a dump is believed. The place does that, not the store.
    NoEpoch,
    /// All are kept under one key.
    WrongOwner,
}

/// Does what the store does, but for the mistake.
#[derive(Debug)]
pub struct Mistaken {
    pub store: Arc<dyn Store<Caller>>,
    pub mistake: Mistake,
}

impl Mistaken {
    fn owner(&self, owner: OwnerKey) -> OwnerKey {
        match self.mistake {
            Mistake::WrongOwner => "0000000000000".parse().expect("an owner's key"),
            _ => owner,
        }
    }

    fn credential(&self, credential: &Credential) -> Credential {
        Credential {
            owner: self.owner(credential.owner),
            hash: credential.hash,
        }
    }
}

#[async_trait]
impl Store<Caller> for Mistaken {
    async fn look(
        &self,
        credential: &Credential,
        view: Option<View>,
        counts: &[Count<'_>],
    ) -> Result<Found<Caller>, Lost> {
        let credential = self.credential(credential);
        self.store.look(&credential, view, counts).await
    }

    async fn fence(&self, credential: &Credential) -> Result<Option<Fence>, Lost> {
        self.store.fence(&self.credential(credential)).await
    }

    async fn introduce(
        &self,
        credential: &Credential,
        fence: Fence,
        known: &Known<Caller>,
    ) -> Result<bool, Lost> {
        let credential = self.credential(credential);
        if self.mistake != Mistake::NoFence {
            return self.store.introduce(&credential, fence, known).await;
        }
        // As on a slow network, so that it shows.
        tokio::time::sleep(Duration::from_millis(3)).await;
        match self.store.fence(&credential).await? {
            Some(fence) => self.store.introduce(&credential, fence, known).await,
            None => Ok(false),
        }
    }

    async fn turn(&self, owner: OwnerKey, view: View, need: Version) -> Result<Turn, Lost> {
        self.store.turn(self.owner(owner), view, need).await
    }

    async fn fill(&self, owner: OwnerKey, view: View, entry: &Entry) -> Result<bool, Lost> {
        let owner = self.owner(owner);
        if self.mistake != Mistake::WrongLabel {
            return self.store.fill(owner, view, entry).await;
        }
        let newer = Version::of(entry.version.number() + 1);
        let (tag, body) = (entry.tag.clone(), entry.body.clone());
        let wrong = Entry::new(newer, entry.loaded, tag, body).until(entry.until);
        self.store.fill(owner, view, &wrong).await
    }

    async fn raise(&self, raises: &[(OwnerKey, Raise)]) -> Result<(), Lost> {
        if self.mistake == Mistake::FloorNotRaised {
            return Ok(());
        }
        let owners = raises
            .iter()
            .map(|(owner, raise)| (self.owner(*owner), *raise));
        self.store.raise(&owners.collect::<Vec<_>>()).await
    }

    fn status(&self) -> StoreStatus {
        self.store.status()
    }

    fn connection(&self) -> Option<Connection> {
        self.store.connection()
    }

    async fn connected(&self) {
        self.store.connected().await;
    }

    async fn has_caught_up(&self, connection: Connection, cursor: Cursor) {
        self.store.has_caught_up(connection, cursor).await;
    }
}
