//! What a server has to be before its data is entrusted to it.

use super::connection::Connection;
use super::pool::Pool;
use super::sighting;
use crate::db::Durability;
use crate::{Engine, Error, Row, query};

/// Refuses a server that would lose or mix up data, and says what to do about it. Answers the
/// server's version.
pub(super) async fn primary(
    connection: &mut Connection,
    durability: Durability,
) -> Result<String, Error> {
    match connection.engine() {
        Engine::Postgres => postgres(connection, durability).await,
        engine => mysql(connection, engine, durability).await,
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
            "this server is no replica: it takes changes itself; take it out of database.replicas"
                .into(),
        ))),
        Err(error @ Error::Misconfigured(_)) => Err(pool.named(error)),
        Ok(_) | Err(_) => Ok(()),
    }
}

async fn postgres(connection: &mut Connection, durability: Durability) -> Result<String, Error> {
    let row = single(
        connection,
        "SELECT CAST(current_setting('server_version_num') AS bigint) AS number, \
         current_setting('server_version') AS version, \
         pg_is_in_recovery() AS is_replica, \
         current_setting('server_encoding') AS encoding, \
         current_setting('TimeZone') AS time_zone, \
         current_setting('fsync') AS fsync",
    )
    .await?;
    let (number, version): (i64, String) = (row.get("number")?, row.get("version")?);
    require(number >= 140_000, || {
        format!("the server is PostgreSQL {version}; 14 or newer is needed")
    })?;
    require(!row.get("is_replica")?, || {
        "this server is a replica; name the primary in database.url".into()
    })?;
    let encoding: String = row.get("encoding")?;
    require(encoding == "UTF8", || {
        format!("the database is encoded in {encoding}; make one with ENCODING 'UTF8'")
    })?;
    let fsync: String = row.get("fsync")?;
    require(durability == Durability::None || fsync == "on", || {
        "fsync is off, so a power cut loses or damages data; set it to on".into()
    })?;
    let time_zone: String = row.get("time_zone")?;
    require(matches!(time_zone.as_str(), "UTC" | "Etc/UTC"), || {
        format!(
            "the connection has the time zone {time_zone} and not UTC; a pooler keeps it from us"
        )
    })?;
    Ok(version)
}

async fn mysql(
    connection: &mut Connection,
    engine: Engine,
    durability: Durability,
) -> Result<String, Error> {
    let row = single(
        connection,
        "SELECT VERSION() AS version, @@global.read_only AS is_read_only, \
         @@character_set_database AS encoding, @@time_zone AS time_zone, \
         @@global.sync_binlog AS sync_binlog, @@global.log_bin AS has_log, \
         @@global.innodb_flush_log_at_trx_commit AS flush, @@sql_mode AS mode",
    )
    .await?;
    let version: String = row.get("version")?;
    let oldest = if engine == Engine::MariaDb {
        (10, 6)
    } else {
        (8, 0)
    };
    require(numbers(&version) >= oldest, || {
        format!(
            "the server is {version}; {}.{} or newer is needed",
            oldest.0, oldest.1
        )
    })?;
    let encoding: String = row.get("encoding")?;
    require(encoding == "utf8mb4", || {
        format!("the database is encoded in {encoding}; run ALTER DATABASE … CHARACTER SET utf8mb4")
    })?;
    let time_zone: String = row.get("time_zone")?;
    require(time_zone == "+00:00", || {
        format!(
            "the connection has the time zone {time_zone} and not UTC; a proxy keeps it from us"
        )
    })?;
    require(!row.get::<bool>("is_read_only")?, || {
        "this server is read-only: a replica; name the primary in database.url".into()
    })?;
    if durability == Durability::Full {
        mysql_durability(&row)?;
    }
    if engine == Engine::MariaDb {
        let row = single(
            connection,
            "SELECT @@global.innodb_snapshot_isolation AS isolation",
        )
        .await?;
        require(row.get("isolation")?, || {
            "innodb_snapshot_isolation is OFF, so the server loses updates; set it to ON in the \
             server's configuration (SET GLOBAL innodb_snapshot_isolation = ON takes effect at once)"
                .into()
        })?;
    }
    Ok(version)
}

/// Without these an acknowledged change can be lost in a power cut, or be missing on the replicas.
fn mysql_durability(row: &Row) -> Result<(), Error> {
    let flush: i64 = row.get("flush")?;
    require(flush == 1, || {
        format!("innodb_flush_log_at_trx_commit is {flush}; set it to 1")
    })?;
    let (has_log, sync): (bool, i64) = (row.get("has_log")?, row.get("sync_binlog")?);
    require(!has_log || sync == 1, || {
        format!("sync_binlog is {sync}; set it to 1")
    })
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
