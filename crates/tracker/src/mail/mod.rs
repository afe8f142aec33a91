//! Sending mail: over SMTP, or into a folder while no mail server is configured.

#[cfg(feature = "testing")]
mod catcher;
mod message;
mod outbox;
pub(crate) mod sent;
mod settings;
mod smtp;
mod template;
mod test_mail;
pub(crate) mod tries;

use std::path::PathBuf;
use std::sync::Arc;

#[cfg(feature = "testing")]
pub use catcher::MailCatcher;
pub(crate) use message::one_line;
pub use message::{EnvelopeSender, Sender, message_id};
pub(crate) use sent::SentMail;
pub use sent::{Outcome, forget as forget_sent};
pub use settings::{Credentials, SettingsError, SmtpSettings, Tls};
pub use template::{Rendered, Template, render};
pub use test_mail::test_mail;

/// A mail to one person, as text and as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The person's name; may be empty.
    pub to_name: String,
    /// The person's address.
    pub to_email: String,
    /// What it is about, on one line.
    pub subject: String,
    /// The body for readers of plain text.
    pub text: String,
    /// The body for readers of HTML.
    pub html: String,
    /// Without the angle brackets, for example `4f…@tasks.example.org`. The same mail sent a second
    /// time has the same one, so that the receiver can tell.
    pub message_id: String,
    /// Where one click ends mails of this kind (RFC 8058); none for mails a person asked for.
    pub unsubscribe_url: Option<String>,
}

/// Why a mail was not handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The same mail may be accepted later: no connection, no time, a reply 4xx, or a server that
    /// is not set up as we were told (no TLS, other credentials), which is for the operator to mend.
    #[error("{0}")]
    Temporary(String),
    /// This mail will never be accepted: a reply 5xx to the sender, the recipient or the text.
    #[error("{0}")]
    Permanent(String),
}

/// Where mails go. Clones share it.
#[derive(Debug, Clone)]
pub struct Mailer(Arc<Way>);

#[derive(Debug)]
enum Way {
    Smtp(SmtpSettings),
    Outbox {
        folder: PathBuf,
        from: Sender,
    },
    #[cfg(feature = "testing")]
    Catcher(Arc<MailCatcher>),
}

impl Mailer {
    /// Hands mails to a mail server.
    #[must_use]
    pub fn smtp(settings: SmtpSettings) -> Self {
        Mailer(Arc::new(Way::Smtp(settings)))
    }

    /// Writes each mail as an `.eml` file into a folder, which is made when missing.
    #[must_use]
    pub fn outbox(folder: PathBuf, from: Sender) -> Self {
        Mailer(Arc::new(Way::Outbox { folder, from }))
    }

    /// Keeps mails for a test to look at.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn catcher(catcher: Arc<MailCatcher>) -> Self {
        Mailer(Arc::new(Way::Catcher(catcher)))
    }

    /// Hands a mail over. When it answers `Ok`, somebody else has taken responsibility for it.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        match &*self.0 {
            Way::Smtp(settings) => smtp::send(settings, mail).await,
            Way::Outbox { folder, from } => outbox::write(folder, from, mail).await,
            #[cfg(feature = "testing")]
            Way::Catcher(catcher) => catcher.take(mail),
        }
    }

    /// Whether a mail could be handed over now: reaches the mail server and logs in, but sends
    /// nothing.
    ///
    /// # Errors
    /// What is in the way.
    pub async fn check(&self) -> Result<(), SendError> {
        match &*self.0 {
            Way::Smtp(settings) => smtp::check(settings).await,
            Way::Outbox { .. } => Ok(()),
            #[cfg(feature = "testing")]
            Way::Catcher(_) => Ok(()),
        }
    }
}
