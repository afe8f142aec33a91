//! The same POST sent twice has one effect: the answer to the first is stored in the transaction
//! that made it, and given again for 24 hours (the `Idempotency-Key` header, IETF draft
//! draft-ietf-httpapi-idempotency-key-header).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duly_db::{Tx, query};
use duly_queue::{Attempt, Job, JobError, QueueName};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::UserId;
use crate::input::{FromText, Wrong};
use crate::{Error, Result, Tracker};

/// For how long an answer is given again.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A key made up by the client: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl FromText for IdempotencyKey {
    fn from_text(text: &str) -> std::result::Result<Self, Wrong> {
        let visible = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if text.is_empty() || text.len() > 255 || !visible {
            return Err(Wrong::new(
                "invalid",
                "must be 1 to 255 visible ASCII characters",
            ));
        }
        Ok(IdempotencyKey(text.to_owned()))
    }
}

/// A request that is to have one effect however often it is sent.
#[derive(Debug, Clone)]
pub struct Idempotent {
    key: IdempotencyKey,
    request_hash: Vec<u8>,
}

impl Idempotent {
    /// The request is recognised by its key, and compared by its path and body.
    #[must_use]
    pub fn new(key: IdempotencyKey, path: &str, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(path.as_bytes());
        hash.update([0]);
        hash.update(body);
        Idempotent {
            key,
            request_hash: hash.finalize().to_vec(),
        }
    }
}

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// The HTTP status.
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    /// The body.
    pub body: serde_json::Value,
}

/// What came of a request with an idempotency key.
#[derive(Debug, Clone)]
pub enum Recorded<T> {
    /// It was done now.
    Fresh(T),
    /// It had been done before; this was the answer.
    Replayed(Earlier),
}

impl<T> Recorded<T> {
    /// What was done now, if it was.
    #[must_use]
    pub fn fresh(self) -> Option<T> {
        match self {
            Recorded::Fresh(done) => Some(done),
            Recorded::Replayed(_) => None,
        }
    }
}

/// Requests that are being worked on in this process.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<(UserId, String)>>>);

/// Ends being in flight when dropped.
#[derive(Debug)]
pub struct Flight {
    all: InFlight,
    entry: (UserId, String),
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.all
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.entry);
    }
}

impl InFlight {
    fn enter(&self, entry: (UserId, String)) -> Result<Flight> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.insert(entry.clone()) {
            return Err(Error::IdempotencyInFlight);
        }
        Ok(Flight {
            all: self.clone(),
            entry,
        })
    }
}

/// Whether the request is to be done.
#[derive(Debug)]
pub enum Begun {
    /// Do it, and keep the flight until it is committed.
    First(Option<Flight>),
    /// Give this answer instead.
    Replay(Earlier),
}

/// Asks whether the request was done before. First thing in the transaction of its effect.
///
/// # Errors
/// [`Error::IdempotencyKeyReused`] when the key came with another request before;
/// [`Error::IdempotencyInFlight`] while the first is being worked on.
pub async fn begin(
    tracker: &Tracker,
    tx: &mut Tx,
    owner: UserId,
    request: Option<&Idempotent>,
) -> Result<Begun> {
    let Some(request) = request else {
        return Ok(Begun::First(None));
    };
    let flight = tracker.in_flight.enter((owner, request.key.0.clone()))?;
    let select = query(
        "SELECT request_hash, status, location, body, created_at FROM idempotency_keys \
         WHERE user_id = ?1 AND idempotency_key = ?2",
    );
    let Some(row) = tx
        .optional_row(select.bind(owner).bind(&request.key.0))
        .await?
    else {
        return Ok(Begun::First(Some(flight)));
    };
    if row
        .get::<jiff::Timestamp>("created_at")?
        .checked_add(KEPT)
        .is_ok_and(|end| end <= tracker.clock.now())
    {
        let delete =
            query("DELETE FROM idempotency_keys WHERE user_id = ?1 AND idempotency_key = ?2");
        tx.execute(delete.bind(owner).bind(&request.key.0)).await?;
        return Ok(Begun::First(Some(flight)));
    }
    if row.get::<Vec<u8>>("request_hash")? != request.request_hash {
        return Err(Error::IdempotencyKeyReused);
    }
    Ok(Begun::Replay(Earlier {
        status: row.get::<u32>("status")?.try_into().unwrap_or(200),
        location: row.get("location")?,
        body: row.get("body")?,
    }))
}

/// Stores the answer in the transaction of the effect.
///
/// # Errors
/// [`Error::Internal`] when the answer cannot be written as JSON, which no answer of ours is.
pub fn record<T: Serialize>(
    tracker: &Tracker,
    tx: &mut Tx,
    owner: UserId,
    request: &Idempotent,
    status: u16,
    location: Option<String>,
    body: &T,
) -> Result<()> {
    let body = serde_json::to_value(body).map_err(|error| Error::Internal(error.to_string()))?;
    let insert = query(
        "INSERT INTO idempotency_keys \
         (user_id, idempotency_key, request_hash, status, location, body, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(owner)
    .bind(&request.key.0)
    .bind(request.request_hash.as_slice())
    .bind(i64::from(status))
    .bind(location)
    .bind(body)
    .bind(tracker.clock.now());
    tx.defer(insert);
    Ok(())
}

/// Forgets answers older than 24 hours.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetIdempotencyKeys {}

impl Job for ForgetIdempotencyKeys {
    const NAME: &'static str = "forget_idempotency_keys";
    const QUEUE: QueueName = QueueName::MAINTENANCE;
    const TIMEOUT: Duration = Duration::from_secs(60);
    type Context = Tracker;

    fn unique(&self) -> Option<String> {
        Some(Self::NAME.into())
    }

    async fn run(&self, tracker: &Tracker, _attempt: Attempt) -> std::result::Result<(), JobError> {
        let before = tracker
            .clock
            .now()
            .checked_sub(KEPT)
            .map_err(JobError::fail)?;
        let mut tx = tracker.db.begin_on_shared_rows();
        let delete = query("DELETE FROM idempotency_keys WHERE created_at < ?1");
        tx.execute(delete.bind(before))
            .await
            .map_err(JobError::retry)?;
        tx.commit().await.map_err(JobError::retry)
    }
}
