//! What is known about whoever shows a cookie or a token.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use duly_cache::limits::{Count, Standing};
use duly_cache::{Asking, Credential, Known, OwnerKey, Record, View};
use duly_db::Version;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Principal, Via, seen};
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
    pub(crate) via: Arc<Via>,
    /// When it ends unless it is used. Later uses are not known here, so that after this moment
    /// the database is asked.
    pub(crate) ends: Option<Timestamp>,
    /// When it was last used, as far as the database knew.
    pub(crate) last_used: Option<Timestamp>,
    /// The rules of the time zone, looked up once.
    #[serde(skip)]
    pub(crate) zone: OnceLock<TimeZone>,
    /// When a use was noted last, in microseconds since 1970.
    #[serde(skip)]
    pub(crate) noted: AtomicI64,
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
        let (seen, now) = (&tracker.seen, self.visit.came);
        // Looking here costs less than looking up when it was.
        let noted = caller.noted.load(Ordering::Relaxed);
        if seen::is_same_use(noted, now.as_microsecond()) {
            return self;
        }
        let (user, written) = (caller.user, caller.last_used);
        let noted = match &*caller.via {
            Via::Session { id } => seen.note_session(*id, user, now, written),
            Via::Token { id, .. } => seen.note_token(*id, user, now, written),
        };
        caller
            .noted
            .store(noted.as_microsecond(), Ordering::Relaxed);
        self
    }
}

/// What somebody asks, as far as it matters to knowing who they are.
#[derive(Clone, Copy)]
pub struct Asked<'asked> {
    /// Of what they will ask for, what the cache may have.
    pub view: Option<View>,
    /// The version of their data that they say they have seen.
    pub at_least: Option<Version>,
    /// What limits the request counts for, once it is known whose it claims to be.
    pub counts: &'asked (dyn Fn(&Credential) -> Vec<Count<'asked>> + Sync),
    /// What a cookie or token counts for that nobody knows. It is counted in this process alone,
    /// and keeps whoever makes them up from having each looked up.
    pub stranger: Option<&'asked (dyn Fn() -> Count<'asked> + Sync)>,
}

impl Asked<'_> {
    /// Nothing but who it is, which counts for nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Asked {
            view: None,
            at_least: None,
            counts: &|_| Vec::new(),
            stranger: None,
        }
    }
}

impl fmt::Debug for Asked<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut asked = formatter.debug_struct("Asked");
        asked.field("view", &self.view).finish_non_exhaustive()
    }
}

/// Whom a secret stands for: from the cache, else by `load`. It does not count as a use.
///
/// `owner` is what the secret says of whose it is. What is known of somebody is kept under that, so
/// that a secret that says something else than is true is refused.
pub(crate) async fn look(
    tracker: &Tracker,
    secret: &Secret,
    owner: &str,
    asked: Asked<'_>,
    load: impl AsyncFnOnce() -> Result<Known<Caller>>,
) -> Result<Visitor> {
    let owner: OwnerKey = owner.parse().map_err(|_| Error::Unauthenticated)?;
    let hash = secret.digest();
    let load = async {
        let here = tracker.limiter.here();
        let stranger = asked.stranger.map(|stranger| stranger());
        if let Some(stranger) = &stranger {
            let decision = here.hit(stranger.policy, &stranger.key);
            if !decision.allowed {
                let refused = (stranger.policy.clone(), decision);
                return Err(Error::RateLimited(Standing(vec![refused])));
            }
        }
        let known = Box::pin(load()).await?;
        if let Some(stranger) = &stranger {
            here.undo(stranger.policy, &stranger.key);
        }
        match tracker.cache.keys().of(known.record.user.0) == owner {
            true => Ok(known),
            false => Err(Error::Unauthenticated),
        }
    };
    let credential = Credential { owner, hash };
    let counts = (asked.counts)(&credential);
    let asking = Asking {
        view: asked.view,
        counts: &counts,
        at_least: asked.at_least,
    };
    let visit = tracker.cache.visit(&credential, asking, load).await?;
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
