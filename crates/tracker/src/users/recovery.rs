//! A forgotten password.

use duly_db::versions::{self, Kind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::link::{self, Purpose};
use super::password::Password;
use super::{Email, SendPasswordChanged, SendPasswordReset, store};
use crate::id::UserId;
use crate::input::{Field, Reader};
use crate::secret::Secret;
use crate::sessions::{self, ClientInfo, attempts};
use crate::{Error, Result, Tracker, tokens};

/// The body of a request for a link by mail.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgottenPasswordInput {
    /// The address of the account.
    #[schema(value_type = String, format = Email, required = true)]
    #[serde(default)]
    email: Field<Email>,
}

impl ForgottenPasswordInput {
    /// Checks the field.
    ///
    /// # Errors
    /// When it is wrong.
    pub fn parse(self) -> Result<Email> {
        let mut reader = Reader::new();
        let email = reader.required("email", self.email);
        reader.finish()?;
        email.ok_or_else(|| Error::Internal("a checked address".into()))
    }
}

/// The body of a request that sets a new password.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordResetInput {
    /// From the mailed link.
    #[schema(value_type = String, required = true)]
    #[serde(default)]
    token: Field<Secret>,
    /// The new password.
    #[schema(value_type = String, format = Password, max_length = 256, required = true)]
    #[serde(default)]
    password: Field<Password>,
}

/// A new password and what proves the right to set it.
#[derive(Debug, Clone)]
pub struct PasswordReset {
    /// From the mailed link.
    pub token: Secret,
    /// The new password.
    pub password: Password,
}

impl PasswordResetInput {
    /// Checks the fields.
    ///
    /// # Errors
    /// Every wrong field at once.
    pub fn parse(self) -> Result<PasswordReset> {
        let mut reader = Reader::new();
        let token = reader.required("token", self.token);
        let password = reader.required("password", self.password);
        reader.finish()?;
        match (token, password) {
            (Some(token), Some(password)) => Ok(PasswordReset { token, password }),
            _ => Err(Error::Internal("a checked reset".into())),
        }
    }
}

/// Has a link mailed if the address has an account. The answer and the work are the same if not,
/// and also when there have been too many requests, so that nobody's mailbox can be filled.
///
/// # Errors
/// When the database fails.
pub async fn request_password_reset(
    tracker: &Tracker,
    email: Email,
    client: ClientInfo,
) -> Result<()> {
    if !attempts::mail(tracker, &email.folded(), Some(&client)).await {
        return Ok(());
    }
    let mut tx = tracker.db.begin();
    tracker
        .queue
        .push(&mut tx, &SendPasswordReset { email })
        .await?;
    tx.commit().await?;
    tracker.queue.notify();
    Ok(())
}

/// Sets a new password with a mailed link. All sessions end. When nobody had confirmed the
/// address before, whoever made the account may not have been its owner, so its API tokens end
/// too; from now on the address counts as confirmed.
///
/// # Errors
/// [`Error::LinkExpired`] when the link has been used, is older than an hour, has been followed
/// by a newer one or was mailed to an address the account no longer has; [`Error::Invalid`] when
/// the password is not good enough (the link can be used again); [`Error::Unavailable`].
pub async fn reset_password(
    tracker: &Tracker,
    reset: PasswordReset,
    client: ClientInfo,
) -> Result<()> {
    let link = link::look(tracker, Purpose::Reset, &reset.token).await?;
    let user = link.user.ok_or(Error::LinkExpired)?;
    let account = store::find(&mut tracker.db.read_fresh(), user).await?;
    let rules = &tracker.settings.password_rules;
    rules
        .check(&reset.password, &account.name, &account.email)
        .map_err(|wrong| Error::field("password", wrong.code, wrong.message))?;
    let password_hash = tracker
        .hasher
        .hash(tracker.random.as_ref(), &reset.password)
        .await?;
    let email = set(tracker, user, &reset.token, &password_hash).await?;
    tracker.queue.notify();
    // Whoever was locked out by mistakes, their own or somebody else's, is let in again.
    attempts::forgive(tracker, &email, &client).await;
    Ok(())
}

async fn set(
    tracker: &Tracker,
    user: UserId,
    token: &Secret,
    password_hash: &str,
) -> Result<Email> {
    let now = tracker.clock.now();
    let mut tx = tracker.db.begin();
    // The account comes first everywhere, so that nobody waits in a circle.
    let mut account = store::lock(&mut tx, user).await?;
    let link = link::take(tracker, &mut tx, Purpose::Reset, token).await?;
    if link
        .email
        .is_none_or(|mailed_to| mailed_to != account.email)
    {
        return Err(Error::LinkExpired);
    }
    store::set_password(&mut tx, user, password_hash, now).await?;
    sessions::end_all(&mut tx, user, None).await?;
    link::kill(&mut tx, Purpose::Reset, user).await?;
    if !account.email_confirmed {
        tokens::end_all(&mut tx, user).await?;
    }
    // A change of address that somebody else may have asked for does not go through any more.
    link::kill(&mut tx, Purpose::Confirm, user).await?;
    account.pending_email = None;
    account.email_confirmed = true;
    store::update(&mut tx, &account, now).await?;
    tracker
        .queue
        .push(&mut tx, &SendPasswordChanged { user })
        .await?;
    versions::raise(&mut tx, user.0, Kind::Auth);
    tx.commit().await?;
    Ok(account.email)
}
