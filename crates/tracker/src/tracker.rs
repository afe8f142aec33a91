//! What every feature function needs, made once at start.

use std::sync::Arc;
use std::time::Duration;

use duly_cache::Cache;
use duly_cache::limits::Limiter;
use duly_db::migrate::MigrationSet;
use duly_db::{Db, SharedClock, SharedRandom};
use duly_queue::Queue;

use crate::idempotency::InFlight;
use crate::live::Hub;
use crate::mail::Mailer;
use crate::secret::SigningKey;
use crate::sessions::{Caller, Seen};
use crate::users::password::PasswordHasher;
use crate::users::{PasswordRules, Registration};

/// The schema of everything in this crate.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    owner: "tracker",
    migrations: &[
        duly_db::migration!("0001_users"),
        duly_db::migration!("0002_tasks"),
        duly_db::migration!("0003_notifications"),
        duly_db::migration!("0004_imports"),
        duly_db::migration!("0005_activity"),
        duly_db::migration!("0006_trashed_tasks"),
        duly_db::migration!("0007_assets"),
        duly_db::migration!("0008_mail_wishes"),
        duly_db::migration!("0009_token_expiry"),
        duly_db::migration!("0010_alarms"),
        duly_db::migration!("0011_sent_mails"),
        duly_db::migration!("0012_task_counts"),
        duly_db::migration!("0013_job_filters"),
    ],
};

/// What the operator has decided; see `config.default.toml` for the meaning of each.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where people reach the page, without a trailing slash; links in mails start with it.
    pub public_url: String,
    /// Who may register.
    pub registration: Registration,
    /// What a password must be like.
    pub password_rules: PasswordRules,
    /// A session unused for this long ends.
    pub session_idle: Duration,
    /// A session ends after this long in any case.
    pub session_lifetime: Duration,
    /// Log-in attempts allowed per 15 minutes: for one address and account, one account, one address.
    pub login_attempts: LoginAttempts,
    /// A trashed task can be restored for this many days.
    pub trash_days: u16,
    /// Entries of the activity log are kept for this long.
    pub activity_keep: Duration,
    /// What people were told, or were to be told, is kept for this long.
    pub notifications_keep: Duration,
}

/// How many failed log-ins are allowed per 15 minutes.
#[derive(Debug, Clone, Copy)]
pub struct LoginAttempts {
    /// From one address to one account.
    pub per_pair: u32,
    /// To one account from anywhere.
    pub per_account: u32,
    /// From one address (an IPv6 /64) to any account.
    pub per_address: u32,
}

/// Everything a feature function needs. Clones share it.
#[derive(Debug, Clone)]
pub struct Tracker {
    /// The database.
    pub db: Db,
    /// What need not be asked of the database.
    pub cache: Cache<Caller>,
    /// Who wants to hear of changes.
    pub live: Hub,
    /// The time.
    pub clock: SharedClock,
    /// Randomness.
    pub random: SharedRandom,
    /// Where jobs go.
    pub queue: Queue,
    /// Where mails go.
    pub mailer: Mailer,
    /// Hashes passwords, a few at a time.
    pub hasher: PasswordHasher,
    /// Counts log-in attempts and the like.
    pub limiter: Limiter,
    /// Signs links in mails.
    pub signing_key: SigningKey,
    /// The operator's decisions.
    pub settings: Arc<Settings>,
    /// Requests with an idempotency key that are being worked on.
    pub in_flight: InFlight,
    /// Uses of sessions and tokens that have not been written yet.
    pub seen: Seen,
}
