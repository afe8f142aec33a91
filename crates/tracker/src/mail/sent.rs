//! Which mail went to whom, so that a report about it finds them.

use duly_db::{Conn, Error, FromRow, Row, Tx, Value, dialect, query};
use duly_queue::JobError;
use jiff::{SignedDuration, Timestamp};

use super::{Mail, SendError};
use crate::Tracker;
use crate::id::{NotificationId, UserId};
use crate::names::names;

/// A server gives up after five days (RFC 5321, section 4.5.4.1), and people report mails as spam within weeks.
const KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

/// How many rows one transaction forgets, so that others can write in between.
const BATCH: u32 = 500;

/// What a report said of a mail that a server had taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It came back for good.
    Bounced,
    /// It was tried for too long and given up; the next one may arrive.
    GivenUp,
    /// It was reported as spam.
    Complained,
}

names!(Outcome, "bounced" => Bounced, "given_up" => GivenUp, "complained" => Complained);

/// A mail that was handed over, or was about to be.
#[derive(Debug, Clone)]
pub(crate) struct SentMail {
    pub(crate) user: UserId,
    /// The promise it kept; none for a mail about an account.
    pub(crate) notification: Option<NotificationId>,
    pub(crate) email: String,
    pub(crate) outcome: Option<Outcome>,
}

impl FromRow for SentMail {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(SentMail {
            user: row.get("user_id")?,
            notification: row.get("notification_id")?,
            email: row.get("email")?,
            outcome: row.get("outcome")?,
        })
    }
}

/// Notes that a mail is about to be handed over: the report about it may be here before the mail server has answered.
pub(crate) fn note(
    tx: &mut Tx,
    mail: &Mail,
    user: UserId,
    notification: Option<NotificationId>,
    now: Timestamp,
) {
    let statement = dialect::insert_or_change(
        tx.engine(),
        "INSERT INTO sent_mails (message_id, user_id, notification_id, email, sent_at, outcome) \
         VALUES (?1, ?2, ?3, ?4, ?5, NULL)",
        "message_id",
        &["email", "sent_at"],
    );
    tx.defer(
        query(statement)
            .bind(&mail.message_id)
            .bind(user)
            .bind(notification.map_or(Value::Null, Value::from))
            .bind(&mail.to_email)
            .bind(now),
    );
}

/// Hands over a mail about an account, which keeps no promise, noted before as [`note`] does: whoever answers at once
/// is understood.
pub(crate) async fn send_account_mail(
    tracker: &Tracker,
    mail: &Mail,
    user: UserId,
) -> Result<(), JobError> {
    let mut tx = tracker.db.begin_on_shared_rows();
    note(&mut tx, mail, user, None, tracker.clock.now());
    tx.commit().await.map_err(JobError::retry)?;
    let sent = tracker.mailer.send(mail).await;
    sent.map_err(|error| match error {
        SendError::Temporary(_) => JobError::retry(error),
        SendError::Permanent(_) => JobError::fail(error),
    })
}

/// The mail of this `Message-ID`.
pub(crate) async fn find(conn: &mut Conn, message_id: &str) -> Result<Option<SentMail>, Error> {
    let select = query(
        "SELECT user_id, notification_id, email, outcome FROM sent_mails WHERE message_id = ?1",
    );
    conn.optional(select.bind(message_id)).await
}

/// Keeps what a report said.
pub(crate) async fn record(tx: &mut Tx, message_id: &str, outcome: Outcome) -> Result<(), Error> {
    let update = query("UPDATE sent_mails SET outcome = ?2 WHERE message_id = ?1");
    tx.execute(update.bind(message_id).bind(outcome))
        .await
        .map(|_| ())
}

/// Forgets mails about which no report is to be expected any more.
///
/// # Errors
/// When the database fails; what was forgotten before is forgotten.
pub async fn forget(tracker: &Tracker) -> crate::Result<()> {
    let before = tracker.clock.now().checked_sub(KEPT);
    let before = before.map_err(|error| crate::Error::Internal(error.to_string()))?;
    loop {
        let mut tx = tracker.db.begin_on_shared_rows();
        let select = format!(
            "SELECT message_id FROM sent_mails WHERE sent_at < ?1 ORDER BY sent_at LIMIT ?2{}",
            dialect::for_update_of_free_rows(tx.engine())
        );
        let rows = tx.rows(query(select).bind(before).bind(BATCH)).await?;
        for row in &rows {
            let id: String = row.get("message_id")?;
            tx.defer(query("DELETE FROM sent_mails WHERE message_id = ?1").bind(id));
        }
        tx.commit().await?;
        if u32::try_from(rows.len()).is_ok_and(|rows| rows < BATCH) {
            return Ok(());
        }
    }
}
