//! Requests as spans, which the lines of the log name as well.

use axum::http::HeaderMap;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use uuid::Uuid;

use super::{are_on, context};

/// What is known of a request from the beginning. Neither its path nor its query: links in mails carry their secret
/// there.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// As the answer says it.
    pub(crate) id: Uuid,
    pub(crate) method: &'static str,
    /// The path as it is documented.
    pub(crate) route: &'static str,
    /// Where people reach Duly.
    pub(crate) public_url: &'a str,
}

/// A span for a request, whose parent is the one that the headers name. Costs nothing unless it is collected or the
/// log has lines of this level.
pub(crate) fn of_request(asked: &Asked<'_>, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(
        target: "duly::access",
        "request",
        otel.name = Empty,
        // Given below: lines for people have all that a span says.
        otel.kind = Empty,
        otel.status_code = Empty,
        request.id = %asked.id,
        http.request.method = asked.method,
        http.route = asked.route,
        user.id = Empty,
        error.type = Empty,
    );
    if are_on() {
        if let Some(parent) = context::of_request(headers) {
            // It was only just made: nobody has begun it.
            let _ = span.set_parent(parent);
        }
        span.record("otel.kind", "server");
        span.record("otel.name", format!("{} {}", asked.method, asked.route));
        let (scheme, host) = asked.public_url.split_once("://").unwrap_or_default();
        span.set_attribute("url.scheme", scheme.to_owned());
        span.set_attribute("server.address", name_of(host).to_owned());
    }
    span
}

/// The name in `name:port` or `[address]:port`.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Says how the request was answered.
pub(crate) fn answered(span: &Span, status: u16) {
    if are_on() {
        span.set_attribute("http.response.status_code", i64::from(status));
        // What the client did wrong is no error of the server (conventions for HTTP spans).
        if status >= 500 {
            span.record("otel.status_code", "error");
            span.record("error.type", status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_part_of_a_name() {
        for (host, name) in [
            ("duly.example.org", "duly.example.org"),
            ("duly.example.org:8443", "duly.example.org"),
            ("[::1]:3000", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(name_of(host), name);
        }
    }
}
