//! Who asked: the place in the code where a query was written, and the request it was written for.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;

use futures_util::FutureExt as _;
use uuid::Uuid;

use crate::Version;

tokio::task_local! {
    static REQUEST: Request;
}

struct Request {
    id: Uuid,
    untold: Cell<Option<Version>>,
}

/// Runs a future whose queries are all said to be made for the request (or job) with this id.
/// Answers, beside its output, the newest version it has committed that others were not told of.
///
/// A task spawned inside is not covered: give it the id again.
pub fn with_request<F: Future>(
    id: Uuid,
    future: F,
) -> impl Future<Output = (F::Output, Option<Version>)> {
    let request = Request {
        id,
        untold: Cell::new(None),
    };
    // Not an async function: that would hold the future, which may be large, several times.
    let noted = future.map(|output| (output, REQUEST.with(|request| request.untold.get())));
    REQUEST.scope(request, noted)
}

/// Notes that others could not be told of a version that the request has committed, so that the
/// request's client has to tell them.
pub fn note_untold(version: Version) {
    // A job has no client.
    let _ = REQUEST.try_with(|request| {
        let newest = request.untold.get().max(Some(version));
        request.untold.set(newest);
    });
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
            request: REQUEST.try_with(|request| request.id).ok(),
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
