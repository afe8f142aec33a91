//! Live lists: telling people's open pages and programs at once that something of theirs changed,
//! by whichever node it was changed.
//!
//! The [`Hub`] of a node knows who listens. It hears of the commits of its own process from the
//! database handle, and of those of all others from the relay, which reads the table of versions.
//! What is told is the owner's version: who knows an older one has missed something. What exactly
//! has changed is told as far as the activity log explains the step from one version to the other.

mod changes;
mod hub;
mod stream;

use std::time::Duration;

use duly_db::Version;
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::TaskId;

pub use hub::{Hub, Refused};
pub use stream::{OpenError, Stream};

/// How many may listen, and how often it is looked after them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Streams of this node.
    pub streams: usize,
    /// Streams of one person at this node.
    pub streams_of_one: usize,
    /// How often it is looked whether somebody may still listen, when nothing gives reason to. With
    /// `vouched` this stays below the 5 s after which nobody may be told anything any more.
    pub look: Duration,
    /// For how long what was read from the table of versions says that nobody's rights changed.
    pub vouched: Duration,
    /// How often something is sent when there is nothing to tell, so that everybody on the way
    /// knows that the stream is alive.
    pub beat: Duration,
    /// Between two events, so that many changes in a row become few events.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            streams: 2_048,
            streams_of_one: 16,
            look: Duration::from_secs(4),
            vouched: Duration::from_millis(900),
            beat: Duration::from_secs(15),
            pause: Duration::from_millis(100),
        }
    }
}

/// What a listener is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The stream begins at this version, and nothing was missed as far as it is known.
    Hello(Version),
    /// These things changed, and nothing else.
    Change(Version, Vec<Change>),
    /// Something changed, and nobody knows what: whatever is shown has to be looked at again.
    Resync(Version),
    /// Nothing has happened.
    Beat,
    /// The session or the token is not good for this any more. It is the last event.
    End,
}

/// Something of the owner's that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// What kind of thing it is.
    pub r#type: Thing,
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: TaskId,
    /// The version it has by now; `null` when it is deleted for good. Who has this one, or a later
    /// one, knows all of this change.
    pub version: Option<i64>,
}

/// What kinds of things are told one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// A task, whatever became of it.
    Task,
}
