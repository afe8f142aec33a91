//! What can go wrong, in terms a caller can act on.

use duly_cache::limits::Standing;
use duly_db::retry::Conflict;

use crate::input::FieldError;

/// Why a feature function refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it belongs to somebody else.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// One or more fields are wrong.
    #[error("invalid: {}", describe(.0))]
    Invalid(Vec<FieldError>),
    /// Nobody is logged in, or the session or token is no longer valid.
    #[error("not logged in")]
    Unauthenticated,
    /// The e-mail or the password is wrong; which one is not said.
    #[error("the e-mail or the password is wrong")]
    WrongCredentials,
    /// The caller may not do this.
    #[error("not allowed: {0}")]
    Forbidden(Refusal),
    /// A link from a mail has been used, has expired or was never valid.
    #[error("the link is not valid any more")]
    LinkExpired,
    /// The row has moved on since the version that the caller named.
    #[error("the row has changed meanwhile")]
    VersionMismatch,
    /// The same idempotency key was used with another request.
    #[error("the idempotency key belongs to another request")]
    IdempotencyKeyReused,
    /// A request with the same idempotency key is being worked on.
    #[error("a request with this idempotency key is in flight")]
    IdempotencyInFlight,
    /// Too many requests, or too many attempts; says what the limits say.
    #[error("too many requests")]
    RateLimited(Standing),
    /// Somebody else changed the same at the same moment. Nothing was kept; doing it again at once
    /// helps.
    #[error("somebody else was in the way")]
    Conflict(#[source] duly_db::Error),
    /// Something we depend on has no time for us; the caller may try again.
    #[error("not available at the moment: {0}")]
    Unavailable(String),
    /// Something we depend on must not be used as it is set up. Says what to do about it, which is
    /// logged and never shown.
    #[error("{0}")]
    Misconfigured(String),
    /// A fault of ours. Logged, never shown.
    #[error("internal fault: {0}")]
    Internal(String),
}

/// Why something is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The API token lacks the ability.
    #[error("the token lacks the ability {0}")]
    MissingAbility(&'static str),
    /// This needs a log-in in the browser, not an API token.
    #[error("API tokens may not do this")]
    SessionOnly,
    /// Only administrators may do this.
    #[error("only administrators may do this")]
    AdministratorsOnly,
    /// Nobody can register here.
    #[error("registration is closed")]
    RegistrationClosed,
    /// Registering needs a valid invitation.
    #[error("registering needs an invitation")]
    InvitationNeeded,
}

fn describe(errors: &[FieldError]) -> String {
    let parts: Vec<String> = errors
        .iter()
        .map(|error| format!("{}: {}", error.field, error.message))
        .collect();
    parts.join("; ")
}

impl From<duly_db::Error> for Error {
    fn from(error: duly_db::Error) -> Self {
        match error {
            duly_db::Error::Misconfigured(reason) => Error::Misconfigured(reason),
            error if error.is_conflict() || is_raced(&error) => Error::Conflict(error),
            error if error.is_transient() => Error::Unavailable(error.to_string()),
            error => Error::Internal(error.to_string()),
        }
    }
}

/// Keys that are looked for before they are inserted. Somebody who does the same at the same moment
/// may come first; whoever looks again finds the row.
const LOOKED_FOR: &[&str] = &["idempotency_keys_pkey", "import_sources_pkey"];

fn is_raced(error: &duly_db::Error) -> bool {
    LOOKED_FOR.iter().any(|key| error.is_unique(key))
}

impl From<duly_cache::Overloaded> for Error {
    fn from(overloaded: duly_cache::Overloaded) -> Self {
        Error::Unavailable(overloaded.to_string())
    }
}

impl From<duly_cache::Refused> for Error {
    fn from(refused: duly_cache::Refused) -> Self {
        Error::RateLimited(refused.0)
    }
}

impl Conflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Error::Conflict(_))
    }
}

impl From<duly_queue::Error> for Error {
    fn from(error: duly_queue::Error) -> Self {
        match error {
            duly_queue::Error::Store(error) => error.into(),
            other => Error::Internal(other.to_string()),
        }
    }
}

impl Error {
    /// One wrong field.
    #[must_use]
    pub fn field(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Error::Invalid(vec![FieldError {
            field: field.into(),
            code,
            message: message.into(),
        }])
    }
}
