//! An address that can be moved from server to server, as a proxy does it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

pub(crate) struct Way {
    address: SocketAddr,
    target: Arc<Mutex<String>>,
    passing: Arc<Mutex<JoinSet<()>>>,
    made: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Way {
    /// An address that leads to the server of this URL.
    pub(crate) async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let target = Arc::new(Mutex::new(place(url).to_owned()));
        let passing = Arc::<Mutex<JoinSet<()>>>::default();
        let made = Arc::<AtomicUsize>::default();
        let (to, connections, count) = (target.clone(), passing.clone(), made.clone());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let server = to.lock().unwrap().clone();
                connections.lock().unwrap().spawn(pass(client, server));
            }
        });
        Way {
            address,
            target,
            passing,
            made,
            task,
        }
    }

    /// The URL with this address in it.
    pub(crate) fn url(&self, url: &str) -> String {
        url.replace(place(url), &self.address.to_string())
    }

    /// Leads new connections to another server. The old ones stay where they are.
    pub(crate) fn lead_to(&self, url: &str) {
        place(url).clone_into(&mut self.target.lock().unwrap());
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        self.passing.lock().unwrap().abort_all();
    }

    /// How many connections there have been.
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        let mut passing = self.passing.lock().unwrap();
        while passing.try_join_next().is_some() {}
        passing.len()
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

async fn pass(mut client: TcpStream, server: String) {
    if let Ok(mut server) = TcpStream::connect(server).await {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}
