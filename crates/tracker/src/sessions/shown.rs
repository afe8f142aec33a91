//! What somebody shows to say who they are.

use super::{Asked, Visitor, authenticate};
use crate::secret::Secret;
use crate::{Result, Tracker, tokens};

/// The secret of a cookie or of an API token, as it was sent.
#[derive(Debug, Clone)]
pub enum Shown {
    /// Of a log-in in the browser.
    Session(Secret),
    /// Of a program.
    Token(Secret),
}

impl Shown {
    /// Whom it stands for.
    ///
    /// # Errors
    /// [`crate::Error::Unauthenticated`] when it stands for nobody, or does no more.
    pub async fn visit(&self, tracker: &Tracker, asked: Asked<'_>) -> Result<Visitor> {
        match self {
            Shown::Session(secret) => authenticate::visit(tracker, secret, asked).await,
            Shown::Token(token) => tokens::visit(tracker, token, asked).await,
        }
    }

    /// Whom it stands for, without counting as a use.
    ///
    /// # Errors
    /// As [`Shown::visit`].
    pub async fn look(&self, tracker: &Tracker, asked: Asked<'_>) -> Result<Visitor> {
        match self {
            Shown::Session(secret) => authenticate::look(tracker, secret, asked).await,
            Shown::Token(token) => tokens::look(tracker, token, asked).await,
        }
    }
}
