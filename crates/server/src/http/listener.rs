//! Taking connections: at most so many, at most so many from one address, none that dawdles over
//! its request's head, and an end that costs nobody a request.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
#[cfg(target_os = "linux")]
use socket2::{SockFilter, SockRef};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::address::subscriber;
use super::patience::Patience;
use super::threads::Threads;
use super::{answer, health};
use crate::node::{Node, Stop};

/// The head of a request may be this long; browsers send about 1 KiB.
const HEAD_LIMIT: usize = 32 * 1024;

/// How long to wait before taking connections again after the system had no file handle left.
const BREATH: Duration = Duration::from_millis(100);

/// How long a connection without a request is kept after the last connection was taken: what its
/// client has sent is on its way, and would be answered with a reset.
const LINGER: Duration = Duration::from_millis(500);

/// How long those whose connection is half made when newcomers are turned away have to complete it:
/// a round trip to the other side of the world.
const HANDSHAKE: Duration = Duration::from_millis(200);

/// The socket that connections come in by.
#[derive(Debug)]
pub enum Entrance {
    /// It closes with this process.
    Own(TcpListener),
    /// It is lent, and stays open: whoever comes after the last connection was taken waits in it for the next process.
    Lent(TcpListener),
}

/// Serves on these threads until told to stop. Then it says that it is not ready, goes on for the
/// drain delay, takes no more connections, and answers what is under way for at most the drain
/// timeout.
pub async fn serve(entrance: Entrance, node: Arc<Node>, threads: Threads, stop: Stop) {
    let door = Door::new(node.clone(), threads);
    let (Entrance::Own(listener) | Entrance::Lent(listener)) = &entrance;
    door.take_until(listener, stop.told.cancelled()).await;
    node.drain();
    let noticed = async {
        tokio::select! {
            () = tokio::time::sleep(node.http.drain_delay) => {}
            () = stop.at_once.cancelled() => {}
        }
    };
    door.take_until(listener, noticed).await;
    let is_gentle = !node.http.drain_delay.is_zero() || matches!(entrance, Entrance::Lent(_));
    match entrance {
        // Nothing may be done to it, because the next process has the same one.
        Entrance::Lent(listener) => drop(listener),
        Entrance::Own(listener) => {
            turn_newcomers_away(&listener);
            if is_gentle && !stop.at_once.is_cancelled() {
                let made = tokio::time::sleep(HANDSHAKE);
                door.take_until(&listener, made).await;
            }
            door.take_rest(listener);
        }
    }
    door.connections.close();
    if is_gentle {
        tokio::select! {
            () = door.connections.wait() => {}
            () = tokio::time::sleep(LINGER) => {}
            () = stop.at_once.cancelled() => {}
        }
    }
    door.closed.cancel();
    let drained = async {
        door.connections.wait().await;
        if let Some(app) = node.app() {
            app.changes.close();
            app.changes.wait().await;
        }
    };
    if tokio::time::timeout(node.http.drain_timeout, drained)
        .await
        .is_err()
    {
        tracing::warn!(
            connections = door.connections.len(),
            "stopped before every client was answered"
        );
    }
}

/// Where connections come in.
struct Door {
    node: Arc<Node>,
    threads: Threads,
    places: Arc<Semaphore>,
    addresses: Addresses,
    connections: TaskTracker,
    /// Cancelled once connections without a request are to be closed.
    closed: CancellationToken,
}

impl Door {
    fn new(node: Arc<Node>, threads: Threads) -> Self {
        Door {
            threads,
            places: Arc::new(Semaphore::new(node.http.max_connections)),
            addresses: Addresses::new(node.http.max_connections_per_address),
            connections: TaskTracker::new(),
            closed: CancellationToken::new(),
            node,
        }
    }

    async fn take_until(&self, listener: &TcpListener, end: impl Future<Output = ()>) {
        let mut end = std::pin::pin!(end);
        loop {
            let next = tokio::select! {
                next = next_connection(listener, &self.places) => next,
                () = end.as_mut() => break,
            };
            if let Some((stream, peer, place)) = next {
                // From here on another runtime waits for it.
                match stream.into_std() {
                    Ok(stream) => self.admit(stream, peer, place),
                    Err(error) => tracing::debug!(%error, "a connection was lost"),
                }
            }
        }
    }

    /// Takes those who have come in already and wait, and closes. Asks the system itself, which
    /// knows of connections that the runtime was not told of yet.
    fn take_rest(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else {
            return;
        };
        while let Ok((stream, peer)) = listener.accept() {
            let taken = stream.set_nonblocking(true);
            if let (Ok(()), Ok(place)) = (taken, self.places.clone().try_acquire_owned()) {
                self.admit(stream, peer.ip().to_canonical(), place);
            }
        }
    }

    fn admit(&self, stream: std::net::TcpStream, peer: IpAddr, place: OwnedSemaphorePermit) {
        let trusted = &self.node.http.trusted_proxies;
        let is_proxy = trusted.iter().any(|network| network.contains(peer));
        let seat = if is_proxy {
            None
        } else {
            self.addresses.enter(peer)
        };
        if !is_proxy && seat.is_none() {
            tracing::debug!(client.address = %peer, "too many connections from this address");
            return;
        }
        let (node, closed) = (self.node.clone(), self.closed.clone());
        let (chair, runtime) = self.threads.chair();
        let served = async move {
            match TcpStream::from_std(stream) {
                Ok(stream) => connection(stream, peer, node, closed).await,
                Err(error) => tracing::error!(%error, "cannot serve a connection"),
            }
            drop((place, seat, chair));
        };
        self.connections.spawn_on(served, runtime);
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

/// Has the system ignore requests for new connections. Closing a listener resets the connections
/// that are made already and wait to be taken, and between the last look and the end there is
/// always time for one more. Who is ignored asks again a second later and is then refused, which a
/// client, unlike a reset, may take as leave to go elsewhere with any request.
#[cfg(target_os = "linux")]
fn turn_newcomers_away(listener: &TcpListener) {
    // A classic BPF program over the TCP header (RFC 9293, 3.1): its byte 13 holds the flags.
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;
    let program = [
        SockFilter::new(LOAD_BYTE, 0, 0, 13),
        SockFilter::new(AND, 0, 0, SYN | ACK),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ];
    if let Err(error) = SockRef::from(listener).attach_filter(&program) {
        tracing::debug!(%error, "connections made in the last moment may be reset");
    }
}

/// Other systems have no such filter: whoever comes in the last moment may meet a reset.
#[cfg(not(target_os = "linux"))]
fn turn_newcomers_away(_: &TcpListener) {}

async fn connection(stream: TcpStream, peer: IpAddr, node: Arc<Node>, closed: CancellationToken) {
    // Answers are written whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let header_timeout = node.http.header_timeout;
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let node = node.clone();
        async move { Ok::<_, Infallible>(respond(&node, request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(Patience::default())
        .header_read_timeout(header_timeout)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = closed.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(client.address = %peer, %error, "the connection ended early");
    }
}

/// Answers a request; one that comes before the start is complete waits for that.
async fn respond(
    node: &Node,
    request: hyper::Request<hyper::body::Incoming>,
    peer: IpAddr,
) -> Response {
    let mut response = match (health::answer(node, &request), node.app()) {
        (Some(response), _) => response,
        (None, Some(app)) => answer(app, request, peer).await,
        (None, None) => {
            let app = Box::pin(node.wait_for_app()).await;
            answer(app, request, peer).await
        }
    };
    if node.is_draining() {
        // The client's next request finds another node.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
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
