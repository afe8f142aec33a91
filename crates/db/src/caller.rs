//! Who asked: the place in the code where a query was written, and the request it was written for.

use std::fmt;
use std::panic::Location;

use uuid::Uuid;

tokio::task_local! {
    static REQUEST: Uuid;
}

/// Runs a future whose queries are all said to be made for the request (or job) with this id.
///
/// A task spawned inside is not covered: give it the id again.
pub async fn with_request<F: Future>(id: Uuid, future: F) -> F::Output {
    REQUEST.scope(id, future).await
}

/// Where a query comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    place: &'static Location<'static>,
    request: Option<Uuid>,
}

impl Caller {
    /// The place that calls the function which calls this, and the request that is being answered.
    #[track_caller]
    pub(crate) fn here() -> Self {
        Caller {
            place: Location::caller(),
            request: REQUEST.try_with(|id| *id).ok(),
        }
    }

    /// The request or job it was made for, when it was made inside [`with_request`].
    #[must_use]
    pub fn request(&self) -> Option<Uuid> {
        self.request
    }
}

/// `file:line`
impl fmt::Display for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.place.file(), self.place.line())
    }
}
