//! A browser, as far as balancers can tell: one connection at a time, kept, over TLS.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Not the address of the balancer, so that it can be told who is who.
pub const OWN_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

pub struct Browser {
    address: SocketAddr,
    name: &'static str,
    tls: TlsConnector,
    connection: Option<SendRequest<Full<Bytes>>>,
    pub cookie: Option<String>,
    /// Sent with every request.
    pub headers: Vec<(&'static str, String)>,
}

/// An answer, or why there was none.
pub type Outcome<T> = Result<T, hyper::Error>;

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert!(self.status.is_success(), "{} {text}", self.status);
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).expect("this header");
        value.to_str().expect("text")
    }
}

impl Browser {
    pub fn new(
        address: SocketAddr,
        name: &'static str,
        certificate: &CertificateDer<'static>,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Browser {
            address,
            name,
            tls: TlsConnector::from(Arc::new(config)),
            connection: None,
            cookie: None,
            headers: Vec::new(),
        }
    }

    /// The same person on another connection.
    pub fn another(&self) -> Self {
        Browser {
            address: self.address,
            name: self.name,
            tls: self.tls.clone(),
            connection: None,
            cookie: self.cookie.clone(),
            headers: self.headers.clone(),
        }
    }

    async fn connect(&self) -> SendRequest<Full<Bytes>> {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind(SocketAddr::new(OWN_ADDRESS, 0))
            .expect("loopback");
        let stream = socket.connect(self.address).await.expect("it listens");
        stream.set_nodelay(true).expect("a connection");
        let name = ServerName::try_from(self.name).expect("a name");
        let stream = self.tls.connect(name, stream).await.expect("TLS");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        sender
    }

    /// Asks, on a new connection when the balancer has closed the one before, and answers before
    /// the body is there.
    pub async fn begin(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Outcome<hyper::Response<Incoming>> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.name)
            .header("origin", format!("https://{}", self.name));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Full::new(Bytes::from(body.to_string()))
            }
            None => Full::default(),
        };
        let request = request.body(body).expect("a valid request");
        let mut kept = self.connection.take();
        if let Some(sender) = &mut kept
            && sender.ready().await.is_err()
        {
            kept = None;
        }
        let mut sender = match kept {
            Some(sender) => sender,
            None => self.connect().await,
        };
        let response = sender.send_request(request).await?;
        self.connection = Some(sender);
        if let Some(cookie) = response.headers().get("set-cookie") {
            let cookie = cookie.to_str().expect("text").split(';').next();
            self.cookie = cookie.map(ToOwned::to_owned);
        }
        Ok(response)
    }

    pub async fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> Outcome<Reply> {
        let (head, body) = self.begin(method, path, body).await?.into_parts();
        Ok(Reply {
            status: head.status,
            headers: head.headers,
            body: body.collect().await?.to_bytes(),
        })
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        let asked = self.ask("GET", path, None).await;
        asked.expect("an answer")
    }
}
