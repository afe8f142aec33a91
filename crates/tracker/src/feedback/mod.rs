//! What mail servers tell of a mail after they have taken it: that it came back, or that it was reported as spam.
//!
//! A report is believed because it knows the `Message-ID` of the mail. That has 128 bits which only the
//! installation's key can make (reminders), or stands for a job's id with 74 random bits (mails about accounts), and
//! is seen by the recipient and the servers on the way alone. A report about any other changes nothing.

mod fields;
mod parts;
mod report;

#[cfg(test)]
mod tests;

use duly_db::versions::{self, Kind as VersionKind};
use duly_db::{Tx, retry};

use crate::id::UserId;
use crate::mail::{Outcome, SentMail, sent};
use crate::notifications::State;
use crate::notifications::ledger::{self, Entry};
use crate::reminders;
use crate::{Error, Result, Tracker, users};

pub use report::{Report, Verdict};

/// What was done about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was noted.
    Noted,
    /// It was noted, and nothing more is sent to the person until they say so.
    Stopped,
    /// The mail is late, or has arrived.
    Nothing,
    /// The same, or worse, was noted before.
    Known,
    /// It is about no mail of ours, or one of long ago.
    Unknown,
}

/// Does what a report asks for. The same report twice is counted once.
///
/// # Errors
/// [`Error::Unavailable`] when the mail is still being handed over: its report has to come again. Else when the
/// database fails.
pub async fn take(tracker: &Tracker, report: &Report) -> Result<Taken> {
    let Some(message_id) = &report.message_id else {
        return Ok(Taken::Unknown);
    };
    let Some(verdict) = &report.verdict else {
        return Ok(Taken::Nothing);
    };
    let again = || take_once(tracker, message_id, verdict);
    retry::on_conflict(&*tracker.random, again).await
}

async fn take_once(tracker: &Tracker, message_id: &str, verdict: &Verdict) -> Result<Taken> {
    let Some(found) = sent::find(&mut tracker.db.read_fresh(), message_id).await? else {
        return Ok(Taken::Unknown);
    };
    let user = found.user;
    let now = tracker.clock.now();
    let mut tx = tracker.db.begin_on_shared_rows();
    // The receipt comes before the account, as when a mail is sent. The account makes reports about several mails wait
    // for each other: each has to see those that were counted before.
    let entry = lock_receipt(&mut tx, &found).await?;
    let account = match users::lock(&mut tx, user).await {
        Ok(account) => account,
        Err(Error::NotFound(_)) => return Ok(Taken::Unknown),
        Err(error) => return Err(error),
    };
    let Some(mail) = sent::find(&mut tx, message_id).await? else {
        return Ok(Taken::Unknown);
    };
    if !is_news(mail.outcome, verdict.outcome) {
        return Ok(Taken::Known);
    }
    sent::record(&mut tx, message_id, verdict.outcome).await?;
    if let Some(entry) = &entry {
        let state = state_after(verdict.outcome);
        ledger::change_state(&mut tx, entry, state, Some(&verdict.words), now).await?;
    }
    // Nobody answers for an address that they do not have any more.
    let is_theirs = account.email.as_str() == mail.email;
    let is_enough = match verdict.outcome {
        Outcome::Complained => true,
        Outcome::Bounced => entry.is_some() && reminders::comes_back(&mut tx, user).await?,
        Outcome::GivenUp => false,
    };
    let stops =
        is_theirs && is_enough && reminders::stop_mail(&mut tx, user, &verdict.words, now).await?;
    versions::raise(&mut tx, user.0, VersionKind::Data);
    tx.commit().await?;
    tell(user, message_id, verdict, stops);
    Ok(if stops { Taken::Stopped } else { Taken::Noted })
}

/// Whether a report says more than the one before. Who has complained may well have got the mail twice.
fn is_news(known: Option<Outcome>, told: Outcome) -> bool {
    match known {
        None => true,
        Some(Outcome::Complained) => false,
        Some(Outcome::Bounced) => told == Outcome::Complained,
        Some(Outcome::GivenUp) => told != Outcome::GivenUp,
    }
}

/// The receipt of a mail, if it has one.
async fn lock_receipt(tx: &mut Tx, mail: &SentMail) -> Result<Option<Entry>> {
    let Some(notification) = mail.notification else {
        return Ok(None);
    };
    let engine = tx.engine();
    match ledger::lock(tx, engine, mail.user, notification).await? {
        // Else the answer of the mail server would be written over what is noted here.
        Some(entry) if !entry.state.is_final() => Err(Error::Unavailable(
            "the mail is still being handed over; the report has to come again".into(),
        )),
        entry => Ok(entry),
    }
}

fn state_after(outcome: Outcome) -> State {
    match outcome {
        Outcome::Bounced => State::Bounced,
        Outcome::GivenUp => State::Failed,
        Outcome::Complained => State::Complained,
    }
}

fn tell(user: UserId, message_id: &str, verdict: &Verdict, stops: bool) {
    let Verdict { outcome, words } = verdict;
    let outcome = outcome.name();
    tracing::info!(%user, message_id, outcome, words, stops, "a mail was reported");
}
