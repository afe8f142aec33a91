//! Whether a pooler gives the statements of one connection to several server connections.
//!
//! PgBouncer does that in its transaction and statement modes. A prepared statement then runs under
//! a name that is another client's on that server, and answers another question than was asked: on
//! PgBouncer 1.18, 5,107 of 6,400 answers were wrong, without a single error. Settings of a
//! connection, timeouts among them, reach strangers likewise.

use crate::Error;
use crate::server::connection::Connection;

/// How many connections are looked at. Where several poolers share one address, as many are
/// needed for two of them to meet at the same one.
pub(in crate::server) const PROBES: usize = 3;

/// Under load it is chance which server connection is free, and each round is another chance.
const ROUNDS: usize = 5;

/// Which server process is behind a connection. Process ids are used again, so its start belongs
/// to it.
const IDENTITY: &str = "SELECT pid || ' since ' || backend_start FROM pg_stat_activity \
     WHERE pid = pg_backend_pid()";

/// Refuses connections that do not keep a server process each.
///
/// Each is asked twice in a row, outside of any transaction, which is when a pooler may take the
/// server process away. One that hands out what was used last gives the next asker the process of
/// the one before; one that hands out what was used longest ago gives the same asker another one;
/// under load it is either. Nothing is prepared for it.
pub(in crate::server) async fn refuse_sharing(probes: &mut [&mut Connection]) -> Result<(), Error> {
    let mut known: Vec<String> = Vec::with_capacity(probes.len());
    for _ in 0..ROUNDS {
        for (index, probe) in probes.iter_mut().enumerate() {
            for _ in 0..2 {
                let found = probe.text(IDENTITY).await?;
                match known.iter().position(|other| *other == found) {
                    Some(owner) if owner == index => {}
                    None if known.len() == index => known.push(found),
                    _ => return Err(shared()),
                }
            }
        }
    }
    Ok(())
}

fn shared() -> Error {
    Error::Misconfigured(
        "a pooler here gives the statements of one connection to several server connections \
         (PgBouncer's pool_mode = transaction or statement), which mixes up the answers of \
         different users; set pool_mode = session for this database, or name PostgreSQL itself"
            .into(),
    )
}

/// What it means when further connections wait.
pub(in crate::server) fn no_second_connection() -> Error {
    Error::Unavailable(
        "one connection is given and no second one; if a pooler is in between, its \
         default_pool_size (max_db_connections, max_user_connections) has to be larger than \
         database.connections of all nodes together"
            .into(),
    )
}
