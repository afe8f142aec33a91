//! What a request may do, and on whose behalf.

use std::sync::Arc;

use duly_db::Version;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::activity::{Actor, Way};
use crate::id::{SessionId, TokenId, UserId};
use crate::tokens::{Abilities, Ability};
use crate::users::Role;
use crate::{Error, Refusal, Result};

/// Whom a request acts for, and how it has proved that.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The person.
    pub user: UserId,
    /// The state of the person's data at this moment, at least.
    pub version: Version,
    /// Where the person's days begin and end.
    pub time_zone: TimeZone,
    /// What the person may do.
    pub role: Role,
    /// How the request has proved it.
    pub via: Arc<Via>,
}

/// How a request has proved whom it acts for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Via {
    /// By the cookie of a log-in: may do all that the person may.
    Session {
        /// Which.
        id: SessionId,
    },
    /// By an API token.
    Token {
        /// Which.
        id: TokenId,
        /// What the person calls it.
        name: String,
        /// What it is good for.
        abilities: Abilities,
    },
}

impl Principal {
    /// Who acts, for the activity log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match &*self.via {
            Via::Session { .. } => Actor::new(self.user, Way::Session),
            Via::Token { name, .. } => Actor {
                token_name: Some(name.clone()),
                ..Actor::new(self.user, Way::Token)
            },
        }
    }

    /// Refuses an API token that is not good for this.
    ///
    /// # Errors
    /// [`Refusal::MissingAbility`].
    pub fn require(&self, ability: Ability) -> Result<()> {
        match &*self.via {
            Via::Session { .. } => Ok(()),
            Via::Token { abilities, .. } if abilities.allow(ability) => Ok(()),
            Via::Token { .. } => Err(Error::Forbidden(Refusal::MissingAbility(ability.name()))),
        }
    }

    /// Refuses API tokens, whatever they are good for: a token must not be able to make itself
    /// stronger or longer-lived. Answers the session.
    ///
    /// # Errors
    /// [`Refusal::SessionOnly`].
    pub fn require_session(&self) -> Result<SessionId> {
        match &*self.via {
            Via::Session { id } => Ok(*id),
            Via::Token { .. } => Err(Error::Forbidden(Refusal::SessionOnly)),
        }
    }

    /// Refuses everyone but administrators in a session.
    ///
    /// # Errors
    /// [`Refusal::SessionOnly`] or [`Refusal::AdministratorsOnly`].
    pub fn require_administrator(&self) -> Result<()> {
        self.require_session()?;
        match self.role {
            Role::Admin => Ok(()),
            Role::User => Err(Error::Forbidden(Refusal::AdministratorsOnly)),
        }
    }
}
