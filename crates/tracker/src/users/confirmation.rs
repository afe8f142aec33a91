//! Proof that an e-mail address reaches its person.

use duly_db::versions::{self, Kind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::link::{self, Purpose};
use super::{SendEmailChanged, SendEmailConfirmation, store};
use crate::id::UserId;
use crate::input::{Field, Reader};
use crate::secret::Secret;
use crate::sessions::attempts;
use crate::{Error, Result, Tracker};

/// The body of a request that opens a mailed link.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    /// From the mailed link.
    #[schema(value_type = String, required = true)]
    #[serde(default)]
    token: Field<Secret>,
}

impl LinkInput {
    /// Checks the field.
    ///
    /// # Errors
    /// When it is wrong.
    pub fn parse(self) -> Result<Secret> {
        let mut reader = Reader::new();
        let token = reader.required("token", self.token);
        reader.finish()?;
        token.ok_or_else(|| Error::Internal("a checked token".into()))
    }
}

/// Confirms the address a link was mailed to: the account's own, or the new one it waits for,
/// which takes effect with this and is told to the old one.
///
/// # Errors
/// [`Error::LinkExpired`] when the link has been used, has expired or is about an address that
/// the account neither has nor waits for any more; [`Error::Invalid`], field `email`, when the new
/// address has got an account of its own meanwhile.
pub async fn confirm_email(tracker: &Tracker, token: Secret) -> Result<()> {
    let link = link::look(tracker, Purpose::Confirm, &token).await?;
    let (Some(user), Some(confirmed)) = (link.user, link.email) else {
        return Err(Error::LinkExpired);
    };
    let mut tx = tracker.db.begin();
    // The account comes first everywhere, so that nobody waits in a circle.
    let mut account = store::lock(&mut tx, user).await?;
    link::take(tracker, &mut tx, Purpose::Confirm, &token).await?;
    let kind = if account.pending_email.as_ref() == Some(&confirmed) {
        let old_email = std::mem::replace(&mut account.email, confirmed);
        account.pending_email = None;
        link::kill(&mut tx, Purpose::Reset, user).await?;
        tracker
            .queue
            .push(&mut tx, &SendEmailChanged { user, old_email })
            .await?;
        Kind::Auth
    } else if account.email == confirmed {
        Kind::Data
    } else {
        return Err(Error::LinkExpired);
    };
    account.email_confirmed = true;
    // Somebody reads what is sent there.
    account.mail_stopped = None;
    store::update(&mut tx, &account, tracker.clock.now()).await?;
    versions::raise(&mut tx, user.0, kind);
    tx.commit().await?;
    tracker.queue.notify();
    Ok(())
}

/// Has the confirmation mailed again, if there is something to confirm. Earlier links are dead
/// then. Too many requests are not answered with more mails.
///
/// # Errors
/// When the database fails.
pub async fn resend_confirmation(tracker: &Tracker, user: UserId) -> Result<()> {
    if !attempts::mail(tracker, &user.to_string(), None).await {
        return Ok(());
    }
    let mut tx = tracker.db.begin();
    tracker
        .queue
        .push(&mut tx, &SendEmailConfirmation { user })
        .await?;
    tx.commit().await?;
    tracker.queue.notify();
    Ok(())
}
