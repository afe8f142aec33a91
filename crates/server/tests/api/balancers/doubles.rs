//! What stands in for nodes where it must be known exactly what was sent to them.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use futures_util::{StreamExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::Place;

/// Reads a request whole, and hangs up the first time.
pub const HANGS_UP: &str = "/hangs-up";
/// Sends [`FIRST`], and [`SECOND`] when told to.
pub const EVENTS: &str = "/api/v1/events";

pub const FIRST: &str = "data: 1\n\n";
pub const SECOND: &str = "data: 2\n\n";

pub struct Doubles {
    ledger: Arc<Ledger>,
    _listening: JoinSet<()>,
}

/// What all of them were sent.
#[derive(Default)]
struct Ledger {
    requests: Mutex<Vec<Seen>>,
    second: Notify,
}

#[derive(Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub body: Bytes,
}

impl Doubles {
    /// Stands in for some nodes of a place; nobody listens at the others.
    pub async fn listen(place: Place, nodes: &[u16]) -> Self {
        let ledger: Arc<Ledger> = Arc::default();
        let mut listening = JoinSet::new();
        for node in nodes {
            let listener = TcpListener::bind(place.node(*node)).await;
            listening.spawn(serve(listener.expect("a free port"), ledger.clone()));
        }
        Doubles {
            ledger,
            _listening: listening,
        }
    }

    /// The requests with a method that were sent for a path.
    pub fn seen(&self, method: &str, path: &str) -> Vec<Seen> {
        self.ledger.seen(method, path)
    }

    /// Has who streams send the second event.
    pub fn send_second(&self) {
        self.ledger.second.notify_one();
    }
}

async fn serve(listener: TcpListener, ledger: Arc<Ledger>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let ledger = ledger.clone();
        let service = service_fn(move |request| answer(ledger.clone(), request));
        connections.spawn(async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // Hanging up is what some do.
            let _ = connection.await;
        });
    }
}

async fn answer(ledger: Arc<Ledger>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let (method, path) = (head.method.to_string(), head.uri.path().to_owned());
    let again = !ledger.seen(&method, &path).is_empty();
    ledger.requests.lock().expect("no panic").push(Seen {
        method,
        path: path.clone(),
        body,
    });
    if path.starts_with(HANGS_UP) && !again {
        return Err(io::Error::other("it hangs up"));
    }
    Ok(Response::new(match path.as_str() {
        EVENTS => events(ledger),
        _ => Body::empty(),
    }))
}

fn events(ledger: Arc<Ledger>) -> Body {
    let first = stream::iter([Ok::<_, Infallible>(FIRST)]);
    let second = stream::once(async move {
        ledger.second.notified().await;
        Ok(SECOND)
    });
    Body::from_stream(first.chain(second))
}

impl Ledger {
    fn seen(&self, method: &str, path: &str) -> Vec<Seen> {
        let requests = self.requests.lock().expect("no panic");
        let is_it = |seen: &&Seen| seen.method == method && seen.path == path;
        requests.iter().filter(is_it).cloned().collect()
    }
}
