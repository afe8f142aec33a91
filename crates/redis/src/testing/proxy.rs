//! A network that can lose what is sent, or be slow.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes on what is sent to a server and what it answers, until the test says otherwise. Connections
/// are taken and kept all the time.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    network: watch::Sender<Network>,
    taking: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy)]
enum Network {
    /// Everything arrives so much later.
    Works(Duration),
    /// Nothing arrives.
    Holds,
}

#[expect(clippy::expect_used, reason = "only tests call this")]
impl Proxy {
    /// A way to a port of this machine.
    ///
    /// # Panics
    /// When it cannot listen: a test can do nothing about that.
    pub async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (network, seen) = watch::channel(Network::Works(Duration::ZERO));
        let taking = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
                    continue;
                };
                let (asks, answers) = client.into_split();
                let (from, to) = server.into_split();
                tokio::spawn(pass(asks, to, seen.clone(), false));
                tokio::spawn(pass(from, answers, seen.clone(), true));
            }
        });
        Proxy {
            port,
            network,
            taking,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// From here on nothing arrives, and nobody is told.
    pub fn hold(&self) {
        self.network.send_replace(Network::Holds);
    }

    /// From here on each answer arrives so much later, and with it whatever was held.
    pub fn pass(&self, delay: Duration) {
        self.network.send_replace(Network::Works(delay));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.taking.abort();
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut network: watch::Receiver<Network>,
    is_delayed: bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let works = |network: &Network| matches!(network, Network::Works(_));
        let delay = match network.wait_for(works).await.as_deref() {
            Ok(Network::Works(delay)) if is_delayed => *delay,
            Ok(_) => Duration::ZERO,
            Err(_) => return,
        };
        tokio::time::sleep(delay).await;
        if to
            .write_all(buffer.get(..length).unwrap_or_default())
            .await
            .is_err()
        {
            return;
        }
    }
}
