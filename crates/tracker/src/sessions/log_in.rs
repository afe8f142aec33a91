//! Logging in and out.

use duly_db::Tx;
use duly_db::random::new_id;
use duly_db::versions::{self, Kind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::seen::after;
use super::store::{self, StoredSession};
use super::{ClientInfo, attempts};
use crate::id::{SessionId, UserId};
use crate::input::{Field, Reader};
use crate::secret::Secret;
use crate::users::password::{Password, Verdict};
use crate::users::{self, Account, Email};
use crate::{Error, Result, Tracker};

/// A person can be logged in in so many places; a further log-in ends the oldest.
const MOST_SESSIONS: usize = 100;

/// The body of a log-in.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInInput {
    /// The address of the account.
    #[schema(value_type = String, format = Email, required = true)]
    #[serde(default)]
    email: Field<Email>,
    /// Its password.
    #[schema(value_type = String, format = Password, required = true)]
    #[serde(default)]
    password: Field<Password>,
}

/// Who somebody says they are, and what proves it.
#[derive(Debug, Clone)]
pub struct LogIn {
    /// The address of the account.
    pub email: Email,
    /// Its password.
    pub password: Password,
}

impl LogInInput {
    /// Checks the fields.
    ///
    /// # Errors
    /// Every wrong field at once.
    pub fn parse(self) -> Result<LogIn> {
        let mut reader = Reader::new();
        let email = reader.required("email", self.email);
        let password = reader.required("password", self.password);
        reader.finish()?;
        match (email, password) {
            (Some(email), Some(password)) => Ok(LogIn { email, password }),
            _ => Err(Error::Internal("a checked log-in".into())),
        }
    }
}

/// Logs a person in. Answers the account and the secret of the new session.
///
/// The work and the answer are the same whether the address has an account or not.
///
/// # Errors
/// [`Error::WrongCredentials`]; [`Error::RateLimited`] after too many attempts;
/// [`Error::Unavailable`] when too many others log in at the moment.
pub async fn log_in(
    tracker: &Tracker,
    log_in: LogIn,
    client: ClientInfo,
) -> Result<(Account, Secret)> {
    let LogIn { email, password } = log_in;
    let attempt = attempts::log_in(tracker, &email, &client).await?;
    let found = users::store::credentials_by_email(&mut tracker.db.read_fresh(), &email).await?;
    let stored_hash = found.as_ref().map(|found| found.password_hash.clone());
    let verdict = match tracker.hasher.verify(&password, stored_hash).await {
        Ok(verdict) => verdict,
        Err(error) => {
            attempt.void().await;
            return Err(error);
        }
    };
    let Some(known) = found.filter(|_| verdict != Verdict::Wrong) else {
        return Err(Error::WrongCredentials);
    };
    attempt.succeeded().await;
    let stronger = match verdict {
        Verdict::RightButWeak => Some(
            tracker
                .hasher
                .hash(tracker.random.as_ref(), &password)
                .await?,
        ),
        Verdict::Right | Verdict::Wrong => None,
    };
    let mut tx = tracker.db.begin();
    let current = users::store::lock_credentials(&mut tx, known.account.id).await?;
    if current.password_hash != known.password_hash {
        // It was changed while it was being compared.
        return Err(Error::WrongCredentials);
    }
    let account = current.account;
    if let Some(hash) = stronger {
        users::store::set_password(&mut tx, account.id, &hash, tracker.clock.now()).await?;
    }
    let secret = open(tracker, &mut tx, account.id, &client).await?;
    versions::raise(&mut tx, account.id.0, Kind::Auth);
    tx.commit().await?;
    Ok((account, secret))
}

/// Opens a session within a transaction and ends the one that the client had.
pub(crate) async fn open(
    tracker: &Tracker,
    tx: &mut Tx,
    user: UserId,
    client: &ClientInfo,
) -> Result<Secret> {
    if let Some(before) = &client.session
        && let Some(other) = store::delete_by_secret(tx, before).await?
        && other != user
    {
        versions::raise(tx, other.0, Kind::Auth);
    }
    make_room(tracker, tx, user).await?;
    let now = tracker.clock.now();
    let owner = tracker.cache.keys().of(user.0);
    let secret = Secret::of(owner, tracker.random.as_ref());
    let session = StoredSession {
        id: SessionId(new_id(tracker.random.as_ref(), now)),
        user,
        created_at: now,
        last_seen_at: now,
        idle_expires_at: after(now, tracker.settings.session_idle),
        expires_at: after(now, tracker.settings.session_lifetime),
        ip: client.ip.to_string(),
        user_agent: client.short_user_agent(),
    };
    store::insert(tx, secret.hash(), &session).await?;
    Ok(secret)
}

/// Forgets the person's expired sessions, and the oldest when there are too many.
async fn make_room(tracker: &Tracker, tx: &mut Tx, user: UserId) -> Result<()> {
    let now = tracker.clock.now();
    let newest_first = store::all(tx, user).await?;
    let mut kept = 0;
    for session in newest_first {
        let alive = super::authenticate::expiry(tracker, &session) > now;
        if alive && kept + 1 < MOST_SESSIONS {
            kept += 1;
        } else {
            store::delete(tx, user, session.id).await?;
        }
    }
    Ok(())
}

/// Ends the session of a cookie. A session that has ended already is no error.
///
/// # Errors
/// When the database fails.
pub async fn log_out(tracker: &Tracker, secret: &Secret) -> Result<()> {
    let mut tx = tracker.db.begin();
    if let Some(user) = store::delete_by_secret(&mut tx, secret).await? {
        versions::raise(&mut tx, user.0, Kind::Auth);
        tx.commit().await?;
    }
    Ok(())
}

/// Ends all sessions of a person, but for one.
pub(crate) async fn end_all(tx: &mut Tx, user: UserId, keep: Option<SessionId>) -> Result<()> {
    store::delete_all(tx, user, keep).await.map(|_| ())
}

/// Gives a session a new secret; the old one is dead.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session has ended meanwhile.
pub(crate) async fn rotate(
    tracker: &Tracker,
    tx: &mut Tx,
    user: UserId,
    id: SessionId,
) -> Result<Secret> {
    let owner = tracker.cache.keys().of(user.0);
    let secret = Secret::of(owner, tracker.random.as_ref());
    match store::set_secret(tx, user, id, secret.hash()).await? {
        true => Ok(secret),
        false => Err(Error::Unauthenticated),
    }
}
