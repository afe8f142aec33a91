//! From a request to its answer: checks before, the handler, headers and the log line after.

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Request, header};
use axum::response::{IntoResponse as _, Response};
use duly_db::Version;
use duly_db::caller::with_request;
use futures_util::FutureExt as _;
use tokio_util::task::AbortOnDropHandle;
use tower::ServiceExt as _;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use super::request_id::{self, REQUEST_ID};
use super::{accept, address, again, compress, origin, seen};
use crate::api::known;
use crate::api::problem::{Code, Problem};
use crate::app::App;
use crate::limits::{self, Toll};
use crate::operations::{method_of, route_of};
use crate::traces::{self, request::Asked as AskedSpan};

/// Where a request comes from, as far as proxies can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// By what the API tells people apart. Even what is said of everybody depends on whether somebody is
/// believed.
pub(crate) const WHO_ASKS: &str = "Cookie, Authorization";

/// Answers one request. `peer` is the address at the other end of the connection.
pub fn answer<B>(
    app: &Arc<App>,
    request: Request<B>,
    peer: IpAddr,
) -> impl Future<Output = Response> + Send
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let started = Instant::now();
    let active = app.traffic.enter();
    let trusted = &app.context.http.trusted_proxies;
    let given = request_id::given(peer, request.headers(), trusted);
    let id = given.unwrap_or_else(|| app.new_request_id());
    let client = address::client(peer, request.headers(), trusted);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let span = span(app, &request, id);
    let answered = answer_within(app, request, id, client).instrument(span.clone());
    // Not an async function: that would hold the request several times.
    answered.map(move |response| {
        let status = response.status().as_u16();
        let took = started.elapsed();
        app.traffic.answered(&method, uri.path(), status, took);
        traces::request::answered(&span, status);
        span.in_scope(|| log(client, &method, uri.path(), status, took));
        drop(active);
        response
    })
}

/// The span of a request.
fn span<B>(app: &App, request: &Request<B>, id: Uuid) -> Span {
    let asked = AskedSpan {
        id,
        method: method_of(request.method()),
        route: route_of(request.uri().path()),
        public_url: &app.context.http.public_url,
    };
    traces::request::of_request(&asked, request.headers())
}

async fn answer_within<B>(app: &Arc<App>, request: Request<B>, id: Uuid, client: IpAddr) -> Response
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let is_api = request.uri().path().starts_with("/api/v1/");
    let accepts_gzip = compress::quality(request.headers(), "gzip") > 0;
    let toll = Toll::of(&app.context.limits, &request, client).map(Arc::new);
    let response = match refuse(app, &request) {
        Some(problem) => problem.into_response(),
        None => match refused(app, toll.as_deref()).await {
            Some(problem) => problem.into_response(),
            None => {
                handle(
                    app,
                    request,
                    Asked {
                        id,
                        client,
                        toll: toll.clone(),
                    },
                )
                .await
            }
        },
    };
    let mut text = Uuid::encode_buffer();
    let id = &*id.hyphenated().encode_lower(&mut text);
    let is_kept = is_kept(&response);
    let mut response = finish(app, response, id, toll.as_deref());
    if !is_kept && is_api {
        let who = HeaderValue::from_static(WHO_ASKS);
        response.headers_mut().append(header::VARY, who);
    }
    if !is_kept || accepts_gzip {
        response = compress::compress(response, accepts_gzip).await;
    }
    response
}

/// What is known of a request before it is handled.
struct Asked {
    id: Uuid,
    client: IpAddr,
    toll: Option<Arc<Toll>>,
}

/// Whether an answer has the headers of those that are kept, and so all that it needs.
fn is_kept(response: &Response) -> bool {
    response.headers().contains_key(REQUEST_ID)
}

/// One line per request. Never the query: links in mails carry their secret there.
fn log(client: IpAddr, method: &Method, path: &str, status: u16, took: Duration) {
    let duration_ms = took.as_secs_f64() * 1_000.0;
    tracing::info!(
        target: "duly::access",
        { client.address = %client, status, duration_ms },
        "{method} {path} {status}"
    );
}

/// Whether the request comes too often, as far as that does not depend on whose it is.
async fn refused(app: &App, toll: Option<&Toll>) -> Option<Problem> {
    let toll = toll?;
    match toll.enter(&app.context.tracker.limiter).await {
        true => None,
        false => toll.take_said().map(Problem::too_many),
    }
}

/// What no handler has to think of.
fn refuse<B>(app: &App, request: &Request<B>) -> Option<Problem> {
    let path = request.uri().path();
    // Mail programs post the one-click unsubscribe (RFC 8058) without cookie or origin; these
    // URLs carry a signed token instead.
    let by_link = path.starts_with("/mail/");
    if !by_link
        && !origin::may_change(
            request.method(),
            request.headers(),
            &app.context.http.public_url,
        )
    {
        return Some(Problem::new(Code::ForeignOrigin));
    }
    if let Some(kind) = answered_as(path)
        && !accept::admits(request.headers(), kind)
        && !accept::admits(request.headers(), "application/problem+json")
    {
        return Some(Problem::new(Code::NotAcceptable));
    }
    None
}

/// As what the API answers, where that is known before.
fn answered_as(path: &str) -> Option<&'static str> {
    match path {
        "/api/v1/export" => None,
        "/api/v1/events" => Some("text/event-stream"),
        _ => path.starts_with("/api/v1/").then_some("application/json"),
    }
}

/// Answers what is known, or runs the handler.
async fn handle<B>(app: &App, request: Request<B>, asked: Asked) -> Response
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (mut parts, body) = request.into_parts();
    let known = match parts.method.is_safe() {
        true => look(app, &mut parts, &asked).await,
        false => Some(None),
    };
    match known {
        Some(Some(response)) => response,
        // Large, and seldom needed.
        Some(None) => {
            let request = Request::from_parts(parts, Body::new(body));
            Box::pin(run(app, request, asked)).await
        }
        None => panicked(),
    }
}

/// Answers what is known at once, on the thread of the connection. Nothing: it panicked.
async fn look(app: &App, parts: &mut Parts, asked: &Asked) -> Option<Option<Response>> {
    let known = known::answer(&app.context, parts, asked.toll.as_ref());
    let known = AssertUnwindSafe(with_request(asked.id, known)).catch_unwind();
    known.await.ok().map(|(response, _)| response)
}

/// Runs the handler.
async fn run(app: &App, mut request: Request<Body>, asked: Asked) -> Response {
    let extensions = request.extensions_mut();
    extensions.insert(ClientAddress(asked.client));
    if let Some(toll) = asked.toll {
        extensions.insert(toll);
    }
    let outcome = match request.method().is_safe() {
        true => read(app, request, asked.id).await,
        false => change(app, request, asked.id).await,
    };
    match outcome {
        Some((Ok(mut response), untold)) => {
            if let Some(version) = untold {
                seen::tell(response.headers_mut(), version);
            }
            response
        }
        Some((Err(never), _)) => match never {},
        None => panicked(),
    }
}

fn panicked() -> Response {
    let problem = Problem::new(Code::Internal);
    Problem {
        internal: Some("a handler panicked".into()),
        ..problem
    }
    .into_response()
}

/// What came of a handler, unless it panicked.
type Outcome = Option<(Result<Response, Infallible>, Option<Version>)>;

/// A handler that is left when its client goes away.
async fn read(app: &App, request: Request<Body>, id: Uuid) -> Outcome {
    let handled = with_request(id, app.router.clone().oneshot(request));
    let handled = app.runtime.spawn(handled.in_current_span());
    let handled = AbortOnDropHandle::new(handled);
    handled.await.ok()
}

/// In a task of its own: a client that goes away must not stop it between two steps.
async fn change(app: &App, request: Request<Body>, id: Uuid) -> Outcome {
    let (router, random) = (app.router.clone(), app.context.tracker.random.clone());
    let handled = async move { again::until_it_does_not_give_way(router, &*random, request).await };
    let handled = with_request(id, handled);
    let handled = handled.in_current_span();
    app.changes.spawn_on(handled, &app.runtime).await.ok()
}

/// Writes the body of a problem and the headers every answer has.
fn finish(app: &App, mut response: Response, id: &str, toll: Option<&Toll>) -> Response {
    let is_kept = is_kept(&response);
    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = &problem {
        if let Some(reason) = &problem.internal {
            tracing::error!(request.id = id, code = problem.code.name(), "{reason}");
        }
        *response.body_mut() = Body::from(problem.body(id));
    }
    let headers = response.headers_mut();
    if problem.is_some() {
        headers.remove(header::CONTENT_LENGTH);
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if !is_kept {
        let unkept = HeaderValue::from_static("no-store");
        headers.entry(header::CACHE_CONTROL).or_insert(unkept);
        app.context.security_headers.apply(headers);
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    let refused = problem
        .and_then(|problem| problem.standing)
        .map(|said| *said);
    match refused.or_else(|| toll?.take_said()) {
        Some(standing) => limits::announce(headers, &standing, &app.context.tracker.clock),
        None if is_kept => limits::say_nothing(headers),
        None => {}
    }
    response
}
