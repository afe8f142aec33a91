//! Servers that a test sets up in its own way, the proxies in front of them, and the ways there.
//! Nothing here runs when the tests run on SQLite.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod haproxy;
mod poolers;
mod smoke;
mod time_zone;
mod tls;
mod way;

use std::time::Duration;

use duly_db::{Db, Durability, Error, Location, Options};

/// How tests open the servers they have started without durability.
fn options(url: &str, replicas: &[String]) -> Options {
    let mut options = Options::at(Location::parse(url, replicas).unwrap());
    options.durability = Durability::None;
    options.connections = 4;
    options.wait_timeout = Duration::from_secs(20);
    options
}

async fn open(url: &str) -> Result<Db, Error> {
    Db::open(options(url, &[])).await
}

/// Why a server is refused as one that is set up wrong.
async fn refusal(url: &str) -> String {
    match open(url).await {
        Err(Error::Misconfigured(reason)) => reason,
        other => panic!("{url}: {other:?}"),
    }
}

/// The user and the password.
fn login(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    rest.split_once('@').unwrap().0.to_owned()
}
