//! Redis servers, Sentinels and Clusters for each test, and a network between that can be broken.

mod cluster;
mod proxy;
mod sentinels;
mod server;

pub use cluster::RedisCluster;
pub use proxy::Proxy;
pub use sentinels::RedisSentinels;
pub use server::RedisServer;

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// What is waited for has to be so within this.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Below the ports that systems give to whoever connects somewhere: of those, one that was free a
/// moment ago may be taken by a connection of another test.
const FIRST_PORT: u32 = 10_000;
const PORTS: u32 = 20_000;

/// A port nobody listens at. Each process begins elsewhere.
///
/// # Panics
/// When there is none: a test can do nothing about that.
#[must_use]
#[expect(clippy::expect_used, reason = "only tests call this")]
pub fn free_port() -> u16 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(97);
    let mut ports = (0..PORTS).map(|_| {
        let place = begin.wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed));
        FIRST_PORT + place % PORTS
    });
    let is_free = |port: &u32| {
        let port = u16::try_from(*port).expect("a port");
        TcpListener::bind(("127.0.0.1", port)).is_ok()
    };
    let free = ports.find(is_free).expect("a free port");
    u16::try_from(free).expect("a port")
}

/// Asks again and again until it is so.
#[expect(clippy::panic, reason = "only tests call this")]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        if started.elapsed() > LIMIT {
            panic!("{what} has not come");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
