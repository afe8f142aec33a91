//! What Duly does. One folder per feature: its types, its SQL, its rules, its jobs and mails.
//!
//! A feature function takes the [`Tracker`] and the owner on whose behalf it acts, owns the
//! transaction, and enqueues jobs inside it. Store functions hold the SQL.

pub mod activity;
pub mod alarms;
pub mod assets;
pub mod error;
pub mod feedback;
pub mod id;
pub mod idempotency;
pub mod input;
pub mod instance;
pub mod job_filters;
pub mod jobs;
pub mod live;
pub mod mail;
mod names;
pub mod notifications;
pub mod page;
pub mod partitions;
pub mod reminders;
pub mod secret;
pub mod sessions;
pub mod statistics;
mod tables;
pub mod tasks;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tokens;
mod tracker;
pub mod transfer;
pub mod users;

pub use error::{Error, Refusal};
pub use id::{ActivityId, NotificationId, SessionId, TaskId, TokenId, UserId};
pub use page::{Page, decode_cursor, encode_cursor};
pub use tables::{RELEASE_TABLES, SESSION_TABLES, TABLES};
pub use tracker::{LoginAttempts, MIGRATIONS, Settings, Tracker};

/// The answer of a feature function.
pub type Result<T> = std::result::Result<T, Error>;
