//! Whose token is this?

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, OnceLock};

use duly_cache::Known;

use super::{format, store};
use crate::secret::Secret;
use crate::sessions::{Asked, Caller, Principal, Via, Visitor, caller};
use crate::{Error, Result, Tracker};

/// Whom a token acts for. A revoked token is refused from the next request on, whether it is known
/// to the cache or not; nothing is asked for text that is not written like a token.
///
/// # Errors
/// [`Error::Unauthenticated`] when there is no such token or it has expired.
pub async fn authenticate(tracker: &Tracker, token: &Secret) -> Result<Principal> {
    Ok(visit(tracker, token, Asked::nothing()).await?.principal)
}

/// Like [`authenticate`], for somebody who will ask for a view.
///
/// # Errors
/// As [`authenticate`].
pub async fn visit(tracker: &Tracker, token: &Secret, asked: Asked<'_>) -> Result<Visitor> {
    Ok(look(tracker, token, asked).await?.uses(tracker))
}

/// Like [`visit`], without counting as a use.
pub(crate) async fn look(tracker: &Tracker, token: &Secret, asked: Asked<'_>) -> Result<Visitor> {
    let owner = format::owner(token.reveal()).ok_or(Error::Unauthenticated)?;
    let load = async || read(tracker, token).await;
    caller::look(tracker, token, owner, asked, load).await
}

/// Whose it is by the primary, in one statement that sees every committed change.
async fn read(tracker: &Tracker, token: &Secret) -> Result<Known<Caller>> {
    let mut conn = tracker.db.read_fresh();
    let found = store::shown(&mut conn, token).await?;
    let shown = found.ok_or(Error::Unauthenticated)?;
    let token = shown.token;
    let now = tracker.clock.now();
    if token.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::Unauthenticated);
    }
    let caller = Caller {
        user: shown.user,
        time_zone: shown.time_zone,
        role: shown.role,
        via: Arc::new(Via::Token {
            id: token.id,
            name: token.name,
            abilities: token.abilities,
        }),
        ends: token.expires_at,
        last_used: token.last_used_at,
        zone: OnceLock::new(),
        noted: AtomicI64::new(0),
    };
    Ok(Known {
        record: Arc::new(caller),
        versions: shown.versions,
        is_newest: conn.is_newest(),
    })
}
