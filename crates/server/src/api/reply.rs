//! Answers: JSON.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use duly_tracker::idempotency::Recorded;
use duly_tracker::tasks::Task;
use duly_tracker::{Error, Result};
use serde::Serialize;

use super::problem::Problem;

/// What handlers answer.
pub(crate) type Reply = std::result::Result<Response, Problem>;

/// JSON with the given status.
///
/// # Errors
/// When the value cannot be written as JSON, which no value of ours is.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Result<Response> {
    let body = serde_json::to_vec(value).map_err(|error| Error::Internal(error.to_string()))?;
    let mut response = (status, Body::from(body)).into_response();
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// Success without anything to say.
#[must_use]
pub(crate) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// The request is taken note of; whether anything comes of it is not said.
#[must_use]
pub(crate) fn accepted() -> Response {
    StatusCode::ACCEPTED.into_response()
}

/// Whether `If-None-Match` names the tag, compared weakly (RFC 9110, 13.1.2).
pub(crate) fn matches(headers: &HeaderMap, tag: &str) -> bool {
    fn opaque(tag: &str) -> &str {
        tag.trim().trim_start_matches("W/")
    }
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|item| item.trim() == "*" || opaque(item) == opaque(tag))
}

/// One task, with its version as strong tag.
///
/// # Errors
/// As [`json`].
pub(crate) fn task(status: StatusCode, task: &Task) -> Result<Response> {
    let mut response = json(status, task)?;
    tag_task(&mut response, task.version);
    Ok(response)
}

fn tag_task(response: &mut Response, version: i64) {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
}

/// The answer to a request that may have been done before: then the one given at that time.
///
/// # Errors
/// As `fresh`.
pub(crate) fn recorded<T>(
    outcome: Recorded<T>,
    fresh: impl FnOnce(T) -> Result<Response>,
) -> Result<Response> {
    let earlier = match outcome {
        Recorded::Fresh(value) => return fresh(value),
        Recorded::Replayed(earlier) => earlier,
    };
    let status = StatusCode::from_u16(earlier.status).unwrap_or(StatusCode::OK);
    let mut response = json(status, &earlier.body)?;
    let headers = response.headers_mut();
    headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    if let Some(location) = earlier
        .location
        .and_then(|text| HeaderValue::try_from(text).ok())
    {
        headers.insert(header::LOCATION, location);
    }
    if let Some(version) = earlier
        .body
        .get("version")
        .and_then(serde_json::Value::as_i64)
    {
        tag_task(&mut response, version);
    }
    Ok(response)
}
