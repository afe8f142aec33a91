//! What a server has to be before its data is entrusted to it. Nothing is changed by looking.

mod mysql;
mod pooler;
mod postgres;

use super::connection::Connection;
use super::pool::Pool;
use super::sighting;
use crate::db::Durability;
use crate::{Engine, Error, Row, query};

pub(super) use pooler::{PROBES, no_second_connection, refuse_sharing};

/// Refuses a server that would lose or mix up data, and says what to do about it. Answers the
/// server's version.
pub(super) async fn primary(
    connection: &mut Connection,
    durability: Durability,
) -> Result<String, Error> {
    match connection.engine() {
        Engine::Postgres => postgres::check(connection, durability).await,
        engine => mysql::check(connection, engine, durability).await,
    }
}

/// Refuses a replica that takes changes itself. One that cannot be reached is no reason not to
/// start: it is asked once it answers.
pub(super) async fn replica(pool: &Pool) -> Result<(), Error> {
    let looked = async {
        let mut connection = pool.connect().await?;
        sighting::look(&mut connection).await
    };
    match looked.await {
        Ok(seen) if !seen.is_read_only => Err(pool.named(Error::Misconfigured(
            "this server is no replica: it takes changes itself; take it out of \
             database.replicas, or make it follow the primary"
                .into(),
        ))),
        Err(error @ Error::Misconfigured(_)) => Err(pool.named(error)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Says what to look at when there is no connection at the start.
pub(super) fn unreachable(error: Error) -> Error {
    match error {
        Error::Unavailable(reason) => Error::Unavailable(format!(
            "{reason}; look whether the server runs and whether database.url names it"
        )),
        other => other,
    }
}

/// The first two numbers of a version: `10.11.19-MariaDB` is (10, 11).
fn numbers(version: &str) -> (u32, u32) {
    let mut parts = version
        .split(['.', '-'])
        .map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

async fn single(connection: &mut Connection, text: &'static str) -> Result<Row, Error> {
    let rows = connection.run(&query(text)).await?.rows;
    rows.into_iter()
        .next()
        .ok_or_else(|| Error::Other("the server said nothing about itself".into()))
}

fn require(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::Misconfigured(otherwise()))
    }
}
