//! What a server has to be before its data is entrusted to it. Nothing is changed by looking.

mod mysql;
mod pooler;
mod postgres;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::connection::Connection;
use super::lineage::{Relation, Sighting};
use super::pool::Pool;
use super::replicas::Replica;
use super::{monitor, sighting};
use crate::options::Durability;
use crate::{Engine, Error, Row, query};

pub(super) use pooler::{PROBES, no_second_connection, refuse_sharing};

/// So long a replica may take to answer the first look.
const PATIENCE: Duration = Duration::from_secs(2);

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

/// Refuses a primary that has been succeeded by one of the replicas, or by the one they follow, and
/// replicas that take changes themselves.
pub(super) async fn together(
    pool: &Pool,
    primary: &mut Connection,
    replicas: &[Arc<Replica>],
) -> Result<(), Error> {
    // All go on meanwhile, so the primary comes last.
    let looks = join_all(replicas.iter().map(|replica| look(&replica.pool))).await;
    let primary = sighting::look(primary).await?;
    let looks = looks.into_iter().collect::<Result<Vec<_>, Error>>()?;
    let seen = || {
        replicas
            .iter()
            .zip(&looks)
            .filter_map(|(one, seen)| Some((one, seen.as_ref()?)))
    };
    for (replica, seen) in seen() {
        if Relation::of(seen, &primary) == Relation::IsAhead {
            let reason = monitor::former(replica.pool.address().name());
            return Err(pool.named(Error::Misconfigured(reason)));
        }
    }
    if let Some((replica, _)) = seen().find(|(_, seen)| !seen.is_read_only) {
        return Err(replica.pool.named(Error::Misconfigured(
            "this server is no replica: it takes changes itself; take it out of \
             database.replicas, or make it follow the primary"
                .into(),
        )));
    }
    Ok(())
}

/// Looks at a replica. One that cannot be reached is no reason not to start: it is asked once it
/// answers.
async fn look(pool: &Pool) -> Result<Option<Sighting>, Error> {
    let looked = async {
        let mut connection = pool.connect().await?;
        sighting::look(&mut connection).await
    };
    match tokio::time::timeout(PATIENCE, looked).await {
        Ok(Ok(seen)) => Ok(Some(seen)),
        Ok(Err(error @ Error::Misconfigured(_))) => Err(pool.named(error)),
        Ok(Err(_)) | Err(_) => Ok(None),
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
