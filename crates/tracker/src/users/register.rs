//! Joining.

use duly_db::random::new_id;
use duly_db::{Tx, versions};
use serde::Deserialize;
use utoipa::ToSchema;

use super::link::{self, Purpose};
use super::password::Password;
use super::{
    Account, Digest, Email, Escalation, Locale, PersonName, Registration, ReminderTime, Role,
    SendEmailConfirmation, TimeZoneName, store,
};
use crate::id::UserId;
use crate::input::{Field, Reader};
use crate::secret::Secret;
use crate::sessions::{self, ClientInfo, attempts};
use crate::{Error, Refusal, Result, Tracker, reminders, statistics};

/// The body of a registration.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationInput {
    /// What the person wants to be called.
    #[schema(value_type = String, min_length = 1, max_length = 100, required = true)]
    #[serde(default)]
    name: Field<PersonName>,
    /// Where mails go, and what the person logs in with.
    #[schema(value_type = String, format = Email, max_length = 254, required = true)]
    #[serde(default)]
    email: Field<Email>,
    /// A password that is long and not a common one.
    #[schema(value_type = String, format = Password, max_length = 256, required = true)]
    #[serde(default)]
    password: Field<Password>,
    /// `UTC` when left out.
    #[schema(value_type = String, example = "Europe/Berlin")]
    #[serde(default)]
    time_zone: Field<TimeZoneName>,
    /// From an invitation; needed where only invited people may register.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    invite: Field<Secret>,
    /// From the address that the server has printed at its first start; makes an administrator.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    setup_token: Field<Secret>,
}

/// A registration, checked.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What the person wants to be called.
    pub name: PersonName,
    /// Where mails go, and what the person logs in with.
    pub email: Email,
    /// Their password.
    pub password: Password,
    /// Where their days begin and end.
    pub time_zone: TimeZoneName,
    /// What proves the invitation.
    pub invite: Option<Secret>,
    /// What proves that this is the first administrator.
    pub setup_token: Option<Secret>,
}

impl RegistrationInput {
    /// Checks the fields.
    ///
    /// # Errors
    /// Every wrong field at once.
    pub fn parse(self, tracker: &Tracker) -> Result<NewAccount> {
        let mut reader = Reader::new();
        let name = reader.required("name", self.name);
        let email = reader.required("email", self.email);
        let password = reader.required("password", self.password);
        let time_zone = reader.optional("time_zone", self.time_zone);
        let invite = reader.nullable("invite", self.invite).flatten();
        let setup_token = reader.nullable("setup_token", self.setup_token).flatten();
        let rules = &tracker.settings.password_rules;
        let checked = match (&name, &email, &password) {
            (Some(name), Some(email), Some(password)) => rules.check(password, name, email),
            (_, _, Some(password)) => rules.check_length(password),
            (_, _, None) => Ok(()),
        };
        if let Err(wrong) = checked {
            reader.refuse("password", wrong.code, wrong.message);
        }
        reader.finish()?;
        let (Some(name), Some(email), Some(password)) = (name, email, password) else {
            return Err(Error::Internal("a checked registration".into()));
        };
        let time_zone = time_zone.unwrap_or_else(TimeZoneName::utc);
        Ok(NewAccount {
            name,
            email,
            password,
            time_zone,
            invite,
            setup_token,
        })
    }
}

/// Makes an account, logs it in and has a confirmation mailed. Answers the account and the secret
/// of its session.
///
/// # Errors
/// [`Error::Forbidden`] when this person may not register; [`Error::LinkExpired`] when the
/// invitation or the first administrator's link does not hold; [`Error::Invalid`], field `email`,
/// when the address has an account or the invitation is for another; [`Error::RateLimited`];
/// [`Error::Unavailable`].
pub async fn register(
    tracker: &Tracker,
    new: NewAccount,
    client: ClientInfo,
) -> Result<(Account, Secret)> {
    let entrance = Entrance::choose(tracker.settings.registration, &new)?;
    attempts::registration(tracker, &client).await?;
    let password_hash = tracker
        .hasher
        .hash(tracker.random.as_ref(), &new.password)
        .await?;
    let mut tx = tracker.db.begin();
    let role = entrance.pass(tracker, &mut tx, &new.email).await?;
    let account = fresh(tracker, new.name, new.email, role, new.time_zone);
    add(tracker, &mut tx, &account, &password_hash).await?;
    let secret = sessions::open(tracker, &mut tx, account.id, &client).await?;
    tracker
        .queue
        .push(&mut tx, &SendEmailConfirmation { user: account.id })
        .await?;
    tx.commit().await?;
    tracker.queue.notify();
    Ok((account, secret))
}

/// On what grounds somebody may register.
enum Entrance {
    Open,
    Invited(Secret),
    FirstAdministrator(Secret),
}

impl Entrance {
    fn choose(registration: Registration, new: &NewAccount) -> Result<Self> {
        if let Some(secret) = &new.setup_token {
            return Ok(Entrance::FirstAdministrator(secret.clone()));
        }
        match registration {
            Registration::Open => Ok(Entrance::Open),
            Registration::Closed => Err(Error::Forbidden(Refusal::RegistrationClosed)),
            Registration::Invite => new
                .invite
                .clone()
                .map(Entrance::Invited)
                .ok_or(Error::Forbidden(Refusal::InvitationNeeded)),
        }
    }

    /// Uses the grounds up and answers what the person becomes.
    async fn pass(self, tracker: &Tracker, tx: &mut Tx, email: &Email) -> Result<Role> {
        match self {
            Entrance::Open => Ok(Role::User),
            Entrance::Invited(secret) => {
                let link = link::take(tracker, tx, Purpose::Invite, &secret).await?;
                let meant = link
                    .email
                    .is_none_or(|meant| meant.folded() == email.folded());
                match meant {
                    true => Ok(Role::User),
                    false => Err(Error::field(
                        "email",
                        "not_invited",
                        "the invitation is for another address",
                    )),
                }
            }
            Entrance::FirstAdministrator(secret) => {
                link::take(tracker, tx, Purpose::Setup, &secret).await?;
                match store::has_administrator(tx).await? {
                    true => Err(Error::LinkExpired),
                    false => Ok(Role::Admin),
                }
            }
        }
    }
}

/// An account with the settings everybody begins with.
pub(super) fn fresh(
    tracker: &Tracker,
    name: PersonName,
    email: Email,
    role: Role,
    time_zone: TimeZoneName,
) -> Account {
    let now = tracker.clock.now();
    Account {
        id: UserId(new_id(tracker.random.as_ref(), now)),
        name,
        email,
        email_confirmed: false,
        pending_email: None,
        role,
        time_zone,
        locale: Locale::english(),
        reminders: true,
        reminder_time: ReminderTime::nine(),
        overdue_mail: true,
        digest: Digest::monday_at_nine(),
        escalation: Escalation::High,
        quiet_hours: None,
        mails_a_day: None,
        mail_stopped: None,
        created_at: now,
    }
}

/// Writes a new account down with all that each account has.
pub(super) async fn add(
    tracker: &Tracker,
    tx: &mut Tx,
    account: &Account,
    password_hash: &str,
) -> Result<()> {
    store::insert(tx, account, password_hash).await?;
    versions::start(tx, account.id.0).await?;
    statistics::start(tx, account.id).await?;
    reminders::account_changed(tracker, tx, account).await
}
