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
use std::sync::atomic::{AtomicU64, Ordering};

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
pub struct Mailer(Arc<Post>);

#[derive(Debug)]
struct Post {
    way: Way,
    counts: Counts,
}

/// What became of mails that were to be handed over since the process was started.
#[derive(Debug, Default)]
struct Counts {
    taken: AtomicU64,
    put_off: AtomicU64,
    refused: AtomicU64,
}

/// What became of mails that were to be handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MailCounts {
    /// Somebody else has them now.
    pub taken: u64,
    /// May be taken later.
    pub put_off: u64,
    /// Will never be taken.
    pub refused: u64,
}

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
    fn by(way: Way) -> Self {
        Mailer(Arc::new(Post {
            way,
            counts: Counts::default(),
        }))
    }

    /// What became of mails since the process was started.
    #[must_use]
    pub fn counts(&self) -> MailCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = &self.0.counts;
        MailCounts {
            taken: read(&counts.taken),
            put_off: read(&counts.put_off),
            refused: read(&counts.refused),
        }
    }

    /// Hands mails to a mail server.
    #[must_use]
    pub fn smtp(settings: SmtpSettings) -> Self {
        Mailer::by(Way::Smtp(settings))
    }

    /// Writes each mail as an `.eml` file into a folder, which is made when missing.
    #[must_use]
    pub fn outbox(folder: PathBuf, from: Sender) -> Self {
        Mailer::by(Way::Outbox { folder, from })
    }

    /// Keeps mails for a test to look at.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn catcher(catcher: Arc<MailCatcher>) -> Self {
        Mailer::by(Way::Catcher(catcher))
    }

    /// Hands a mail over. When it answers `Ok`, somebody else has taken responsibility for it.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let sent = match &self.0.way {
            Way::Smtp(settings) => smtp::send_traced(settings, mail).await,
            Way::Outbox { folder, from } => outbox::write(folder, from, mail).await,
            #[cfg(feature = "testing")]
            Way::Catcher(catcher) => catcher.take(mail),
        };
        let counts = &self.0.counts;
        let count = match &sent {
            Ok(()) => &counts.taken,
            Err(SendError::Temporary(_)) => &counts.put_off,
            Err(SendError::Permanent(_)) => &counts.refused,
        };
        count.fetch_add(1, Ordering::Relaxed);
        sent
    }

    /// Whether a mail could be handed over now: reaches the mail server and logs in, but sends
    /// nothing.
    ///
    /// # Errors
    /// What is in the way.
    pub async fn check(&self) -> Result<(), SendError> {
        match &self.0.way {
            Way::Smtp(settings) => smtp::check(settings).await,
            Way::Outbox { .. } => Ok(()),
            #[cfg(feature = "testing")]
            Way::Catcher(_) => Ok(()),
        }
    }
}
