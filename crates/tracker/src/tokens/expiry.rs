//! Telling people that a token ends soon, while there is time to make another.

use duly_db::{Conn, FromRow, Row, Tx, query};
use duly_queue::{Attempt, Backoff, Job, JobError, QueueName};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::store;
use crate::id::{TokenId, UserId};
use crate::mail::{Mail, Template, message_id, render, sent, tries};
use crate::{Error, Result, Tracker, users};

const EXPIRY: Template = Template {
    subject: "Your API token “{{ token }}” ends soon",
    text: include_str!("mail/expiry.txt.j2"),
    html: include_str!("mail/expiry.html.j2"),
};

/// How long before its end somebody is told.
const NOTICE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whoever makes a token for less than this knows when it ends.
const LONG_LIVED: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How many tokens one transaction looks at.
const BATCH: u32 = 200;

/// A token that ends soon.
struct Ending {
    user: UserId,
    id: TokenId,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl FromRow for Ending {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(Ending {
            user: row.get("user_id")?,
            id: row.get("id")?,
            created_at: row.get("created_at")?,
            expires_at: row.get("expires_at")?,
        })
    }
}

/// Pushes a [`SendTokenExpiry`] for each token that ends within a week, once.
///
/// # Errors
/// Whatever the database says; who was to be told before is told.
pub async fn tell_of_ends(tracker: &Tracker) -> Result<()> {
    loop {
        let now = tracker.clock.now();
        let ending = ending(&mut tracker.db.read_fresh(), now).await?;
        if ending.is_empty() {
            return Ok(());
        }
        let mut tx = tracker.db.begin_on_shared_rows();
        for token in &ending {
            let is_long_lived = token.expires_at.duration_since(token.created_at) >= LONG_LIVED;
            if note(&mut tx, token, now).await? && is_long_lived {
                let (user, token) = (token.user, token.id);
                let job = SendTokenExpiry { user, token };
                tracker.queue.push(&mut tx, &job).await?;
            }
        }
        tx.commit().await?;
        tracker.queue.notify();
    }
}

async fn ending(conn: &mut Conn, now: Timestamp) -> Result<Vec<Ending>> {
    let select = query(
        "SELECT user_id, id, created_at, expires_at FROM tokens \
         WHERE expires_at > ?1 AND expires_at <= ?2 AND expiry_told_at IS NULL \
         ORDER BY expires_at LIMIT ?3",
    );
    let latest = now.checked_add(NOTICE).unwrap_or(Timestamp::MAX);
    Ok(conn.all(select.bind(now).bind(latest).bind(BATCH)).await?)
}

/// Notes that the owner is told; answers whether nobody was faster.
async fn note(tx: &mut Tx, token: &Ending, now: Timestamp) -> Result<bool> {
    let update = query(
        "UPDATE tokens SET expiry_told_at = ?3 \
         WHERE user_id = ?1 AND id = ?2 AND expiry_told_at IS NULL",
    );
    let update = update.bind(token.user).bind(token.id).bind(now);
    Ok(tx.execute(update).await? == 1)
}

/// Tells a person that a token of theirs ends soon.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendTokenExpiry {
    /// Whose it is.
    pub user: UserId,
    /// The token.
    pub token: TokenId,
}

impl Job for SendTokenExpiry {
    const NAME: &'static str = "send_token_expiry";
    const QUEUE: QueueName = QueueName::DEFAULT;
    const TRIES: u32 = tries::TRIES;
    type Context = Tracker;

    fn backoff() -> Backoff {
        tries::BACKOFF
    }

    fn unique(&self) -> Option<String> {
        Some(self.token.to_string())
    }

    fn tags(&self) -> Vec<String> {
        vec![self.user.tag()]
    }

    async fn run(&self, tracker: &Tracker, attempt: Attempt) -> std::result::Result<(), JobError> {
        let mail = compose(tracker, self, attempt).await;
        let Some(mail) = mail.map_err(JobError::retry)? else {
            return Ok(());
        };
        sent::send_account_mail(tracker, &mail, self.user).await
    }
}

#[derive(Serialize)]
struct Letter<'a> {
    name: &'a str,
    token: &'a str,
    ends: String,
    public_url: &'a str,
}

/// The mail; [`None`] when the token or the account is gone, or mails there come back.
async fn compose(
    tracker: &Tracker,
    job: &SendTokenExpiry,
    attempt: Attempt,
) -> Result<Option<Mail>> {
    let mut conn = tracker.db.read_fresh();
    let account = match users::profile(&mut conn, job.user).await {
        Ok(account) if account.mail_stopped.is_none() => account,
        Ok(_) | Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let tokens = store::all(&mut conn, job.user).await?;
    let Some(token) = tokens.into_iter().find(|token| token.id == job.token) else {
        return Ok(None);
    };
    let Some(expires_at) = token.expires_at else {
        return Ok(None);
    };
    let ends = account.time_zone.zone().to_datetime(expires_at);
    let public_url = &tracker.settings.public_url;
    let letter = Letter {
        name: account.name.as_str(),
        token: &token.name,
        ends: ends.strftime("%A %-d %B %Y, %H:%M").to_string(),
        public_url,
    };
    let rendered = render(&EXPIRY, &letter)?;
    Ok(Some(Mail {
        to_name: account.name.as_str().to_owned(),
        to_email: account.email.as_str().to_owned(),
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        message_id: message_id(&format!("token-expiry-{}", attempt.job), public_url),
        unsubscribe_url: None,
    }))
}
