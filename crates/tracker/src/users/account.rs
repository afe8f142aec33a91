//! An account as its owner sees it.

use duly_db::{FromRow, FromValue, Row, Value};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use super::{
    Digest, Email, Escalation, Locale, MailStopped, MailsADay, QuietHours, ReminderTime,
    TimeZoneName,
};
use crate::id::UserId;
use crate::input::{FromText, Wrong, bounded_text};

/// What a person may do beyond their own tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Nothing.
    User,
    /// Look after the installation.
    Admin,
}

impl Role {
    /// The name used in the API and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Admin => "admin",
        }
    }
}

impl From<Role> for Value {
    fn from(role: Role) -> Self {
        Value::from(role.name())
    }
}

impl FromValue for Role {
    fn from_value(value: &Value) -> Result<Self, duly_db::Error> {
        match String::from_value(value)?.as_str() {
            "user" => Ok(Role::User),
            "admin" => Ok(Role::Admin),
            other => Err(duly_db::Error::Decode(format!("{other:?} is not a role"))),
        }
    }
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Anybody.
    Open,
    /// Whoever has an invitation.
    Invite,
    /// Nobody; accounts are made on the command line.
    Closed,
}

impl FromText for Registration {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        match text {
            "open" => Ok(Registration::Open),
            "invite" => Ok(Registration::Invite),
            "closed" => Ok(Registration::Closed),
            _ => Err(Wrong::new(
                "unknown_value",
                "must be one of open invite closed",
            )),
        }
    }
}

/// What a person wants to be called: any text in any script, on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct PersonName(String);

impl PersonName {
    /// The longest name, in characters.
    pub const LONGEST: usize = 100;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromText for PersonName {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let name: String = text.trim().nfc().collect();
        bounded_text(&name, 1, Self::LONGEST, &[])?;
        Ok(PersonName(name))
    }
}

impl FromValue for PersonName {
    fn from_value(value: &Value) -> Result<Self, duly_db::Error> {
        String::from_value(value).map(PersonName)
    }
}

impl From<&PersonName> for Value {
    fn from(name: &PersonName) -> Self {
        Value::from(name.as_str())
    }
}

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Account {
    /// Its id.
    pub id: UserId,
    /// What the person wants to be called.
    pub name: PersonName,
    /// Where mails go, and what the person logs in with.
    pub email: Email,
    /// Whether a link mailed to that address has been opened.
    pub email_confirmed: bool,
    /// A new address that waits for its confirmation.
    pub pending_email: Option<Email>,
    /// What the person may do.
    pub role: Role,
    /// Where the person's days begin and end.
    pub time_zone: TimeZoneName,
    /// The language of mails and of the page.
    pub locale: Locale,
    /// Whether to send reminders at all.
    pub reminders: bool,
    /// When the daily reminders are sent, in the person's time zone.
    pub reminder_time: ReminderTime,
    /// Whether to send the daily mail about overdue tasks.
    pub overdue_mail: bool,
    /// The mail about a week.
    pub digest: Digest,
    /// Of which tasks a second mail is sent when they are still open an hour after their time.
    pub escalation: Escalation,
    /// When no reminder is sent.
    pub quiet_hours: Option<QuietHours>,
    /// How many reminders are sent a day at most; null for as many as there are.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub mails_a_day: Option<MailsADay>,
    /// Why no reminder is sent, when mails to the address came back.
    pub mail_stopped: Option<MailStopped>,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl FromRow for Account {
    fn from_row(row: &Row) -> Result<Self, duly_db::Error> {
        Ok(Account {
            id: row.get("id")?,
            name: row.get("name")?,
            email: row.get("email")?,
            email_confirmed: row.get("email_confirmed")?,
            pending_email: row.get("pending_email")?,
            role: row.get("role")?,
            time_zone: row.get("time_zone")?,
            locale: row.get("locale")?,
            reminders: row.get("reminders")?,
            reminder_time: row.get("reminder_minute")?,
            overdue_mail: row.get("overdue_mail")?,
            digest: Digest::from_row(row)?,
            escalation: row.get("escalation")?,
            quiet_hours: QuietHours::from_row(row)?,
            mails_a_day: row.get("mails_a_day")?,
            mail_stopped: MailStopped::from_row(row)?,
            created_at: row.get("created_at")?,
        })
    }
}
