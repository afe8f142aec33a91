//! Several nodes that share nothing but the database.

use std::time::Duration;

use async_trait::async_trait;

use super::backing::{Backing, Found, Loader, Turn};
use super::key::Mark;
use super::stored::Stored;
use crate::Sql;
use crate::store::Lost;

fn nothing_shared() -> Lost {
    Lost("nodes share nothing but the database; groups and locks need Redis".into())
}

/// Values of a group are not kept, since no node hears what another forgets. All others are kept by
/// each node for itself.
#[async_trait]
impl Backing for Sql {
    async fn look(&self, _: &str, groups: &[String], _: bool) -> Result<Found, Lost> {
        let marks = self.marks(groups).await?;
        Ok(Found {
            marks,
            stored: None,
        })
    }

    async fn marks(&self, groups: &[String]) -> Result<Vec<Option<Mark>>, Lost> {
        match groups.is_empty() {
            true => Ok(Vec::new()),
            false => Err(nothing_shared()),
        }
    }

    async fn turn(&self, _: &Loader<'_>) -> Result<Turn, Lost> {
        Ok(Turn::Ours)
    }

    async fn fill(&self, _: &Loader<'_>, _: &Stored, _: Duration) -> Result<bool, Lost> {
        Ok(true)
    }

    async fn leave(&self, _: &Loader<'_>) -> Result<(), Lost> {
        Ok(())
    }

    /// Nothing that belongs to a group was kept.
    async fn forget(&self, _: &[String]) -> Result<(), Lost> {
        Ok(())
    }

    async fn lock(&self, _: &str, _: u64, _: Duration, _: i64) -> Result<Option<i64>, Lost> {
        Err(nothing_shared())
    }

    async fn renew(&self, _: &str, _: u64, _: Duration) -> Result<bool, Lost> {
        Err(nothing_shared())
    }

    async fn release(&self, _: &str, _: u64) -> Result<bool, Lost> {
        Err(nothing_shared())
    }
}
