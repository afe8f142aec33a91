//! Taking connections: at most so many, at most so many from one address, none that dawdles over
//! its request's head, and a calm end.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::address::subscriber;
use super::answer;
use crate::app::App;

/// The head of a request may be this long; browsers send about 1 KiB.
const HEAD_LIMIT: usize = 32 * 1024;

/// How long to wait before taking connections again after the system had no file handle left.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until told to stop, then answers what is under way, for at most the drain timeout.
pub async fn serve(listener: TcpListener, app: Arc<App>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(app.context.http.max_connections));
    let addresses = Addresses::new(app.context.http.max_connections_per_address);
    let connections = TaskTracker::new();
    loop {
        let next = tokio::select! {
            next = next_connection(&listener, &places) => next,
            () = stop.cancelled() => break,
        };
        let Some((stream, peer, place)) = next else {
            continue;
        };
        let is_proxy = app
            .context
            .http
            .trusted_proxies
            .iter()
            .any(|network| network.contains(peer));
        let seat = if is_proxy {
            None
        } else {
            addresses.enter(peer)
        };
        if !is_proxy && seat.is_none() {
            tracing::debug!(client.address = %peer, "too many connections from this address");
            continue;
        }
        let (app, stop) = (app.clone(), stop.clone());
        connections.spawn(async move {
            connection(stream, peer, app, stop).await;
            drop((place, seat));
        });
    }
    drop(listener);
    connections.close();
    app.changes.close();
    let drained = async {
        connections.wait().await;
        app.changes.wait().await;
    };
    if tokio::time::timeout(app.context.http.drain_timeout, drained)
        .await
        .is_err()
    {
        tracing::warn!(
            connections = connections.len(),
            "stopped before every client was answered"
        );
    }
}

async fn next_connection(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer.ip().to_canonical(), place)),
        Err(error) => {
            // Out of file handles or memory: connections that end will give some back. A client
            // that gave up while waiting is no reason to wait.
            if error.kind() != std::io::ErrorKind::ConnectionAborted {
                tracing::error!(%error, "cannot take a connection");
                tokio::time::sleep(BREATH).await;
            }
            None
        }
    }
}

async fn connection(stream: TcpStream, peer: IpAddr, app: Arc<App>, stop: CancellationToken) {
    // Answers are written whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let header_timeout = app.context.http.header_timeout;
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let app = app.clone();
        async move { Ok::<_, Infallible>(answer(&app, request.map(Body::new), peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(client.address = %peer, %error, "the connection ended early");
    }
}

/// How many connections each address has open.
#[derive(Clone)]
struct Addresses {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
}

/// One connection of an address; ends when dropped.
struct Seat {
    addresses: Addresses,
    subscriber: IpAddr,
}

impl Addresses {
    fn new(most: usize) -> Self {
        Addresses {
            open: Arc::default(),
            most,
        }
    }

    fn enter(&self, address: IpAddr) -> Option<Seat> {
        let subscriber = subscriber(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(subscriber).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Seat {
            addresses: self.clone(),
            subscriber,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self
            .addresses
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.subscriber) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.subscriber);
            }
        }
    }
}
