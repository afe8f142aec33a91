//! `/events`

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use duly_db::Version;
use duly_tracker::input::Reader;
use duly_tracker::live::{Change, Event, OpenError, Refused, Stream};
use futures_util::stream;
use serde::Serialize;
use utoipa::ToSchema;

use super::input::Parameters;
use super::permit::Listener;
use super::problem::{Code, Problem};
use super::reply::Reply;
use crate::app::Context;

/// After so many milliseconds a browser asks again when the stream has ended.
const RETRY_MS: u16 = 2_000;

/// Who is refused because too many listen tries again after so many seconds.
const RETRY_AFTER: u64 = 10;

/// The data of an event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventData {
    /// The version of your data, also the `id` of the event.
    version: i64,
    /// With `change`: all that changed since the event before.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<Change>>,
}

/// Tells you at once when something of yours changed, by whomever and wherever.
///
/// The answer is a stream of server-sent events that goes on until one of you ends it:
///
/// - `hello`: where the stream begins, and that you have missed nothing.
/// - `change`: these things changed, nothing else. Lists, labels and figures may look otherwise, too.
/// - `resync`: something changed, and it is not known what. Ask again for all that you show.
/// - `end`: the session or the token is not good for this any more. The stream ends, and opening
///   it anew will be refused.
///
/// The `id` of an event is the version of your data. Who names the last one in `Last-Event-ID`, as
/// browsers do, is told by `resync` first if something changed in between. Every 15 s without an event
/// a comment says that the stream is alive.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    operation_id = "listenToEvents",
    tag = "tasks",
    params(
        ("Last-Event-ID" = Option<i64>, Header, description = "The `id` of the last event you know of."),
        ("last_event_id" = Option<i64>, Query, description = "The same, for who cannot set the header, which counts first."),
    ),
    responses(
        (status = 200, description = "Events. The schema is that of each event's `data`.",
            body = EventData, content_type = "text/event-stream"),
    ),
    security(("session" = []), ("token" = ["tasks:read"]))
)]
pub(crate) async fn listen(
    State(context): State<Arc<Context>>,
    Listener(shown): Listener,
    headers: HeaderMap,
    parameters: Parameters,
) -> Reply {
    let [parameter] = parameters.only(["last_event_id"])?;
    let resumed = resumed(&headers, parameter)?;
    let stream = Stream::open(&context.tracker, shown, resumed).await?;
    Ok(rendered(stream))
}

/// The version that was told last. A header that is none of ours is one that we know nothing about;
/// a browser cannot help sending it.
fn resumed(headers: &HeaderMap, parameter: Option<&str>) -> Result<Option<Version>, Problem> {
    if let Some(line) = headers.get("last-event-id") {
        let number = line.to_str().ok().and_then(|text| text.parse().ok());
        return Ok(Some(Version::of(number.unwrap_or_default())));
    }
    let mut reader = Reader::new();
    let number = parameter.map(|text| text.parse().ok());
    if number == Some(None) {
        reader.refuse(
            "last_event_id",
            "not_a_number",
            "must be the id of an event",
        );
    }
    reader.finish()?;
    Ok(number.flatten().map(Version::of))
}

fn rendered(stream: Stream) -> Response {
    let retry = format!("retry: {RETRY_MS}\n");
    let events = stream::unfold((stream, retry), |(mut stream, before)| async {
        let text = before + &text(stream.next().await?);
        Some((Ok::<_, Infallible>(text), (stream, String::new())))
    });
    let mut response = Body::from_stream(events).into_response();
    let kind = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    // nginx holds answers back unless it is told not to, here or in its own settings.
    let unbuffered = HeaderValue::from_static("no");
    response
        .headers_mut()
        .insert("x-accel-buffering", unbuffered);
    response
}

/// The event as it is sent.
fn text(event: Event) -> String {
    let (name, version, changes) = match event {
        Event::Hello(version) => ("hello", version, None),
        Event::Change(version, changes) => ("change", version, Some(changes)),
        Event::Resync(version) => ("resync", version, None),
        Event::Beat => return ":\n\n".to_owned(),
        Event::End => return "event: end\ndata: {\"reason\":\"unauthenticated\"}\n\n".to_owned(),
    };
    let version = version.number();
    // Numbers and ids can always be written as JSON.
    let data = serde_json::to_string(&EventData { version, changes }).unwrap_or_default();
    format!("event: {name}\nid: {version}\ndata: {data}\n\n")
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        let (code, detail) = match error {
            OpenError::Error(error) => return error.into(),
            OpenError::Refused(Refused::Person(most)) => (
                Code::RateLimited,
                format!("You listen to {most} streams of events already. Close one of them."),
            ),
            OpenError::Refused(Refused::Node(_)) => (
                Code::Unavailable,
                "Too many listen at this moment.".to_owned(),
            ),
        };
        Problem {
            retry_after: Some(RETRY_AFTER),
            ..Problem::new(code).detail(detail)
        }
    }
}
