//! Doing a request again that gave way to another one.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use bytes::Bytes;
use duly_db::Random;
use duly_db::retry::{self, Conflict};
use tower::ServiceExt as _;

use crate::api::problem::Problem;

/// What the handler has read of the body. A handler that reads none does not care for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadBody(Arc<OnceLock<Option<Bytes>>>);

impl ReadBody {
    /// Notes the whole body, which is small.
    pub(crate) fn keep(&self, body: Bytes) {
        // When it is read again it is the same.
        let _ = self.0.set(Some(body));
    }

    /// Notes that the body is too large to be kept.
    pub(crate) fn give_up(&self) {
        let _ = self.0.set(None);
    }

    /// The body for another run; nothing when it is gone.
    fn again(&self) -> Option<Body> {
        match self.0.get() {
            None => Some(Body::empty()),
            Some(kept) => kept.clone().map(Body::from),
        }
    }
}

/// An answer that says that nothing was kept, because somebody else was in the way.
struct GaveWay(Response);

impl Conflict for GaveWay {
    fn is_conflict(&self) -> bool {
        true
    }
}

/// Runs the handler of a request that may change something. Deadlocks, and changes based on what
/// somebody else has changed meanwhile, keep nothing; so the request is done again, as if it had
/// come a moment later, and its client does not notice.
pub(super) async fn until_it_does_not_give_way(
    router: Router,
    random: &dyn Random,
    request: Request<Body>,
) -> Result<Response, Infallible> {
    let (mut parts, body) = request.into_parts();
    let read = ReadBody::default();
    parts.extensions.insert(read.clone());
    let mut first = Some(body);
    let run = || {
        let body = first.take().or_else(|| read.again()).unwrap_or_default();
        let request = Request::from_parts(parts.clone(), body);
        let (router, read) = (router.clone(), &read);
        async move {
            let Ok(response) = router.oneshot(request).await;
            let problem = response.extensions().get::<Problem>();
            if problem.is_some_and(|problem| problem.is_conflict) && read.again().is_some() {
                return Err(GaveWay(response));
            }
            Ok(response)
        }
    };
    let answered = retry::on_conflict(random, run).await;
    Ok(answered.unwrap_or_else(|GaveWay(response)| response))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::StatusCode;
    use axum::response::IntoResponse as _;
    use axum::routing::post;
    use duly_db::random::SystemRandom;
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::api::problem::Code;

    /// How often the handler runs for a request whose body says `hello`, and what is answered, when
    /// it reads the body in this way and gives way so many times.
    async fn run(read: fn(&ReadBody, Bytes), times: usize) -> (usize, StatusCode, Bytes) {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        let handler = move |request: Request<Body>| async move {
            let run = counted.fetch_add(1, Ordering::Relaxed);
            let (parts, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            read(parts.extensions.get().unwrap(), body.clone());
            if run < times {
                let gave_way = Problem {
                    is_conflict: true,
                    ..Problem::new(Code::Unavailable)
                };
                return gave_way.into_response();
            }
            Body::from(body).into_response()
        };
        let router = Router::new().route("/", post(handler));
        let request = Request::post("/").body(Body::from("hello")).unwrap();
        let Ok(answer) = until_it_does_not_give_way(router, &SystemRandom, request).await;
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (runs.load(Ordering::Relaxed), status, body)
    }

    #[tokio::test]
    async fn a_request_is_done_again_with_the_same_body() {
        for times in 0..=3 {
            let answered = run(ReadBody::keep, times).await;
            assert_eq!(answered, (times + 1, StatusCode::OK, Bytes::from("hello")));
        }
    }

    #[tokio::test]
    async fn a_request_that_gives_way_again_and_again_is_answered() {
        let (runs, status, _) = run(ReadBody::keep, 9).await;
        assert_eq!((runs, status), (4, StatusCode::SERVICE_UNAVAILABLE));
    }

    #[tokio::test]
    async fn a_request_whose_body_is_too_large_to_be_kept_is_not_done_again() {
        let (runs, status, _) = run(|read, _| read.give_up(), 1).await;
        assert_eq!((runs, status), (1, StatusCode::SERVICE_UNAVAILABLE));
    }

    #[tokio::test]
    async fn a_body_nobody_reads_is_not_needed() {
        let (runs, status, body) = run(|_, _| {}, 1).await;
        assert_eq!((runs, status, body), (2, StatusCode::OK, Bytes::new()));
    }
}
