//! What can go wrong between a caller and its queue.

use duly_db::retry::Conflict;

/// A failed call of the queue.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The job is larger than [`crate::PAYLOAD_LIMIT`]; put the data into a table and its id into
    /// the job.
    #[error("a {name} job of {bytes} bytes is larger than the {limit} allowed")]
    TooLarge {
        /// The kind of the job.
        name: &'static str,
        /// How large it is, as JSON, tags included.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// A unique key is longer than [`crate::UNIQUE_KEY_LIMIT`], or the name of a lane than
    /// [`crate::LANE_LIMIT`].
    #[error("the {key} of a {name} job has {bytes} bytes; {limit} are allowed")]
    KeyTooLong {
        /// The kind of the job.
        name: &'static str,
        /// Which key.
        key: &'static str,
        /// How long it is, in bytes.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The job cannot be written as JSON.
    #[error("a {name} job cannot be written as JSON: {reason}")]
    Encode {
        /// The kind of the job.
        name: &'static str,
        /// What the serializer said.
        reason: String,
    },
    /// Jobs are not moved to another store while somebody works on them.
    #[error(
        "jobs cannot be moved while somebody works on them: {workers} workers are alive and \
         {running} jobs run; stop the workers, and wait 15 s for those that were killed"
    )]
    InUse {
        /// Workers heard of within the last 15 s.
        workers: usize,
        /// Jobs that run.
        running: u64,
    },
    /// There are [`crate::TAGS_WATCHED`] tags that operators keep an eye on.
    #[error("no more tags can be watched")]
    TooManyTags,
    /// The store did not answer as it should.
    #[error(transparent)]
    Store(#[from] duly_db::Error),
}

impl Conflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Error::Store(error) if error.is_conflict())
    }
}

/// Whether an error, or one of its causes, says that another transaction was in the way.
pub(crate) fn comes_of_conflict(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let ours = error
            .downcast_ref::<Error>()
            .is_some_and(Conflict::is_conflict);
        let theirs = error.downcast_ref::<duly_db::Error>();
        if ours || theirs.is_some_and(duly_db::Error::is_conflict) {
            return true;
        }
        next = error.source();
    }
    false
}

/// The answer of a call of the queue.
pub type Result<T> = std::result::Result<T, Error>;
