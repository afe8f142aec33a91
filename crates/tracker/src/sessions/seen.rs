//! When sessions and tokens were last used: kept in memory, written in batches.
//!
//! A request that only reads writes nothing. What it would have written waits here until the next
//! flush; whoever judges a session asks here too. A crash loses at most one flush interval.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duly_db::{Query, query};
use jiff::{SignedDuration, Timestamp};

use crate::id::{SessionId, TokenId, UserId};
use crate::{Result, Tracker};

/// Uses closer together than this count as one.
const GRAIN: SignedDuration = SignedDuration::from_secs(60);

/// How many rows one transaction writes, so that others get their turn in between.
const BATCH: usize = 100;

/// The uses of the last minute, and all that have not been written yet. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<Uses>>);

#[derive(Debug, Default)]
struct Uses {
    sessions: HashMap<SessionId, Use>,
    tokens: HashMap<TokenId, Use>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Use {
    user: UserId,
    at: Timestamp,
    /// One that is written stays for a while: what the cache knows of a session is older.
    is_written: bool,
}

impl Use {
    fn new(user: UserId, at: Timestamp) -> Self {
        Use {
            user,
            at,
            is_written: false,
        }
    }
}

impl Seen {
    /// When the session was last used, if that was lately.
    pub(crate) fn session(&self, id: SessionId) -> Option<Timestamp> {
        self.uses().sessions.get(&id).map(|last| last.at)
    }

    /// When the token was last used, if that was lately.
    pub(crate) fn token(&self, id: TokenId) -> Option<Timestamp> {
        self.uses().tokens.get(&id).map(|last| last.at)
    }

    /// Notes a use of a session; `written` is what the database had when somebody last looked.
    /// Answers the use it counts as: this one, or one just before.
    pub(crate) fn note_session(
        &self,
        id: SessionId,
        user: UserId,
        now: Timestamp,
        written: Option<Timestamp>,
    ) -> Timestamp {
        let this = Use::new(user, now);
        note(&mut self.uses().sessions, id, this, written)
    }

    /// The same for a token.
    pub(crate) fn note_token(
        &self,
        id: TokenId,
        user: UserId,
        now: Timestamp,
        written: Option<Timestamp>,
    ) -> Timestamp {
        let this = Use::new(user, now);
        note(&mut self.uses().tokens, id, this, written)
    }

    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a use now counts as the one at that moment, both in microseconds.
pub(super) fn is_same_use(before: i64, now: i64) -> bool {
    (0..GRAIN.as_micros()).contains(&i128::from(now.saturating_sub(before)))
}

fn note<K: Hash + Eq>(
    uses: &mut HashMap<K, Use>,
    id: K,
    this: Use,
    written: Option<Timestamp>,
) -> Timestamp {
    let before = uses.get(&id).map(|last| last.at).max(written);
    match before {
        Some(before) if this.at.duration_since(before) < GRAIN => before,
        _ => {
            let at = this.at;
            uses.insert(id, this);
            at
        }
    }
}

/// Writes down when sessions and tokens were last used; a maintenance task calls it every few
/// seconds and at the end. Sessions move their idle expiry with it. Answers how many there were.
///
/// # Errors
/// When the database fails; what was not written then waits for the next time.
pub async fn flush_seen(tracker: &Tracker) -> Result<usize> {
    let (sessions, tokens) = {
        let now = tracker.clock.now();
        let mut uses = tracker.seen.uses();
        (
            unwritten(&mut uses.sessions, now),
            unwritten(&mut uses.tokens, now),
        )
    };
    for batch in sessions.chunks(BATCH) {
        let changes = batch
            .iter()
            .map(|(id, last)| session_used(tracker, *id, *last));
        write(tracker, changes).await?;
        let mut uses = tracker.seen.uses();
        batch
            .iter()
            .for_each(|(id, written)| mark(&mut uses.sessions, id, written));
    }
    for batch in tokens.chunks(BATCH) {
        write(
            tracker,
            batch.iter().map(|(id, last)| token_used(*id, *last)),
        )
        .await?;
        let mut uses = tracker.seen.uses();
        batch
            .iter()
            .for_each(|(id, written)| mark(&mut uses.tokens, id, written));
    }
    Ok(sessions.len() + tokens.len())
}

/// What has to be written; forgets what is written and of no more use.
fn unwritten<K: Hash + Eq + Copy>(uses: &mut HashMap<K, Use>, now: Timestamp) -> Vec<(K, Use)> {
    uses.retain(|_, last| !last.is_written || now.duration_since(last.at) < GRAIN);
    let left = uses.iter().filter(|(_, last)| !last.is_written);
    left.map(|(id, last)| (*id, *last)).collect()
}

/// A use stays in memory until it is in the database, so that nobody sees neither.
fn mark<K: Hash + Eq>(uses: &mut HashMap<K, Use>, id: &K, written: &Use) {
    if let Some(last) = uses.get_mut(id)
        && last == written
    {
        last.is_written = true;
    }
}

async fn write(tracker: &Tracker, changes: impl Iterator<Item = Query>) -> Result<()> {
    let mut tx = tracker.db.begin_on_shared_rows();
    for change in changes {
        tx.execute(change).await?;
    }
    // Raises no version: the moment of the last use is shown with the next visible change.
    tx.commit().await?;
    Ok(())
}

fn session_used(tracker: &Tracker, id: SessionId, last: Use) -> Query {
    let idle_expires = after(last.at, tracker.settings.session_idle);
    query(
        "UPDATE sessions SET last_seen_at = ?3, idle_expires_at = ?4 \
         WHERE user_id = ?1 AND id = ?2 AND last_seen_at < ?3",
    )
    .bind(last.user)
    .bind(id)
    .bind(last.at)
    .bind(idle_expires)
}

fn token_used(id: TokenId, last: Use) -> Query {
    query(
        "UPDATE tokens SET last_used_at = ?3 \
         WHERE user_id = ?1 AND id = ?2 AND (last_used_at IS NULL OR last_used_at < ?3)",
    )
    .bind(last.user)
    .bind(id)
    .bind(last.at)
}

/// The instant so long after another, or the end of time.
pub(super) fn after(from: Timestamp, span: std::time::Duration) -> Timestamp {
    from.checked_add(span).unwrap_or(Timestamp::MAX)
}
