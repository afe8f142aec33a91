//! The back end of several nodes that share nothing but the database: it keeps nothing, so each
//! request learns from the primary who asks and how new an answer has to be, by one statement.
//! Answers come from the memory of the process all the same.

use async_trait::async_trait;
use duly_db::Version;

use crate::limits::Count;
use crate::status::StoreStatus;
use crate::store::{Credential, Fence, Found, Known, Lost, Raise, Record, Store, Turn};
use crate::{Entry, OwnerKey, View};

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sql;

#[async_trait]
impl<R: Record> Store<R> for Sql {
    async fn look(
        &self,
        _: &Credential,
        _: Option<View>,
        _: &[Count<'_>],
    ) -> Result<Found<R>, Lost> {
        Ok(Found::nothing())
    }

    async fn fence(&self, _: &Credential) -> Result<Option<Fence>, Lost> {
        Ok(None)
    }

    async fn introduce(&self, _: &Credential, _: Fence, _: &Known<R>) -> Result<bool, Lost> {
        Ok(false)
    }

    async fn turn(&self, _: OwnerKey, _: View, _: Version) -> Result<Turn, Lost> {
        Ok(Turn::Ours)
    }

    async fn fill(&self, _: OwnerKey, _: View, _: &Entry) -> Result<bool, Lost> {
        Ok(false)
    }

    async fn raise(&self, _: &[(OwnerKey, Raise)]) -> Result<(), Lost> {
        Ok(())
    }

    fn status(&self) -> StoreStatus {
        StoreStatus::Database
    }
}
