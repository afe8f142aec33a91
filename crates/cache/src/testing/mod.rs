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
use std::time::{Duration, Instant};

/// What is waited for has to be so within this.
const LIMIT: Duration = Duration::from_secs(30);

/// A port nobody listens at.
///
/// # Panics
/// When there is none: a test can do nothing about that.
#[must_use]
#[expect(clippy::expect_used, reason = "only tests call this")]
pub fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    free.local_addr().expect("an address").port()
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
