//! The first administrator.

use super::link::{self, Purpose};
use super::store;
use crate::{Result, Tracker};

/// Whether nobody has an account here yet.
///
/// # Errors
/// When the database fails.
pub async fn setup_needed(tracker: &Tracker) -> Result<bool> {
    store::is_empty(&mut tracker.db.read_fresh()).await
}

/// The address of the page on which the first administrator registers, once, within a day; `None`
/// when there are accounts already. An earlier address is dead from then on. The server prints it
/// at its start.
///
/// # Errors
/// When the database fails.
pub async fn setup_link(tracker: &Tracker) -> Result<Option<String>> {
    let mut tx = tracker.db.begin();
    if !store::is_empty(&mut tx).await? {
        return Ok(None);
    }
    link::kill_setup(&mut tx).await?;
    let url = link::make(tracker, &mut tx, Purpose::Setup, None, None).await?;
    tx.commit().await?;
    Ok(Some(url))
}
