//! MariaDB and MySQL.

use super::{numbers, require, single};
use crate::options::Durability;
use crate::server::connection::Connection;
use crate::{Engine, Error, Row, query};

pub(super) async fn check(
    connection: &mut Connection,
    engine: Engine,
    durability: Durability,
) -> Result<String, Error> {
    let row = single(
        connection,
        "SELECT VERSION() AS version, @@global.read_only AS is_read_only, \
         @@character_set_database AS encoding, @@time_zone AS time_zone, \
         @@global.sync_binlog AS sync_binlog, @@global.log_bin AS has_log, \
         @@global.innodb_flush_log_at_trx_commit AS flush",
    )
    .await?;
    let version: String = row.get("version")?;
    new_enough(engine, &version)?;
    require(!row.get::<bool>("is_read_only")?, || {
        "this server is read-only, as replicas are; name the primary in database.url".into()
    })?;
    let encoding: String = row.get("encoding")?;
    require(encoding == "utf8mb4", || {
        format!(
            "the database is encoded in {encoding}, which cannot hold every text; before it has \
             tables, run: ALTER DATABASE … CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        )
    })?;
    let time_zone: String = row.get("time_zone")?;
    require(time_zone == "+00:00", || {
        format!(
            "the connection has the time zone {time_zone} although UTC was asked for; let the \
             proxy in between pass on SET time_zone"
        )
    })?;
    if durability == Durability::Full {
        durable(&row)?;
    }
    if engine == Engine::MariaDb {
        isolated(connection, &version).await?;
    }
    Ok(version)
}

fn new_enough(engine: Engine, version: &str) -> Result<(), Error> {
    let oldest = match engine {
        Engine::MariaDb => (10, 6),
        _ => (8, 0),
    };
    require(numbers(version) >= oldest, || {
        format!(
            "the server is {version}; {}.{} or newer is needed",
            oldest.0, oldest.1
        )
    })
}

/// Without these an acknowledged change can be lost in a power cut, or be missing on the replicas.
fn durable(row: &Row) -> Result<(), Error> {
    let advice = |name, value| {
        format!(
            "{name} is {value}, so a power cut loses changes that were acknowledged; put \
             {name} = 1 into the server's configuration and run SET GLOBAL {name} = 1"
        )
    };
    let flush: i64 = row.get("flush")?;
    require(flush == 1, || {
        advice("innodb_flush_log_at_trx_commit", flush)
    })?;
    let (has_log, sync): (bool, i64) = (row.get("has_log")?, row.get("sync_binlog")?);
    require(!has_log || sync == 1, || advice("sync_binlog", sync))
}

/// Without it a transaction may write over what another one has changed since it read.
async fn isolated(connection: &mut Connection, version: &str) -> Result<(), Error> {
    let asked = query(
        "SELECT VARIABLE_VALUE AS value FROM information_schema.SESSION_VARIABLES \
         WHERE VARIABLE_NAME = 'INNODB_SNAPSHOT_ISOLATION'",
    );
    let rows = connection.run(&asked).await?.rows;
    let Some(row) = rows.first() else {
        return Err(Error::Misconfigured(format!(
            "the server is {version}, which has no innodb_snapshot_isolation and so loses \
             updates; 10.6.18, 10.11.8, 11.4 or newer is needed"
        )));
    };
    require(row.get::<String>("value")? == "ON", || {
        "innodb_snapshot_isolation is OFF, so the server loses updates; put \
         innodb_snapshot_isolation = ON into the server's configuration and run SET GLOBAL \
         innodb_snapshot_isolation = ON"
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_is_refused() {
        for (engine, version) in [
            (Engine::MariaDb, "10.6.18-MariaDB-log"),
            (Engine::MariaDb, "11.4.2-MariaDB"),
            (Engine::MySql, "8.0.36"),
            (Engine::MySql, "8.4.0"),
        ] {
            new_enough(engine, version).unwrap();
        }
        for (engine, version) in [
            (Engine::MariaDb, "10.5.23-MariaDB-1:10.5.23"),
            (Engine::MariaDb, "5.5.68-MariaDB"),
            (Engine::MySql, "5.7.44-log"),
            (Engine::MySql, "nonsense"),
        ] {
            let refused = new_enough(engine, version).unwrap_err().to_string();
            assert!(refused.contains(version), "{refused}");
            assert!(refused.contains("or newer is needed"), "{refused}");
        }
    }
}
