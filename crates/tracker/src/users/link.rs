//! Links that work once: password reset, e-mail confirmation, invitation, first administrator.

use std::time::Duration;

use duly_db::{FromRow, Row, Tx, query};
use jiff::Timestamp;

use super::Email;
use crate::id::UserId;
use crate::input::{FromText, Wrong, bounded_text};
use crate::secret::Secret;
use crate::{Error, Result, Tracker};

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Reset,
    Confirm,
    Invite,
    Setup,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::Reset => "reset",
            Purpose::Confirm => "confirm",
            Purpose::Invite => "invite",
            Purpose::Setup => "setup",
        }
    }

    fn lifetime(self) -> Duration {
        const HOUR: u64 = 60 * 60;
        Duration::from_secs(match self {
            Purpose::Reset => HOUR,
            Purpose::Confirm | Purpose::Setup => 24 * HOUR,
            Purpose::Invite => 7 * 24 * HOUR,
        })
    }

    fn page(self) -> &'static str {
        match self {
            Purpose::Reset => "reset?token=",
            Purpose::Confirm => "confirm?token=",
            Purpose::Invite => "register?invite=",
            Purpose::Setup => "setup?token=",
        }
    }
}

/// What is known of a link.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// Whose account it is about; an invitation and the first administrator's have none.
    pub(crate) user: Option<UserId>,
    /// The address it was made for; it is worth nothing for another.
    pub(crate) email: Option<Email>,
}

impl FromRow for Link {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(Link {
            user: row.get("user_id")?,
            email: row.get("email")?,
        })
    }
}

/// Makes a link and answers its address. Earlier ones of the same purpose for the same user are
/// dead from then on.
pub(crate) async fn make(
    tracker: &Tracker,
    tx: &mut Tx,
    purpose: Purpose,
    user: Option<UserId>,
    email: Option<&Email>,
) -> Result<String> {
    let now = tracker.clock.now();
    if let Some(user) = user {
        kill(tx, purpose, user).await?;
    }
    let secret = Secret::new(tracker.random.as_ref());
    let expires = now
        .checked_add(purpose.lifetime())
        .unwrap_or(Timestamp::MAX);
    let insert = query(
        "INSERT INTO links (secret_hash, purpose, user_id, email, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    );
    let user_id = user.map(|user| user.0);
    tx.execute(
        insert
            .bind(secret.hash())
            .bind(purpose.name())
            .bind(user_id)
            .bind(email.map(Email::as_str))
            .bind(now)
            .bind(expires),
    )
    .await?;
    Ok(format!(
        "{}/{}{}",
        tracker.settings.public_url,
        purpose.page(),
        secret.reveal()
    ))
}

/// Looks at a link without using it.
pub(crate) async fn look(tracker: &Tracker, purpose: Purpose, secret: &Secret) -> Result<Link> {
    let found = tracker
        .db
        .read_fresh()
        .optional(find(tracker, purpose, secret))
        .await?;
    found.ok_or(Error::LinkExpired)
}

/// Uses a link up: of several callers at the same time one gets it.
pub(crate) async fn take(
    tracker: &Tracker,
    tx: &mut Tx,
    purpose: Purpose,
    secret: &Secret,
) -> Result<Link> {
    let link = tx
        .optional(find(tracker, purpose, secret))
        .await?
        .ok_or(Error::LinkExpired)?;
    let delete = query("DELETE FROM links WHERE secret_hash = ?1").bind(secret.hash());
    match tx.execute(delete).await? {
        1 => Ok(link),
        _ => Err(Error::LinkExpired),
    }
}

fn find(tracker: &Tracker, purpose: Purpose, secret: &Secret) -> duly_db::Query {
    query(
        "SELECT user_id, email FROM links \
         WHERE secret_hash = ?1 AND purpose = ?2 AND expires_at > ?3",
    )
    .bind(secret.hash())
    .bind(purpose.name())
    .bind(tracker.clock.now())
}

/// Ends all links of one purpose for one user.
pub(crate) async fn kill(tx: &mut Tx, purpose: Purpose, user: UserId) -> Result<()> {
    let delete = query("DELETE FROM links WHERE user_id = ?1 AND purpose = ?2");
    tx.execute(delete.bind(user).bind(purpose.name())).await?;
    Ok(())
}

/// Ends all links for the first administrator.
pub(crate) async fn kill_setup(tx: &mut Tx) -> Result<()> {
    let delete = query("DELETE FROM links WHERE user_id IS NULL AND purpose = ?1");
    tx.execute(delete.bind(Purpose::Setup.name())).await?;
    Ok(())
}

/// Forgets links that have expired; a maintenance task calls it.
///
/// # Errors
/// When the database fails.
pub async fn purge_links(tracker: &Tracker) -> Result<()> {
    let mut tx = tracker.db.begin_on_shared_rows();
    let delete = query("DELETE FROM links WHERE expires_at <= ?1").bind(tracker.clock.now());
    tx.execute(delete).await?;
    Ok(tx.commit().await?)
}

/// What somebody sends back from a link. Any text will do: a wrong one is simply not found.
impl FromText for Secret {
    fn from_text(text: &str) -> std::result::Result<Self, Wrong> {
        bounded_text(text, 1, 200, &[])?;
        Ok(Secret::received(text))
    }
}
