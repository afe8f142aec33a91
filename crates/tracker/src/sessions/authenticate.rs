//! What each request asks first: whose cookie is this?

use jiff::Timestamp;

use super::seen::after;
use super::store::{self, StoredSession};
use super::{Principal, Via};
use crate::secret::Secret;
use crate::{Error, Result, Tracker};

/// Whom a session acts for, by one statement that sees every committed change: a revoked session
/// is refused from the next request on.
///
/// # Errors
/// [`Error::Unauthenticated`] when there is no such session or it has expired.
pub async fn authenticate(tracker: &Tracker, secret: &Secret) -> Result<Principal> {
    let now = tracker.clock.now();
    let found = store::opened(&mut tracker.db.read_fresh(), secret).await?;
    let opened = found.ok_or(Error::Unauthenticated)?;
    let session = &opened.session;
    if expiry(tracker, session) <= now {
        return Err(Error::Unauthenticated);
    }
    tracker
        .seen
        .note_session(session.id, session.user, now, session.last_seen_at);
    Ok(Principal {
        user: session.user,
        version: opened.version,
        time_zone: opened.time_zone.zone(),
        role: opened.role,
        via: Via::Session { id: session.id },
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
