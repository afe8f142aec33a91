//! The mails about accounts. A link's secret is made when its mail is sent: no job holds one.

use duly_db::Tx;
use duly_queue::{Attempt, Backoff, Job, JobError, QueueName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::link::{self, Purpose};
use super::{Account, Email, store};
use crate::id::UserId;
use crate::mail::{Mail, Template, message_id, render, sent, tries};
use crate::{Error, Tracker};

const RESET_PASSWORD: Template = Template {
    subject: "Choose a new password",
    text: include_str!("mail/reset_password.txt.j2"),
    html: include_str!("mail/reset_password.html.j2"),
};

const CONFIRM_EMAIL: Template = Template {
    subject: "Confirm your e-mail address",
    text: include_str!("mail/confirm_email.txt.j2"),
    html: include_str!("mail/confirm_email.html.j2"),
};

const PASSWORD_CHANGED: Template = Template {
    subject: "Your password was changed",
    text: include_str!("mail/password_changed.txt.j2"),
    html: include_str!("mail/password_changed.html.j2"),
};

const EMAIL_CHANGED: Template = Template {
    subject: "Your e-mail address was changed",
    text: include_str!("mail/email_changed.txt.j2"),
    html: include_str!("mail/email_changed.html.j2"),
};

/// Mails a link for choosing a new password, if the address has an account. It is pushed for
/// every address somebody asks for, so that the answer to them is the same work.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendPasswordReset {
    /// As it was typed; the mail goes to the address of the account.
    pub email: Email,
}

impl Job for SendPasswordReset {
    const NAME: &'static str = "send_password_reset";
    const QUEUE: QueueName = QueueName::URGENT;
    const TRIES: u32 = tries::AWAITED_TRIES;
    type Context = Tracker;

    fn backoff() -> Backoff {
        tries::AWAITED_BACKOFF
    }

    fn unique(&self) -> Option<String> {
        // An address can be longer than a key may be.
        let digest = Sha256::digest(self.email.folded());
        Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    async fn run(&self, tracker: &Tracker, attempt: Attempt) -> Result<(), JobError> {
        let found = store::find_by_email(&mut tracker.db.read_fresh(), &self.email).await;
        let Some(account) = found.map_err(JobError::retry)? else {
            return Ok(());
        };
        let url = make_link(tracker, Purpose::Reset, &account, &account.email).await?;
        let id = format!("reset-{}-{}", attempt.job, attempt.number);
        send(
            tracker,
            &RESET_PASSWORD,
            &account,
            &account.email,
            Some(url),
            id,
        )
        .await
    }
}

/// Mails a link that confirms the address of an account, or the new one it is to have.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendEmailConfirmation {
    /// Whose.
    pub user: UserId,
}

impl Job for SendEmailConfirmation {
    const NAME: &'static str = "send_email_confirmation";
    const QUEUE: QueueName = QueueName::URGENT;
    const TRIES: u32 = tries::AWAITED_TRIES;
    type Context = Tracker;

    fn backoff() -> Backoff {
        tries::AWAITED_BACKOFF
    }

    fn tags(&self) -> Vec<String> {
        vec![self.user.tag()]
    }

    async fn run(&self, tracker: &Tracker, attempt: Attempt) -> Result<(), JobError> {
        let Some(account) = account(tracker, self.user).await? else {
            return Ok(());
        };
        let waiting = account.pending_email.clone();
        let unconfirmed = (!account.email_confirmed).then(|| account.email.clone());
        let Some(address) = waiting.or(unconfirmed) else {
            return Ok(());
        };
        let url = make_link(tracker, Purpose::Confirm, &account, &address).await?;
        let id = format!("confirm-{}-{}", attempt.job, attempt.number);
        send(tracker, &CONFIRM_EMAIL, &account, &address, Some(url), id).await
    }
}

/// Tells a person that their password is another now.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendPasswordChanged {
    /// Whose.
    pub user: UserId,
}

impl Job for SendPasswordChanged {
    const NAME: &'static str = "send_password_changed";
    const QUEUE: QueueName = QueueName::URGENT;
    const TRIES: u32 = tries::TRIES;
    type Context = Tracker;

    fn backoff() -> Backoff {
        tries::BACKOFF
    }

    fn tags(&self) -> Vec<String> {
        vec![self.user.tag()]
    }

    async fn run(&self, tracker: &Tracker, attempt: Attempt) -> Result<(), JobError> {
        let Some(account) = account(tracker, self.user).await? else {
            return Ok(());
        };
        let id = format!("password-changed-{}", attempt.job);
        send(
            tracker,
            &PASSWORD_CHANGED,
            &account,
            &account.email,
            None,
            id,
        )
        .await
    }
}

/// Tells the address that an account had before that it is another now.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendEmailChanged {
    /// Whose.
    pub user: UserId,
    /// The address before.
    pub old_email: Email,
}

impl Job for SendEmailChanged {
    const NAME: &'static str = "send_email_changed";
    const QUEUE: QueueName = QueueName::URGENT;
    const TRIES: u32 = tries::TRIES;
    type Context = Tracker;

    fn backoff() -> Backoff {
        tries::BACKOFF
    }

    fn tags(&self) -> Vec<String> {
        vec![self.user.tag()]
    }

    async fn run(&self, tracker: &Tracker, attempt: Attempt) -> Result<(), JobError> {
        let Some(account) = account(tracker, self.user).await? else {
            return Ok(());
        };
        let id = format!("email-changed-{}", attempt.job);
        send(tracker, &EMAIL_CHANGED, &account, &self.old_email, None, id).await
    }
}

/// The account, unless it has been deleted meanwhile.
async fn account(tracker: &Tracker, user: UserId) -> Result<Option<Account>, JobError> {
    match store::find(&mut tracker.db.read_fresh(), user).await {
        Ok(account) => Ok(Some(account)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(JobError::retry(error)),
    }
}

async fn make_link(
    tracker: &Tracker,
    purpose: Purpose,
    account: &Account,
    address: &Email,
) -> Result<String, JobError> {
    let mut tx: Tx = tracker.db.begin();
    let url = link::make(tracker, &mut tx, purpose, Some(account.id), Some(address))
        .await
        .map_err(JobError::retry)?;
    tx.commit().await.map_err(JobError::retry)?;
    Ok(url)
}

#[derive(Serialize)]
struct Texts<'a> {
    name: &'a str,
    email: &'a str,
    public_url: &'a str,
    url: Option<String>,
}

async fn send(
    tracker: &Tracker,
    template: &Template,
    account: &Account,
    to: &Email,
    url: Option<String>,
    id: String,
) -> Result<(), JobError> {
    let public_url = &tracker.settings.public_url;
    let name = account.name.as_str();
    let texts = Texts {
        name,
        email: account.email.as_str(),
        public_url,
        url,
    };
    let rendered = render(template, texts).map_err(JobError::fail)?;
    let mail = Mail {
        to_name: name.to_owned(),
        to_email: to.as_str().to_owned(),
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        message_id: message_id(&id, public_url),
        unsubscribe_url: None,
    };
    sent::send_account_mail(tracker, &mail, account.id).await
}
