//! What people see and change of their own account.

use duly_db::Conn;
use duly_db::Tx;
use duly_db::versions::{self, Kind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::link::{self, Purpose};
use super::password::{Password, Verdict};
use super::store::Credentials;
use super::{
    Account, Digest, Email, Escalation, Locale, MailStopped, MailsADay, PersonName, QuietHours,
    ReminderTime, SendEmailConfirmation, SendPasswordChanged, TimeZoneName, store,
};
use crate::id::{SessionId, UserId};
use crate::input::{Field, FromJson, Reader, Wrong};
use crate::secret::Secret;
use crate::sessions::{self, Principal, attempts};
use crate::{Error, Result, Tracker, reminders};

/// The body of a request to change one's account. Fields left out stay as they are.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChangeInput {
    /// What the person wants to be called.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    #[serde(default)]
    name: Field<PersonName>,
    /// Takes effect when the link mailed to it is opened; needs `current_password`.
    #[schema(value_type = String, format = Email, max_length = 254)]
    #[serde(default)]
    email: Field<Email>,
    /// Logs all other devices out; needs `current_password`.
    #[schema(value_type = String, format = Password, max_length = 256)]
    #[serde(default)]
    password: Field<Password>,
    /// The password until now.
    #[schema(value_type = String, format = Password)]
    #[serde(default)]
    current_password: Field<Password>,
    /// Where the person's days begin and end.
    #[schema(value_type = String, example = "Europe/Berlin")]
    #[serde(default)]
    time_zone: Field<TimeZoneName>,
    /// The language of mails and of the page.
    #[schema(value_type = String, example = "en")]
    #[serde(default)]
    locale: Field<Locale>,
    /// Whether to send reminders at all.
    #[schema(value_type = bool)]
    #[serde(default)]
    reminders: Field<bool>,
    /// When the daily reminders are sent.
    #[schema(value_type = String, example = "09:00")]
    #[serde(default)]
    reminder_time: Field<ReminderTime>,
    /// Whether to send the daily mail about overdue tasks.
    #[schema(value_type = bool)]
    #[serde(default)]
    overdue_mail: Field<bool>,
    /// The mail about a week.
    #[schema(value_type = Digest)]
    #[serde(default)]
    digest: Field<Digest>,
    /// Of which tasks a second mail is sent when they are still open an hour after their time.
    #[schema(value_type = Escalation)]
    #[serde(default)]
    escalation: Field<Escalation>,
    /// When no reminder is sent; null for never.
    #[schema(value_type = Option<QuietHours>)]
    #[serde(default)]
    quiet_hours: Field<QuietHours>,
    /// How many reminders are sent a day at most; null for as many as there are.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    #[serde(default)]
    mails_a_day: Field<MailsADay>,
    /// Null, to send mails again that were stopped because they came back.
    #[schema(value_type = Option<MailStopped>)]
    #[serde(default)]
    mail_stopped: Field<Never>,
}

/// What cannot be given.
#[derive(Debug)]
enum Never {}

impl FromJson for Never {
    fn from_json(_: &serde_json::Value) -> std::result::Result<Self, Wrong> {
        Err(Wrong::new("invalid", "can only be set to null"))
    }
}

/// A change, checked. `None` leaves the field as it is.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// The new name.
    pub name: Option<PersonName>,
    /// The new address, which is to be confirmed.
    pub email: Option<Email>,
    /// The new password.
    pub password: Option<Password>,
    /// The password until now; there whenever the address or the password changes.
    pub current_password: Option<Password>,
    /// The new time zone.
    pub time_zone: Option<TimeZoneName>,
    /// The new language.
    pub locale: Option<Locale>,
    /// Whether to send reminders.
    pub reminders: Option<bool>,
    /// The new hour of reminders.
    pub reminder_time: Option<ReminderTime>,
    /// Whether to send the daily mail about overdue tasks.
    pub overdue_mail: Option<bool>,
    /// The mail about a week.
    pub digest: Option<Digest>,
    /// Of which tasks a second mail is sent.
    pub escalation: Option<Escalation>,
    /// When no reminder is sent.
    pub quiet_hours: Option<Option<QuietHours>>,
    /// How many reminders are sent a day at most.
    pub mails_a_day: Option<Option<MailsADay>>,
    /// Whether mails that came back are tried again.
    pub resumes_mail: bool,
}

impl ProfileChangeInput {
    /// Checks the fields.
    ///
    /// # Errors
    /// Every wrong field at once.
    pub fn parse(self) -> Result<ProfileChange> {
        let mut reader = Reader::new();
        let change = ProfileChange {
            name: reader.optional("name", self.name),
            email: reader.optional("email", self.email),
            password: reader.optional("password", self.password),
            current_password: reader.optional("current_password", self.current_password),
            time_zone: reader.optional("time_zone", self.time_zone),
            locale: reader.optional("locale", self.locale),
            reminders: reader.optional("reminders", self.reminders),
            reminder_time: reader.optional("reminder_time", self.reminder_time),
            overdue_mail: reader.optional("overdue_mail", self.overdue_mail),
            digest: reader.optional("digest", self.digest),
            escalation: reader.optional("escalation", self.escalation),
            quiet_hours: reader.nullable("quiet_hours", self.quiet_hours),
            mails_a_day: reader.nullable("mails_a_day", self.mails_a_day),
            resumes_mail: reader.nullable("mail_stopped", self.mail_stopped).is_some(),
        };
        if change.needs_password() && change.current_password.is_none() {
            let message = "is required to change the e-mail or the password";
            reader.refuse("current_password", "required", message);
        }
        reader.finish()?;
        Ok(change)
    }
}

impl ProfileChange {
    fn needs_password(&self) -> bool {
        self.email.is_some() || self.password.is_some()
    }

    /// The account after the change, but for the password.
    fn apply(&self, account: &Account) -> Account {
        let mut changed = account.clone();
        if let Some(email) = &self.email {
            changed.pending_email = (*email != account.email).then(|| email.clone());
        }
        if let Some(name) = &self.name {
            changed.name = name.clone();
        }
        if let Some(time_zone) = &self.time_zone {
            changed.time_zone = time_zone.clone();
        }
        if let Some(locale) = &self.locale {
            changed.locale = locale.clone();
        }
        changed.reminders = self.reminders.unwrap_or(account.reminders);
        changed.reminder_time = self.reminder_time.unwrap_or(account.reminder_time);
        changed.overdue_mail = self.overdue_mail.unwrap_or(account.overdue_mail);
        changed.digest = self.digest.unwrap_or(account.digest);
        changed.escalation = self.escalation.unwrap_or(account.escalation);
        changed.quiet_hours = self.quiet_hours.unwrap_or(account.quiet_hours);
        changed.mails_a_day = self.mails_a_day.unwrap_or(account.mails_a_day);
        if self.resumes_mail {
            changed.mail_stopped = None;
        }
        changed
    }
}

/// An account after a change.
#[derive(Debug)]
pub struct ChangedProfile {
    /// As it is now.
    pub account: Account,
    /// The new secret of the session that changed its password; the old one is dead.
    pub session: Option<Secret>,
}

/// The account of a person.
///
/// # Errors
/// [`Error::NotFound`] when it has been deleted; else when the database fails.
pub async fn profile(conn: &mut Conn, user: UserId) -> Result<Account> {
    store::find(conn, user).await
}

/// Changes one's own account, from a session (API tokens may not).
///
/// A new password ends all other sessions and gives this one a new secret; API tokens stay. A new
/// address waits until the link mailed to it is opened.
///
/// # Errors
/// [`Error::Forbidden`] for an API token; [`Error::Invalid`], field `current_password`, `password`
/// or `email`; [`Error::RateLimited`] after too many wrong current passwords;
/// [`Error::Unavailable`].
pub async fn change_profile(
    tracker: &Tracker,
    principal: &Principal,
    change: ProfileChange,
) -> Result<ChangedProfile> {
    let session = principal.require_session()?;
    let known = match change.needs_password() {
        true => Some(prove(tracker, principal.user, &change).await?),
        false => None,
    };
    let new_hash = match &change.password {
        Some(password) => Some(
            tracker
                .hasher
                .hash(tracker.random.as_ref(), password)
                .await?,
        ),
        None => None,
    };
    let mut tx = tracker.db.begin();
    let stored = store::lock_credentials(&mut tx, principal.user).await?;
    if known.is_some_and(|known| known.password_hash != stored.password_hash) {
        return Err(wrong_password());
    }
    let changed = change.apply(&stored.account);
    if changed == stored.account && new_hash.is_none() {
        return Ok(ChangedProfile {
            account: changed,
            session: None,
        });
    }
    write(tracker, &mut tx, &stored.account, &changed).await?;
    let session = match &new_hash {
        Some(hash) => Some(replace_password(tracker, &mut tx, &changed, session, hash).await?),
        None => None,
    };
    // What is kept about callers holds some of the profile, such as the time zone.
    versions::raise(&mut tx, principal.user.0, Kind::Auth);
    tx.commit().await?;
    tracker.queue.notify();
    Ok(ChangedProfile {
        account: changed,
        session,
    })
}

/// Checks the current password, and whether the new one is good enough.
async fn prove(tracker: &Tracker, user: UserId, change: &ProfileChange) -> Result<Credentials> {
    let stored = store::credentials(&mut tracker.db.read_fresh(), user).await?;
    let after = change.apply(&stored.account);
    if let Some(password) = &change.password {
        let rules = &tracker.settings.password_rules;
        rules
            .check(password, &after.name, &after.email)
            .map_err(|wrong| Error::field("password", wrong.code, wrong.message))?;
    }
    let current = change
        .current_password
        .as_ref()
        .ok_or_else(wrong_password)?;
    let attempt = attempts::current_password(tracker, user).await?;
    let verdict = match tracker
        .hasher
        .verify(current, Some(stored.password_hash.clone()))
        .await
    {
        Ok(verdict) => verdict,
        Err(error) => {
            attempt.void().await;
            return Err(error);
        }
    };
    if verdict == Verdict::Wrong {
        return Err(wrong_password());
    }
    attempt.succeeded().await;
    Ok(stored)
}

fn wrong_password() -> Error {
    Error::field("current_password", "wrong", "is not your current password")
}

async fn write(tracker: &Tracker, tx: &mut Tx, before: &Account, after: &Account) -> Result<()> {
    if after.pending_email != before.pending_email {
        link::kill(tx, Purpose::Confirm, after.id).await?;
        if let Some(email) = &after.pending_email {
            let owner = store::find_by_email(tx, email).await?;
            if owner.is_some_and(|owner| owner.id != after.id) {
                return Err(store::email_taken());
            }
            tracker
                .queue
                .push(tx, &SendEmailConfirmation { user: after.id })
                .await?;
        }
    }
    store::update(tx, after, tracker.clock.now()).await?;
    let asks = |account: &Account| {
        let zone = account.time_zone.clone();
        let daily = (
            account.reminders,
            account.reminder_time,
            account.overdue_mail,
        );
        (
            zone,
            daily,
            account.digest,
            account.escalation,
            account.mail_stopped.is_some(),
        )
    };
    if asks(after) != asks(before) {
        reminders::account_changed(tracker, tx, after).await?;
    }
    Ok(())
}

async fn replace_password(
    tracker: &Tracker,
    tx: &mut Tx,
    account: &Account,
    session: SessionId,
    password_hash: &str,
) -> Result<Secret> {
    store::set_password(tx, account.id, password_hash, tracker.clock.now()).await?;
    link::kill(tx, Purpose::Reset, account.id).await?;
    sessions::end_all(tx, account.id, Some(session)).await?;
    tracker
        .queue
        .push(tx, &SendPasswordChanged { user: account.id })
        .await?;
    sessions::rotate(tracker, tx, account.id, session).await
}
