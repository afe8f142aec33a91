//! What each request asks first: whose cookie is this?

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, OnceLock};

use duly_cache::Known;
use jiff::Timestamp;

use super::caller::{self, Asked, Caller, Visitor};
use super::seen::after;
use super::store::{self, StoredSession};
use super::{Principal, Via};
use crate::secret::Secret;
use crate::{Error, Result, Tracker};

/// Whom a session acts for. A revoked session is refused from the next request on, whether it is
/// known to the cache or not.
///
/// # Errors
/// [`Error::Unauthenticated`] when there is no such session or it has expired.
pub async fn authenticate(tracker: &Tracker, secret: &Secret) -> Result<Principal> {
    Ok(visit(tracker, secret, Asked::nothing()).await?.principal)
}

/// Like [`authenticate`], for somebody who will ask for a view.
///
/// # Errors
/// As [`authenticate`].
pub async fn visit(tracker: &Tracker, secret: &Secret, asked: Asked<'_>) -> Result<Visitor> {
    Ok(look(tracker, secret, asked).await?.uses(tracker))
}

/// Like [`visit`], without keeping the session alive.
pub(super) async fn look(tracker: &Tracker, secret: &Secret, asked: Asked<'_>) -> Result<Visitor> {
    let Some((owner, _)) = secret.reveal().split_once('.') else {
        return Err(Error::Unauthenticated);
    };
    let load = async || read(tracker, secret).await;
    caller::look(tracker, secret, owner, asked, load).await
}

/// Who it is by the primary, in one statement that sees every committed change.
async fn read(tracker: &Tracker, secret: &Secret) -> Result<Known<Caller>> {
    let mut conn = tracker.db.read_fresh();
    let found = store::opened(&mut conn, secret).await?;
    let opened = found.ok_or(Error::Unauthenticated)?;
    let session = &opened.session;
    let ends = expiry(tracker, session);
    if ends <= tracker.clock.now() {
        return Err(Error::Unauthenticated);
    }
    let caller = Caller {
        user: session.user,
        time_zone: opened.time_zone,
        role: opened.role,
        via: Arc::new(Via::Session { id: session.id }),
        ends: Some(ends),
        last_used: Some(session.last_seen_at),
        zone: OnceLock::new(),
        noted: AtomicI64::new(0),
    };
    Ok(Known {
        record: Arc::new(caller),
        versions: opened.versions,
        is_newest: conn.is_newest(),
    })
}

/// When the session ends if it is not used any more.
pub(super) fn expiry(tracker: &Tracker, session: &StoredSession) -> Timestamp {
    let used = tracker.seen.session(session.id);
    let idle = used.map_or(session.idle_expires_at, |used| {
        session
            .idle_expires_at
            .max(after(used, tracker.settings.session_idle))
    });
    idle.min(session.expires_at)
}
