//! Where a person is logged in, and ending that.

use duly_db::versions::{self, Kind};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::authenticate::expiry;
use super::store::{self, StoredSession};
use crate::id::{SessionId, UserId};
use crate::page::Page;
use crate::{Error, Result, Tracker};

/// A log-in on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Session {
    /// Its id, which is no secret.
    pub id: SessionId,
    /// When the person logged in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = String, format = DateTime)]
    pub last_seen_at: Timestamp,
    /// When it ends if it is not used any more.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// The address it was opened from.
    pub ip: String,
    /// What the browser called itself.
    pub user_agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// All sessions of a person, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    tracker: &Tracker,
    user: UserId,
    current: Option<SessionId>,
) -> Result<Page<Session>> {
    let now = tracker.clock.now();
    let stored = store::all(&mut tracker.db.read_fresh(), user).await?;
    let shown = stored
        .into_iter()
        .map(|session| shown(tracker, session, current));
    Ok(Page::whole(
        shown.filter(|session| session.expires_at > now).collect(),
    ))
}

/// One session of a person.
///
/// # Errors
/// [`Error::NotFound`] when the person has no such session, or not any more.
pub async fn get(
    tracker: &Tracker,
    user: UserId,
    id: SessionId,
    current: Option<SessionId>,
) -> Result<Session> {
    let all = list(tracker, user, current).await?;
    all.data
        .into_iter()
        .find(|session| session.id == id)
        .ok_or(Error::NotFound("session"))
}

fn shown(tracker: &Tracker, stored: StoredSession, current: Option<SessionId>) -> Session {
    let used = tracker.seen.session(stored.id);
    Session {
        id: stored.id,
        created_at: stored.created_at,
        last_seen_at: used.map_or(stored.last_seen_at, |used| used.max(stored.last_seen_at)),
        expires_at: expiry(tracker, &stored),
        current: current == Some(stored.id),
        ip: stored.ip,
        user_agent: stored.user_agent,
    }
}

/// Ends a session; its cookie is refused from the next request on.
///
/// # Errors
/// [`Error::NotFound`] when the person has no such session.
pub async fn revoke(tracker: &Tracker, user: UserId, id: SessionId) -> Result<()> {
    let mut tx = tracker.db.begin();
    if !store::delete(&mut tx, user, id).await? {
        return Err(Error::NotFound("session"));
    }
    versions::raise(&mut tx, user.0, Kind::Auth);
    tx.commit().await?;
    Ok(())
}

/// Ends all sessions of a person but one.
///
/// # Errors
/// When the database fails.
pub async fn revoke_others(tracker: &Tracker, user: UserId, keep: SessionId) -> Result<()> {
    let mut tx = tracker.db.begin();
    if store::delete_all(&mut tx, user, Some(keep)).await? == 0 {
        return Ok(());
    }
    versions::raise(&mut tx, user.0, Kind::Auth);
    tx.commit().await?;
    Ok(())
}

/// Forgets sessions whose time is over; a maintenance task calls it.
///
/// # Errors
/// When the database fails.
pub async fn purge_expired(tracker: &Tracker) -> Result<()> {
    let mut tx = tracker.db.begin_on_shared_rows();
    store::delete_expired(&mut tx, tracker.clock.now()).await?;
    Ok(tx.commit().await?)
}
