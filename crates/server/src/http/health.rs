//! `/livez` and `/readyz`: whether this process has to be started anew, and whether to send it
//! requests. Balancers ask every second, so these requests are neither limited nor logged.

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::node::{Node, Stage};

/// Answers a request for one of the two; `None` for any other.
pub(crate) fn answer<B>(node: &Node, request: &Request<B>) -> Option<Response> {
    let mut response = match request.uri().path() {
        "/livez" => "alive\n".into_response(),
        "/readyz" => ready(node),
        _ => return None,
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        response = StatusCode::METHOD_NOT_ALLOWED.into_response();
        let allowed = HeaderValue::from_static("GET,HEAD");
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    Some(response)
}

fn ready(node: &Node) -> Response {
    let readiness = node.readiness();
    let status = match readiness.status {
        Stage::Ready => StatusCode::OK,
        Stage::Starting | Stage::Unreachable | Stage::Draining => StatusCode::SERVICE_UNAVAILABLE,
    };
    // Words and truths can always be written as JSON.
    let body = serde_json::to_vec(&readiness).unwrap_or_default();
    let mut response = (status, Body::from(body)).into_response();
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
