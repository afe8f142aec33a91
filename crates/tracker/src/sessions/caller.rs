//! What is known about whoever shows a cookie or a token.

use std::sync::OnceLock;

use duly_cache::{Credential, Known, OwnerKey, Record, View};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Principal, Via};
use crate::id::UserId;
use crate::secret::Secret;
use crate::users::{Role, TimeZoneName};
use crate::{Error, Result, Tracker};

/// Who shows a cookie or a token, as the cache keeps it: until the rights or the profile of the
/// person change ([`duly_db::versions::Kind::Auth`]), or the clock ends it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Caller {
    pub(crate) user: UserId,
    pub(crate) time_zone: TimeZoneName,
    pub(crate) role: Role,
    pub(crate) via: Via,
    /// When it ends unless it is used. Later uses are not known here, so that after this moment
    /// the database is asked.
    pub(crate) ends: Option<Timestamp>,
    /// When it was last used, as far as the database knew.
    pub(crate) last_used: Option<Timestamp>,
    /// The rules of the time zone, looked up once.
    #[serde(skip)]
    pub(crate) zone: OnceLock<TimeZone>,
}

impl Record for Caller {
    fn is_valid(&self, now: Timestamp) -> bool {
        self.ends.is_none_or(|ends| now < ends)
    }
}

/// Somebody who asks, and how new what they are shown has to be.
#[derive(Debug)]
pub struct Visitor {
    /// Who it is and what they may do.
    pub principal: Principal,
    /// For the answers that are kept.
    pub visit: duly_cache::Visit<Caller>,
}

impl Visitor {
    /// Whether the session or the token has not expired, as far as it is known here.
    pub(crate) fn is_valid(&self, now: Timestamp) -> bool {
        self.visit.record.is_valid(now)
    }

    /// Counts as a use of the session or the token.
    pub(crate) fn uses(self, tracker: &Tracker) -> Self {
        let caller = &self.visit.record;
        let (seen, now) = (&tracker.seen, tracker.clock.now());
        match &caller.via {
            Via::Session { id } => seen.note_session(*id, caller.user, now, caller.last_used),
            Via::Token { id, .. } => seen.note_token(*id, caller.user, now, caller.last_used),
        }
        self
    }
}

/// Whom a secret stands for: from the cache, else by `load`. `view` is what will be asked for. It
/// does not count as a use.
///
/// `owner` is what the secret says of whose it is. What is known of somebody is kept under that, so
/// that a secret that says something else than is true is refused.
pub(crate) async fn look(
    tracker: &Tracker,
    secret: &Secret,
    owner: &str,
    view: Option<View>,
    load: impl Future<Output = Result<Known<Caller>>>,
) -> Result<Visitor> {
    let owner: OwnerKey = owner.parse().map_err(|_| Error::Unauthenticated)?;
    let hash = secret.digest();
    let load = async {
        let known = load.await?;
        match tracker.cache.keys().of(known.record.user.0) == owner {
            true => Ok(known),
            false => Err(Error::Unauthenticated),
        }
    };
    let visit = tracker
        .cache
        .visit(&Credential { owner, hash }, view, load)
        .await?;
    let caller = &visit.record;
    let zone = caller.zone.get_or_init(|| caller.time_zone.zone());
    Ok(Visitor {
        principal: Principal {
            user: caller.user,
            version: visit.version,
            time_zone: zone.clone(),
            role: caller.role,
            via: caller.via.clone(),
        },
        visit,
    })
}
