//! API tokens: how programs act for a person.

mod ability;
mod authenticate;
mod expiry;
mod format;
mod manage;
mod store;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::TokenId;

pub use ability::{Abilities, Ability};
pub(crate) use authenticate::look;
pub use authenticate::{authenticate, visit};
pub use expiry::{SendTokenExpiry, tell_of_ends};
pub use manage::{NewToken, NewTokenInput, TokenName, create, get, list, revoke, revoke_all};
pub(crate) use store::end_all;

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApiToken {
    /// Its id, which is no secret.
    pub id: TokenId,
    /// What the person calls it.
    pub name: String,
    /// What it is good for.
    pub abilities: Abilities,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends; null: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; null: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}
