//! Calling a URL that the operator has named.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper::{Method, Request, Uri};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::outgoing::{self, Outgoing};
use crate::traces;

/// Whoever does not answer within this time has not heard it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where to call. It may hold a secret, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(Uri);

impl FromStr for Url {
    type Err = Failed;

    fn from_str(text: &str) -> Result<Self, Failed> {
        let uri: Uri = text.parse().map_err(|_| Failed("not a URL".into()))?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
        match is_http {
            true => Ok(Url(uri)),
            false => Err(Failed("not an http:// or https:// URL".into())),
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Url(…)")
    }
}

/// Why nobody heard it; names no URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(String);

impl From<String> for Failed {
    fn from(text: String) -> Self {
        Failed(text)
    }
}

/// Calls by HTTP or HTTPS.
#[derive(Clone)]
pub(super) struct Call(Outgoing);

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Call")
    }
}

impl Call {
    pub(super) fn new() -> Self {
        Call(outgoing::client())
    }

    pub(super) async fn get(&self, url: &Url) -> Result<(), Failed> {
        self.send(Method::GET, url, Bytes::new()).await
    }

    /// Posts JSON.
    pub(super) async fn post(&self, url: &Url, json: Vec<u8>) -> Result<(), Failed> {
        self.send(Method::POST, url, json.into()).await
    }

    async fn send(&self, method: Method, url: &Url, body: Bytes) -> Result<(), Failed> {
        let span = tracing::info_span!(
            "call",
            otel.name = method.as_str(),
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = method.as_str(),
            http.response.status_code = Empty,
            server.address = url.0.host(),
            error.type = Empty,
        );
        let sent = self.send_within(&span, method, url, body);
        let sent = sent.instrument(span.clone()).await;
        if sent.is_err() {
            span.record("otel.status_code", "error");
        }
        sent
    }

    async fn send_within(
        &self,
        span: &Span,
        method: Method,
        url: &Url,
        body: Bytes,
    ) -> Result<(), Failed> {
        let mut request = Request::builder()
            .method(method)
            .uri(url.0.clone())
            .header(USER_AGENT, concat!("Duly/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| Failed(error.to_string()))?;
        traces::carry(span, request.headers_mut());
        let answer = tokio::time::timeout(PATIENCE, self.0.request(request)).await;
        if let Ok(Ok(answer)) = &answer {
            span.record("http.response.status_code", answer.status().as_u16());
        }
        match answer {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(Failed(format!("the answer was {}", answer.status()))),
            Ok(Err(error)) if error.is_connect() => Err(Failed("nobody answers there".into())),
            Ok(Err(_)) => Err(Failed("the connection broke".into())),
            Err(_) => Err(Failed("no answer in time".into())),
        }
    }
}
