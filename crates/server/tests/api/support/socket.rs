//! Duly on a real socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use duly_server::http::Threads;
use duly_server::http::listener::{Entrance, serve};
use duly_server::node::{Node, Stop};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::TestApp;

/// The accept loop, running.
pub struct TestServer {
    pub address: SocketAddr,
    pub node: Arc<Node>,
    pub stop: Stop,
    pub ended: JoinHandle<()>,
}

impl TestServer {
    pub async fn start(app: &TestApp) -> Self {
        Self::of(Node::started(app.app.clone())).await
    }

    pub async fn of(node: Arc<Node>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let stop = Stop::default();
        let threads = Threads::start().expect("threads");
        let served = serve(Entrance::Own(listener), node.clone(), threads, stop.clone());
        let ended = tokio::spawn(served);
        TestServer {
            address,
            node,
            stop,
            ended,
        }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }
}

/// Sends bytes and reads until the other side closes, at most ten seconds.
pub async fn send_raw(stream: &mut TcpStream, bytes: &[u8]) -> String {
    stream.write_all(bytes).await.expect("it reads");
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer))
        .await
        .expect("it closes the connection")
        .or_else(|error| match error.kind() {
            std::io::ErrorKind::ConnectionReset => Ok(0),
            _ => Err(error),
        })
        .expect("it can be read");
    String::from_utf8_lossy(&answer).into_owned()
}
