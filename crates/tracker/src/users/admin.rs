//! What the operator does with accounts, on the command line.

use duly_db::versions::{self, Kind};

use super::link::{self, Purpose};
use super::password::Password;
use super::{Account, Email, PersonName, Role, TimeZoneName, register, store};
use crate::id::UserId;
use crate::page::{Page, decode_cursor, encode_cursor};
use crate::secret::Secret;
use crate::{Error, Result, Tracker};

/// An account made by the operator.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// What the person wants to be called.
    pub name: PersonName,
    /// Where mails go; counts as confirmed.
    pub email: Email,
    /// Without one the person chooses it with a link, see [`reset_link`].
    pub password: Option<Password>,
    /// What the person may do.
    pub role: Role,
    /// Where the person's days begin and end.
    pub time_zone: TimeZoneName,
}

/// Makes an account, whoever may register.
///
/// # Errors
/// [`Error::Invalid`], field `password` or `email`; [`Error::Unavailable`].
pub async fn create(tracker: &Tracker, new: NewUser) -> Result<Account> {
    let random = tracker.random.as_ref();
    let password_hash = match &new.password {
        Some(password) => {
            let rules = &tracker.settings.password_rules;
            rules
                .check(password, &new.name, &new.email)
                .map_err(|wrong| Error::field("password", wrong.code, wrong.message))?;
            tracker.hasher.hash(random, password).await?
        }
        None => {
            tracker
                .hasher
                .hash(random, &Password::unknown(&Secret::new(random)))
                .await?
        }
    };
    let mut account = register::fresh(tracker, new.name, new.email, new.role, new.time_zone);
    account.email_confirmed = true;
    let mut tx = tracker.db.begin();
    register::add(tracker, &mut tx, &account, &password_hash).await?;
    tx.commit().await?;
    Ok(account)
}

/// A page of all accounts, in the order they were made.
///
/// # Errors
/// [`Error::Invalid`], field `cursor`; else when the database fails.
pub async fn list(tracker: &Tracker, cursor: Option<&str>, limit: u16) -> Result<Page<Account>> {
    let after = cursor.map(decode_cursor::<UserId>).transpose()?;
    let limit = limit.max(1);
    let mut data = store::page(&mut tracker.db.read_fresh(), after, u32::from(limit) + 1).await?;
    let more = data.len() > usize::from(limit);
    data.truncate(usize::from(limit));
    let last = data.last().filter(|_| more);
    let next_cursor = last.map(|account| encode_cursor(&account.id)).transpose()?;
    Ok(Page { data, next_cursor })
}

/// Gives the account of an address another role.
///
/// # Errors
/// [`Error::NotFound`] when no account has the address.
pub async fn promote(tracker: &Tracker, email: &Email, role: Role) -> Result<Account> {
    let mut tx = tracker.db.begin();
    let mut account = store::lock_by_email(&mut tx, email)
        .await?
        .ok_or(Error::NotFound("account"))?;
    if account.role == role {
        return Ok(account);
    }
    account.role = role;
    store::update(&mut tx, &account, tracker.clock.now()).await?;
    versions::raise(&mut tx, account.id.0, Kind::Auth);
    tx.commit().await?;
    Ok(account)
}

/// A link with which the person of an address chooses a new password, once, within an hour.
///
/// # Errors
/// [`Error::NotFound`] when no account has the address.
pub async fn reset_link(tracker: &Tracker, email: &Email) -> Result<String> {
    let mut tx = tracker.db.begin();
    let account = store::lock_by_email(&mut tx, email)
        .await?
        .ok_or(Error::NotFound("account"))?;
    let (user, address) = (Some(account.id), Some(&account.email));
    let url = link::make(tracker, &mut tx, Purpose::Reset, user, address).await?;
    tx.commit().await?;
    Ok(url)
}

/// A link with which one person may register, once, within a week: the one of the given address,
/// or whoever has it.
///
/// # Errors
/// [`Error::Invalid`], field `email`, when the address has an account already.
pub async fn invite(tracker: &Tracker, email: Option<&Email>) -> Result<String> {
    let mut tx = tracker.db.begin();
    if let Some(email) = email
        && store::find_by_email(&mut tx, email).await?.is_some()
    {
        return Err(store::email_taken());
    }
    let url = link::make(tracker, &mut tx, Purpose::Invite, None, email).await?;
    tx.commit().await?;
    Ok(url)
}

/// The account of an address.
///
/// # Errors
/// [`Error::NotFound`] when no account has the address.
pub async fn find(tracker: &Tracker, email: &Email) -> Result<Account> {
    let found = store::find_by_email(&mut tracker.db.read_fresh(), email).await?;
    found.ok_or(Error::NotFound("account"))
}
