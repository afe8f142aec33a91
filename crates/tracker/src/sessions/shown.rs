//! What somebody shows to say who they are.

use duly_cache::View;

use super::{Visitor, authenticate};
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
    /// Whom it stands for, who will ask for the view, if any.
    ///
    /// # Errors
    /// [`crate::Error::Unauthenticated`] when it stands for nobody, or does no more.
    pub async fn visit(&self, tracker: &Tracker, view: Option<View>) -> Result<Visitor> {
        match self {
            Shown::Session(secret) => authenticate::visit(tracker, secret, view).await,
            Shown::Token(token) => tokens::visit(tracker, token, view).await,
        }
    }

    /// Whom it stands for, without counting as a use.
    pub(crate) async fn look(&self, tracker: &Tracker) -> Result<Visitor> {
        match self {
            Shown::Session(secret) => authenticate::look(tracker, secret, None).await,
            Shown::Token(token) => tokens::look(tracker, token, None).await,
        }
    }
}
