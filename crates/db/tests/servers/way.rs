//! The way to a server, which may lead to several or change what passes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Passes on what a client sends, connection by connection to the next of the servers.
pub(crate) struct Way {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Way {
    /// Passes on everything as it is.
    pub(crate) async fn to(urls: &[String]) -> Self {
        Self::rewriting(urls, "\0", "\0").await
    }

    /// Replaces the one text by the other, of the same length, in what clients send at once.
    pub(crate) async fn rewriting(urls: &[String], from: &'static str, to: &'static str) -> Self {
        assert_eq!(from.len(), to.len());
        let servers: Arc<[String]> = urls.iter().map(|url| place(url).to_owned()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let next = AtomicUsize::new(0);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let index = next.fetch_add(1, Ordering::Relaxed) % servers.len();
                let server = servers[index].clone();
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(server).await {
                        let _ = pass(client, server, from, to).await;
                    }
                });
            }
        });
        Way { address, task }
    }

    /// The URL with the way's address in it.
    pub(crate) fn url(&self, url: &str) -> String {
        url.replace(place(url), &self.address.to_string())
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The host and the port.
fn place(url: &str) -> &str {
    let (_, rest) = url.split_once('@').unwrap();
    rest.split_once('/').unwrap().0
}

async fn pass(client: TcpStream, server: TcpStream, from: &str, to: &str) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut bytes = vec![0; 1 << 16];
    loop {
        let count = from_client.read(&mut bytes).await?;
        if count == 0 {
            drop(to_server);
            let _ = back.await;
            return Ok(());
        }
        let part = &mut bytes[..count];
        let mut windows = part.windows(from.len());
        let found = windows.position(|window| window == from.as_bytes());
        if let Some(start) = found {
            part[start..start + to.len()].copy_from_slice(to.as_bytes());
        }
        to_server.write_all(part).await?;
    }
}
