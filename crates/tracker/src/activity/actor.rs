//! Who acts, and by which way.

use serde::Serialize;
use utoipa::ToSchema;

use crate::id::UserId;
use crate::names::names;

/// By which way something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// By a log-in in the browser.
    Session,
    /// By a program with an API token.
    Token,
    /// By a link in a mail.
    MailLink,
    /// By importing a file.
    Import,
    /// By Duly itself or its operator.
    System,
}

names!(Way, "session" => Session, "token" => Token, "mail_link" => MailLink,
    "import" => Import, "system" => System);

/// Who acts. People act on what is theirs, so the actor's user is the owner of what is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub user: UserId,
    /// By which way.
    pub via: Way,
    /// What the API token is called that was shown, if one was.
    pub token_name: Option<String>,
}

impl Actor {
    /// A person without an API token.
    #[must_use]
    pub fn new(user: UserId, via: Way) -> Self {
        Actor {
            user,
            via,
            token_name: None,
        }
    }
}
