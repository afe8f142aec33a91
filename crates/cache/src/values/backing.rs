//! What all back ends promise.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::key::{Mark, Vector};
use super::stored::Stored;
use crate::store::Lost;

/// What one look has found.
#[derive(Debug)]
pub struct Found {
    /// The mark of each group, in their order; none where it was forgotten and nobody has loaded
    /// anything since.
    pub marks: Vec<Option<Mark>>,
    /// The value, if it was asked for, whatever it is made from.
    pub stored: Option<Stored>,
}

/// Somebody who is about to load a value.
#[derive(Debug)]
pub struct Loader<'load> {
    /// What the value is called.
    pub name: &'load str,
    /// Which process it is; within it one loads at a time.
    pub node: u64,
    /// What the value will be made from.
    pub vector: &'load Vector,
    /// One that was made before is of no use.
    pub oldest: Timestamp,
}

/// Who loads a value that is not there.
#[derive(Debug)]
pub enum Turn {
    /// Nobody has to: it is there by now.
    Stored(Stored),
    /// We do. The turn ends by itself soon, unless it is asked for again.
    Ours,
    /// Another node does, from the same.
    Others,
}

/// Where values, the marks of their groups, and locks are kept.
///
/// Everything but locks may be forgotten at any time: a group without a mark makes a value wrong,
/// and a new mark is none that was ever given before.
#[async_trait]
pub trait Backing: Debug + Send + Sync {
    /// The marks of the groups, and the value if it `wants` that, by one round trip.
    async fn look(&self, name: &str, groups: &[String], wants: bool) -> Result<Found, Lost>;

    /// The marks of the groups before a load; those who have none are given one.
    async fn marks(&self, groups: &[String]) -> Result<Vec<Option<Mark>>, Lost>;

    /// Asks for the turn to load, or for some more of it.
    async fn turn(&self, loader: &Loader<'_>) -> Result<Turn, Lost>;

    /// Keeps what was loaded in our turn, for so long, and gives the turn up. Answers whether it
    /// was kept: not if the turn was over.
    async fn fill(
        &self,
        loader: &Loader<'_>,
        stored: &Stored,
        lifetime: Duration,
    ) -> Result<bool, Lost>;

    /// Gives up the turn, since the load has failed.
    async fn leave(&self, loader: &Loader<'_>) -> Result<(), Lost>;

    /// Takes away the marks of the groups, so that nothing that was made is right any more.
    async fn forget(&self, groups: &[String]) -> Result<(), Lost>;

    /// Takes a lock, and answers its token, or nothing when somebody has it. The token is larger
    /// than any that was given, and than `above`.
    async fn lock(
        &self,
        name: &str,
        owner: u64,
        lasts: Duration,
        above: i64,
    ) -> Result<Option<i64>, Lost>;

    /// Has a lock last so much longer from now, if the owner still has it.
    async fn renew(&self, name: &str, owner: u64, lasts: Duration) -> Result<bool, Lost>;

    /// Gives a lock back, if the owner still has it.
    async fn release(&self, name: &str, owner: u64) -> Result<bool, Lost>;
}
