//! Why a dump could not be written or restored.

/// Why a dump could not be written or restored. A restore that answers one of these has changed
/// nothing, except for [`Error::NotUpdated`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is something else.
    #[error("this is not a dump of Duly")]
    NotADump,
    /// The file has a form that this release does not know.
    #[error(
        "the dump has format {found} and this release reads up to {known}; restore it with the \
         release that made it, or a newer one"
    )]
    NewerFormat {
        /// What the file says.
        found: u32,
        /// What this release knows.
        known: u32,
    },
    /// The dump was made by a release with migrations that this one does not have.
    #[error(
        "the dump was made by the newer release {release}; this one does not know its migrations \
         {}", unknown.join(", ")
    )]
    NewerRelease {
        /// The release that made it.
        release: String,
        /// The migrations, as `owner/name`.
        unknown: Vec<String>,
    },
    /// The file is incomplete, or not as it was written.
    #[error("the dump is damaged or incomplete: {0}")]
    Damaged(String),
    /// The database to restore into holds something.
    #[error(
        "the database is not empty: there are rows in {table}; restore into a database of its own"
    )]
    NotEmpty {
        /// A table with rows.
        table: String,
    },
    /// The schema of the database to restore into is newer than the dump.
    #[error(
        "the schema of the database is newer than the dump: it has {}; restore into a database \
         without tables, restoring brings it up to date", present.join(", ")
    )]
    NewerSchema {
        /// The migrations that the dump lacks, as `owner/name`.
        present: Vec<String>,
    },
    /// The schema of the database to dump is older than this release.
    #[error("the database lacks {}; run `duly migrate` first", missing.join(", "))]
    OlderSchema {
        /// The migrations, as `owner/name`.
        missing: Vec<String>,
    },
    /// Everything was restored, but the schema could not be brought up to date afterwards.
    #[error("the dump was restored, but the schema could not be brought up to date: {0}")]
    NotUpdated(crate::Error),
    /// The file could not be read.
    #[error("the dump cannot be read: {0}")]
    Read(std::io::Error),
    /// The file could not be written.
    #[error("the dump cannot be written: {0}")]
    Write(std::io::Error),
    /// What the database said.
    #[error(transparent)]
    Database(#[from] crate::Error),
}
