//! Calling a URL that the operator has named.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

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
pub(super) struct Call(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Call")
    }
}

impl Call {
    /// Whom the system trusts is trusted; where it says nothing of that, whom browsers trust.
    pub(super) fn new() -> Self {
        let builder = match HttpsConnectorBuilder::new().with_native_roots() {
            Ok(builder) => builder,
            Err(_) => HttpsConnectorBuilder::new().with_webpki_roots(),
        };
        let connector = builder.https_or_http().enable_http1().build();
        Call(Client::builder(TokioExecutor::new()).build(connector))
    }

    pub(super) async fn get(&self, url: &Url) -> Result<(), Failed> {
        self.send(Method::GET, url, Bytes::new()).await
    }

    /// Posts JSON.
    pub(super) async fn post(&self, url: &Url, json: Vec<u8>) -> Result<(), Failed> {
        self.send(Method::POST, url, json.into()).await
    }

    async fn send(&self, method: Method, url: &Url, body: Bytes) -> Result<(), Failed> {
        let request = Request::builder()
            .method(method)
            .uri(url.0.clone())
            .header(USER_AGENT, concat!("Duly/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| Failed(error.to_string()))?;
        let answer = tokio::time::timeout(PATIENCE, self.0.request(request)).await;
        match answer {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(Failed(format!("the answer was {}", answer.status()))),
            Ok(Err(error)) if error.is_connect() => Err(Failed("nobody answers there".into())),
            Ok(Err(_)) => Err(Failed("the connection broke".into())),
            Err(_) => Err(Failed("no answer in time".into())),
        }
    }
}
