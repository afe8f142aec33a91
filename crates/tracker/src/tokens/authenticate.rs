//! Whose token is this?

use super::{format, store};
use crate::secret::Secret;
use crate::sessions::{Principal, Via};
use crate::{Error, Result, Tracker};

/// Whom a token acts for, by one statement that sees every committed change; none for text that
/// is not written like a token.
///
/// # Errors
/// [`Error::Unauthenticated`] when there is no such token or it has expired.
pub async fn authenticate(tracker: &Tracker, token: &Secret) -> Result<Principal> {
    if !format::is_token(token.reveal()) {
        return Err(Error::Unauthenticated);
    }
    let now = tracker.clock.now();
    let found = store::shown(&mut tracker.db.read_fresh(), token).await?;
    let shown = found.ok_or(Error::Unauthenticated)?;
    let token = shown.token;
    if token.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::Unauthenticated);
    }
    tracker
        .seen
        .note_token(token.id, shown.user, now, token.last_used_at);
    Ok(Principal {
        user: shown.user,
        version: shown.version,
        time_zone: shown.time_zone.zone(),
        role: shown.role,
        via: Via::Token {
            id: token.id,
            name: token.name,
            abilities: token.abilities,
        },
    })
}
