//! Answering operators and their machines.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use duly_db::Status;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::Operations;
use super::text::{self, KIND};
use crate::http::health;
use crate::node::Readiness;

/// More connections than this wait.
const CONNECTIONS: usize = 64;

/// A client has this long to send its request.
const HEAD: Duration = Duration::from_secs(5);

/// How long to wait before taking connections again after the system had no file handle left.
const BREATH: Duration = Duration::from_millis(100);

const OVERVIEW: &str = "/livez    whether this process lives\n\
     /readyz   whether it should be sent requests; ?verbose for its servers\n\
     /metrics  its figures, as OpenMetrics\n";

/// Answers until it is dropped.
pub(super) async fn serve(listener: TcpListener, operations: Arc<Operations>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let operations = operations.clone();
                tokio::spawn(async move {
                    converse(stream, operations).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection of an operator was not taken");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, operations: Arc<Operations>) {
    let service = service_fn(|request| {
        let operations = operations.clone();
        async move { Ok::<_, Infallible>(answer(&operations, &request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    // Whoever goes away is told nothing.
    let _ = served.await;
}

async fn answer(operations: &Operations, request: &Request<Incoming>) -> Response {
    let is_verbose = request
        .uri()
        .query()
        .is_some_and(|query| query.split('&').any(|one| one == "verbose"));
    let mut response = match health::answer(&operations.node, request) {
        Some(response) if is_verbose && request.uri().path() == "/readyz" => {
            (response.status(), verbose(operations)).into_response()
        }
        Some(response) => return response,
        None => match request.uri().path() {
            "/metrics" => {
                let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(KIND))];
                (kind, text::write(operations).await).into_response()
            }
            "/" => OVERVIEW.into_response(),
            _ => (StatusCode::NOT_FOUND, OVERVIEW).into_response(),
        },
    };
    let unkept = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, unkept);
    response
}

/// Readiness with what it comes from.
#[derive(Serialize)]
struct Verbose {
    #[serde(flatten)]
    readiness: Readiness,
    version: &'static str,
    role: &'static str,
    /// Not known before the start is complete.
    servers: Option<Status>,
}

fn verbose(operations: &Operations) -> Response {
    let verbose = Verbose {
        readiness: operations.node.readiness(),
        version: env!("CARGO_PKG_VERSION"),
        role: operations.role,
        servers: operations.tracker().map(|tracker| tracker.db.status()),
    };
    // Words, numbers and truths can always be written as JSON.
    let body = serde_json::to_vec_pretty(&verbose).unwrap_or_default();
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, Body::from(body)).into_response()
}
