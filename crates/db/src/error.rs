//! What can go wrong between us and a database, in the terms a caller can act on.

/// A failed statement or connection.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A unique constraint or a primary key refused the change. The name follows one rule on every
    /// engine: `<table>_<columns>_key`, or `<table>_pkey` for a primary key.
    #[error("{constraint} holds such a row already")]
    Unique {
        /// The constraint, for example `users_email_key`.
        constraint: String,
    },
    /// A foreign key, check or not-null constraint refused the change.
    #[error("a constraint refused the change: {0}")]
    Constraint(String),
    /// The database had no time for us within the limit; the caller may try again.
    #[error("the database is busy")]
    Busy,
    /// The database cannot be written at the moment (read-only file, full disk).
    #[error("the database cannot be written: {0}")]
    ReadOnly(String),
    /// The database cannot be reached or has been closed.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Another transaction changed the same rows at the same moment, and the engine chose this one
    /// to give way (deadlock, serialization failure). It was rolled back; doing it again helps.
    #[error("another transaction was in the way")]
    Conflict,
    /// The database answers but must not be used as it is set up; says what to do about it.
    #[error("{0}")]
    Misconfigured(String),
    /// The statement ran longer than the statement timeout and was stopped.
    #[error("the statement took longer than allowed")]
    Timeout,
    /// The transaction was left idle, or one of its statements was given up before it had
    /// answered, and it has been rolled back.
    #[error("the transaction was rolled back because it was left idle")]
    IdleTransaction,
    /// A value that no engine can be trusted with (text with a NUL character, a number that is
    /// not finite, a year before 1), or not as many values as the statement has parameters.
    #[error("parameter {0}")]
    Parameter(String),
    /// A column held something else than the code expected.
    #[error("the answer could not be read: {0}")]
    Decode(String),
    /// Anything else the engine said.
    #[error("the database answered: {0}")]
    Other(String),
}

impl Error {
    /// Whether this is the named unique constraint.
    #[must_use]
    pub fn is_unique(&self, name: &str) -> bool {
        matches!(self, Error::Unique { constraint } if constraint == name)
    }

    /// Whether the same transaction is likely to succeed when it is run again at once.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Error::Conflict)
    }

    /// Whether trying again later can help without any change by the caller.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Error::Busy
                | Error::Conflict
                | Error::ReadOnly(_)
                | Error::Unavailable(_)
                | Error::Timeout
                | Error::IdleTransaction
        )
    }
}
