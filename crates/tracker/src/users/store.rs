//! The SQL of accounts.

use duly_db::{Conn, FromRow, Row, Tx, Value, dialect, query};
use jiff::Timestamp;

use super::{Account, Email, Role};
use crate::id::UserId;
use crate::{Error, Result};

/// Selects whole accounts; the argument says which.
macro_rules! select_accounts {
    ($which:literal) => {
        concat!(
            "SELECT id, name, email, email_confirmed, pending_email, role, time_zone, locale, ",
            "reminders, reminder_minute, overdue_mail, digest, digest_day, digest_hour, escalation, ",
            "quiet_from, quiet_to, mails_a_day, mail_stopped_at, mail_stopped_reason, created_at, ",
            "password_hash FROM users ",
            $which
        )
    };
}

/// An account with what its password is compared with.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) account: Account,
    pub(crate) password_hash: String,
}

impl FromRow for Credentials {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(Credentials {
            account: Account::from_row(row)?,
            password_hash: row.get("password_hash")?,
        })
    }
}

pub(crate) async fn find(conn: &mut Conn, id: UserId) -> Result<Account> {
    let select = query(select_accounts!("WHERE id = ?1")).bind(id);
    conn.optional(select)
        .await?
        .ok_or(Error::NotFound("account"))
}

pub(crate) async fn find_by_email(conn: &mut Conn, email: &Email) -> Result<Option<Account>> {
    Ok(credentials_by_email(conn, email)
        .await?
        .map(|found| found.account))
}

/// Like [`find`], for a change: whoever else changes the account waits until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: UserId) -> Result<Account> {
    lock_credentials(tx, id).await.map(|found| found.account)
}

/// Like [`credentials`], for a change, as [`lock`].
pub(crate) async fn lock_credentials(tx: &mut Tx, id: UserId) -> Result<Credentials> {
    let select = format!(
        "{}{}",
        select_accounts!("WHERE id = ?1"),
        dialect::for_update(tx.engine())
    );
    tx.optional(query(select).bind(id))
        .await?
        .ok_or(Error::NotFound("account"))
}

/// Like [`find_by_email`], for a change, as [`lock`].
pub(crate) async fn lock_by_email(tx: &mut Tx, email: &Email) -> Result<Option<Account>> {
    let select = format!(
        "{}{}",
        select_accounts!("WHERE email_folded = ?1"),
        dialect::for_update(tx.engine())
    );
    Ok(tx.optional(query(select).bind(email.folded())).await?)
}

pub(crate) async fn credentials(conn: &mut Conn, id: UserId) -> Result<Credentials> {
    let select = query(select_accounts!("WHERE id = ?1")).bind(id);
    conn.optional(select)
        .await?
        .ok_or(Error::NotFound("account"))
}

pub(crate) async fn credentials_by_email(
    conn: &mut Conn,
    email: &Email,
) -> Result<Option<Credentials>> {
    let select = query(select_accounts!("WHERE email_folded = ?1")).bind(email.folded());
    Ok(conn.optional(select).await?)
}

/// Accounts in the order they were made.
pub(crate) async fn page(
    conn: &mut Conn,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<Account>> {
    let select = match after {
        Some(after) => query(select_accounts!("WHERE id > ?2 ORDER BY id LIMIT ?1"))
            .bind(limit)
            .bind(after),
        None => query(select_accounts!("ORDER BY id LIMIT ?1")).bind(limit),
    };
    Ok(conn.all(select).await?)
}

pub(crate) async fn is_empty(conn: &mut Conn) -> Result<bool> {
    Ok(conn
        .optional_row(query("SELECT id FROM users LIMIT 1"))
        .await?
        .is_none())
}

pub(crate) async fn has_administrator(conn: &mut Conn) -> Result<bool> {
    let select = query("SELECT id FROM users WHERE role = ?1 LIMIT 1").bind(Role::Admin);
    Ok(conn.optional_row(select).await?.is_some())
}

/// Adds an account.
///
/// # Errors
/// [`Error::Invalid`], field `email`, when its address has one already.
pub(crate) async fn insert(tx: &mut Tx, account: &Account, password_hash: &str) -> Result<()> {
    let insert = query(
        "INSERT INTO users (id, name, email, email_folded, email_confirmed, pending_email, role, \
         time_zone, locale, reminders, reminder_minute, overdue_mail, digest, digest_day, \
         digest_hour, escalation, quiet_from, quiet_to, mails_a_day, mail_stopped_at, \
         mail_stopped_reason, created_at, updated_at, password_hash) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
         ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
    );
    let insert = bind_columns(insert, account)
        .bind(account.created_at)
        .bind(account.created_at)
        .bind(password_hash);
    tx.execute(insert).await.map(|_| ()).map_err(taken)
}

/// Writes everything of an account that can change, but for the password.
///
/// # Errors
/// [`Error::Invalid`], field `email`, when another account has its address.
pub(crate) async fn update(tx: &mut Tx, account: &Account, now: Timestamp) -> Result<()> {
    let update = query(
        "UPDATE users SET name = ?2, email = ?3, email_folded = ?4, email_confirmed = ?5, \
         pending_email = ?6, role = ?7, time_zone = ?8, locale = ?9, reminders = ?10, \
         reminder_minute = ?11, overdue_mail = ?12, digest = ?13, digest_day = ?14, \
         digest_hour = ?15, escalation = ?16, quiet_from = ?17, quiet_to = ?18, \
         mails_a_day = ?19, mail_stopped_at = ?20, mail_stopped_reason = ?21, \
         updated_at = ?22 WHERE id = ?1",
    );
    tx.execute(bind_columns(update, account).bind(now))
        .await
        .map(|_| ())
        .map_err(taken)
}

fn bind_columns(statement: duly_db::Query, account: &Account) -> duly_db::Query {
    let stopped = account.mail_stopped.as_ref();
    statement
        .bind(account.id)
        .bind(&account.name)
        .bind(&account.email)
        .bind(account.email.folded())
        .bind(account.email_confirmed)
        .bind(account.pending_email.as_ref().map(Email::as_str))
        .bind(account.role)
        .bind(&account.time_zone)
        .bind(&account.locale)
        .bind(account.reminders)
        .bind(account.reminder_time)
        .bind(account.overdue_mail)
        .bind(account.digest.is_on)
        .bind(account.digest.day)
        .bind(u32::from(account.digest.hour))
        .bind(account.escalation)
        .bind(or_null(account.quiet_hours.map(|quiet| quiet.from)))
        .bind(or_null(account.quiet_hours.map(|quiet| quiet.to)))
        .bind(or_null(account.mails_a_day))
        .bind(stopped.map(|stopped| stopped.since))
        .bind(stopped.map(|stopped| stopped.reason.as_str()))
}

fn or_null(value: Option<impl Into<Value>>) -> Value {
    value.map_or(Value::Null, Into::into)
}

fn taken(error: duly_db::Error) -> Error {
    match error.is_unique("users_email_folded_key") {
        true => email_taken(),
        false => error.into(),
    }
}

/// Says that another account has the address.
pub(crate) fn email_taken() -> Error {
    Error::field("email", "taken", "belongs to an account already")
}

pub(crate) async fn set_password(
    tx: &mut Tx,
    id: UserId,
    password_hash: &str,
    now: Timestamp,
) -> Result<()> {
    let update = query("UPDATE users SET password_hash = ?2, updated_at = ?3 WHERE id = ?1");
    tx.execute(update.bind(id).bind(password_hash).bind(now))
        .await?;
    Ok(())
}
