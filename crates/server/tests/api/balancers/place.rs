//! Addresses that stay free while nobody listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

static PLACES: AtomicU16 = AtomicU16::new(0);

/// Ports on a loopback address that no other process of the machine uses: a node that restarts finds
/// its own again, which a port of 127.0.0.1 would not promise.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    address: IpAddr,
    port: u16,
}

impl Place {
    pub fn new() -> Self {
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        Place {
            address: Ipv4Addr::new(127, 64 + high, middle, low).into(),
            port: 10_000 + 10 * number,
        }
    }

    /// Where node 0, 1 or 2 listens.
    pub fn node(&self, number: u16) -> SocketAddr {
        SocketAddr::new(self.address, self.port + number)
    }

    /// Where the balancer listens without TLS; the second is for what is IPv6 elsewhere.
    pub fn plain(&self) -> [SocketAddr; 2] {
        [self.node(3), self.node(4)]
    }

    /// Where the CDN listens.
    pub fn cdn(&self) -> [SocketAddr; 2] {
        [self.node(7), self.node(8)]
    }

    /// Where the balancer listens.
    pub fn encrypted(&self) -> [SocketAddr; 2] {
        [self.node(5), self.node(6)]
    }
}
