//! People: who they are, how they join, and what they may change about themselves.

mod account;
pub mod admin;
mod confirmation;
mod email;
mod link;
mod mail_wishes;
mod mails;
pub mod password;
mod password_rules;
mod preferences;
mod profile;
mod recovery;
mod register;
mod setup;
pub(crate) mod store;

pub use account::{Account, PersonName, Registration, Role};
pub use confirmation::{LinkInput, confirm_email, resend_confirmation};
pub use email::Email;
pub use link::purge_links;
pub use mail_wishes::{Digest, Escalation, MailStopped, MailsADay, QuietHours, Weekday};
pub use mails::{SendEmailChanged, SendEmailConfirmation, SendPasswordChanged, SendPasswordReset};
pub use password_rules::PasswordRules;
pub use preferences::{Locale, ReminderTime, TimeZoneName};
pub use profile::{ChangedProfile, ProfileChange, ProfileChangeInput, change_profile, profile};
pub use recovery::{
    ForgottenPasswordInput, PasswordReset, PasswordResetInput, request_password_reset,
    reset_password,
};
pub use register::{NewAccount, RegistrationInput, register};
pub use setup::{setup_link, setup_needed};
pub(crate) use store::lock;
