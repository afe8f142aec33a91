//! Answers that the cache keeps, and answers that need not be sent again.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use duly_cache::{Entry, Loaded};
use duly_db::{Conn, Version};
use duly_tracker::tasks::Task;
use duly_tracker::{Error, Result};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::permit::Viewer;
use super::reply::{Reply, matches};
use crate::app::Context;
use crate::http::{REQUEST_ID, SecurityHeaders, WHO_ASKS, compress};
use crate::limits;

/// With which hand of the owner's clock an answer changes without any write: what is due becomes
/// overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    /// It does not.
    None,
    /// Every minute.
    Minute,
    /// At midnight.
    Day,
}

impl Hand {
    /// Where it stands.
    fn position(self, now: DateTime) -> String {
        match self {
            Hand::None => String::new(),
            Hand::Minute => now.strftime("%Y-%m-%dT%H:%M").to_string(),
            Hand::Day => now.date().to_string(),
        }
    }

    /// When it moves next. In doubt that is now.
    fn moves(self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        let here = || now.to_zoned(zone.clone());
        let next = match self {
            Hand::None => return None,
            Hand::Minute => {
                let into = now.as_second().rem_euclid(60);
                Timestamp::from_second(now.as_second() - into)
                    .and_then(|minute| minute.checked_add(SignedDuration::from_secs(60)))
            }
            Hand::Day => here()
                .tomorrow()
                .and_then(|tomorrow| tomorrow.start_of_day())
                .map(|midnight| midnight.timestamp()),
        };
        Some(next.unwrap_or(now))
    }
}

impl<A> Viewer<A> {
    /// Where to read what is to be kept.
    pub(crate) fn conn(&self, context: &Context) -> Conn {
        let principal = &self.visitor.principal;
        let db = &context.tracker.db;
        db.read_labelled(principal.user.0, principal.version)
    }

    /// A weak tag: the owner's version, and everything else an answer of this URL depends on.
    fn weak_tag(&self, version: Version, position: &str) -> String {
        let mut hasher = DefaultHasher::new();
        self.visitor.principal.user.hash(&mut hasher);
        self.view.as_bytes().hash(&mut hasher);
        position.hash(&mut hasher);
        format!("W/\"{}-{:x}\"", version.number(), hasher.finish())
    }
}

/// Answers a view of the owner's data, or 304 when the client has it already. `load` reads from
/// [`Viewer::conn`] and says of which version that was. It and `hand` are called only when nobody
/// has the answer, and what they need of the stack is not taken before.
///
/// # Errors
/// What `load` says, or that too many answers are being made.
pub(crate) async fn view<A, T: Serialize>(
    context: &Context,
    viewer: &Viewer<A>,
    headers: &HeaderMap,
    hand: impl Fn() -> Hand,
    load: impl AsyncFnOnce() -> Result<(T, Option<Version>)>,
) -> Reply {
    let principal = &viewer.visitor.principal;
    let now = context.tracker.clock.now();
    let position = || hand().position(principal.time_zone.to_datetime(now));
    if headers.contains_key(header::IF_NONE_MATCH) {
        let expected = viewer.weak_tag(principal.version, &position());
        if matches(headers, &expected) {
            return Ok(unchanged(context, &expected));
        }
    }
    let made = async {
        let (value, version) = Box::pin(load()).await?;
        Ok::<_, Error>(Loaded {
            version,
            until: hand().moves(&principal.time_zone, now),
            tag: viewer
                .weak_tag(version.unwrap_or(principal.version), &position())
                .into(),
            body: body(&value)?,
        })
    };
    let entry = answer(context, viewer, made).await?;
    Ok(served(context, headers, &entry))
}

/// One task, or 304 when the client has this version of it.
///
/// # Errors
/// As [`view`].
pub(crate) async fn task<A>(
    context: &Context,
    viewer: &Viewer<A>,
    headers: &HeaderMap,
    load: impl AsyncFnOnce() -> Result<(Task, Option<Version>)>,
) -> Reply {
    let made = async {
        let (task, version) = Box::pin(load()).await?;
        Ok::<_, Error>(Loaded {
            version,
            until: None,
            tag: format!("\"{}\"", task.version).into(),
            body: body(&task)?,
        })
    };
    let entry = answer(context, viewer, made).await?;
    Ok(served(context, headers, &entry))
}

async fn answer<A>(
    context: &Context,
    viewer: &Viewer<A>,
    made: impl Future<Output = Result<Loaded>>,
) -> Result<Arc<Entry>> {
    let cache = &context.tracker.cache;
    cache.answer(&viewer.visitor.visit, viewer.view, made).await
}

fn body(value: &impl Serialize) -> Result<Bytes> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|error| Error::Internal(error.to_string()))
}

/// The headers of every answer that is kept, put together once.
#[derive(Debug)]
pub(crate) struct KeptHeaders {
    /// Of those that may be compressed.
    weak: HeaderMap,
    /// Of those whose tag names these very bytes.
    strong: HeaderMap,
}

impl KeptHeaders {
    pub(crate) fn new(security: &SecurityHeaders) -> Self {
        let mut strong = security.to_map();
        let static_value = HeaderValue::from_static;
        strong.insert(header::CONTENT_TYPE, static_value("application/json"));
        strong.insert(header::CACHE_CONTROL, static_value("private, no-cache"));
        strong.insert(header::VARY, static_value(WHO_ASKS));
        // What each answer says for itself finds its place made.
        let own = [header::ETAG, REQUEST_ID].into_iter().chain(limits::NAMES);
        strong.extend(own.map(|name| (name, static_value(""))));
        let mut weak = strong.clone();
        weak.append(header::VARY, static_value("Accept-Encoding"));
        KeptHeaders { weak, strong }
    }
}

/// Sends what is kept, or says that it is unchanged.
pub(super) fn served(context: &Context, headers: &HeaderMap, entry: &Entry) -> Response {
    let is_weak = entry.tag.starts_with("W/");
    if matches(headers, &entry.tag) {
        return unchanged(context, &entry.tag);
    }
    let wants = is_weak && compress::quality(headers, "gzip") > 0;
    let smaller = match wants && compress::is_worth_it(entry.body.len()) {
        true => entry.compressed(|body| compress::gzip(body).ok().map(Bytes::from)),
        false => None,
    };
    let is_smaller = smaller.is_some();
    let body = smaller.unwrap_or_else(|| entry.body.clone());
    let mut response = tagged(context, Body::from(body), &entry.tag);
    if is_smaller {
        let coding = HeaderValue::from_static("gzip");
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, coding);
    }
    response
}

fn unchanged(context: &Context, tag: &str) -> Response {
    let mut response = tagged(context, Body::empty(), tag);
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

fn tagged(context: &Context, body: Body, tag: &str) -> Response {
    let kept = &context.kept_headers;
    let all = match tag.starts_with("W/") {
        true => &kept.weak,
        false => &kept.strong,
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    *headers = all.clone();
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_moves_with_the_owners_clock() {
        let now: Timestamp = "2026-03-28T22:30:12Z".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let moves =
            |hand: Hand, now: Timestamp| hand.moves(&berlin, now).map(|next| next.to_string());
        assert_eq!(moves(Hand::None, now), None);
        assert_eq!(moves(Hand::Minute, now).unwrap(), "2026-03-28T22:31:00Z");
        assert_eq!(moves(Hand::Day, now).unwrap(), "2026-03-28T23:00:00Z");
        // The day on which the clock is put forward has 23 hours.
        let sunday: Timestamp = "2026-03-28T23:00:00Z".parse().unwrap();
        assert_eq!(moves(Hand::Day, sunday).unwrap(), "2026-03-29T22:00:00Z");
        let there = berlin.to_datetime(now);
        assert_eq!(Hand::Day.position(there), "2026-03-28");
        assert_eq!(Hand::Minute.position(there), "2026-03-28T23:30");
    }
}
