//! Asking other servers by HTTP.

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Sends requests.
pub(crate) type Outgoing = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Whom the system trusts is trusted; where it says nothing of that, whom browsers trust.
pub(crate) fn client() -> Outgoing {
    let builder = match HttpsConnectorBuilder::new().with_native_roots() {
        Ok(builder) => builder,
        Err(_) => HttpsConnectorBuilder::new().with_webpki_roots(),
    };
    let connector = builder.https_or_http().enable_http1().build();
    Client::builder(TokioExecutor::new()).build(connector)
}
