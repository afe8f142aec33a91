//! PostgreSQL.

use super::{require, single};
use crate::options::Durability;
use crate::server::connection::Connection;
use crate::{Error, Row};

pub(super) async fn check(
    connection: &mut Connection,
    durability: Durability,
) -> Result<String, Error> {
    let row = single(
        connection,
        "SELECT CAST(current_setting('server_version_num') AS bigint) AS number, \
         current_setting('server_version') AS version, \
         pg_is_in_recovery() AS is_replica, \
         current_setting('server_encoding') AS encoding, \
         current_setting('TimeZone') AS time_zone, \
         current_setting('fsync') AS fsync, \
         current_setting('full_page_writes') AS whole_pages, \
         current_setting('synchronous_commit') AS commits, \
         CAST(current_user AS text) AS login, CAST(current_schema() AS text) AS place, \
         COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE) AS may_create",
    )
    .await?;
    let version: String = row.get("version")?;
    new_enough(row.get("number")?, &version)?;
    require(!row.get("is_replica")?, || {
        "this server is a replica; name the primary in database.url".into()
    })?;
    let encoding: String = row.get("encoding")?;
    require(encoding == "UTF8", || {
        format!(
            "the database is encoded in {encoding}; make one that can hold every text: \
             CREATE DATABASE duly ENCODING 'UTF8' TEMPLATE template0"
        )
    })?;
    let time_zone: String = row.get("time_zone")?;
    require(matches!(time_zone.as_str(), "UTC" | "Etc/UTC"), || {
        format!(
            "the connection has the time zone {time_zone} although UTC was asked for; let the \
             proxy or pooler in between pass on TimeZone"
        )
    })?;
    if durability == Durability::Full {
        durable(&row)?;
    }
    may_create(&row)?;
    Ok(version)
}

fn new_enough(number: i64, version: &str) -> Result<(), Error> {
    require(number >= 140_000, || {
        format!("the server is PostgreSQL {version}; 14 or newer is needed")
    })
}

/// Without these an acknowledged change can be lost in a power cut, or the files damaged.
fn durable(row: &Row) -> Result<(), Error> {
    for (column, setting, danger) in [
        ("fsync", "fsync", "loses or damages data"),
        (
            "whole_pages",
            "full_page_writes",
            "damages pages half-written",
        ),
        (
            "commits",
            "synchronous_commit",
            "loses changes that were acknowledged",
        ),
    ] {
        let value: String = row.get(column)?;
        require(value != "off", || {
            format!(
                "{setting} is off, so a power cut {danger}; set it to on, for the server, the \
                 database and the user"
            )
        })?;
    }
    Ok(())
}

fn may_create(row: &Row) -> Result<(), Error> {
    let (login, place): (String, Option<String>) = (row.get("login")?, row.get("place")?);
    let Some(place) = place else {
        return Err(Error::Misconfigured(format!(
            "none of the schemas in the search_path of {login} exists or may be used; run as an \
             administrator, in this database: GRANT ALL ON SCHEMA public TO {login}"
        )));
    };
    require(row.get("may_create")?, || {
        format!(
            "{login} may not create tables in the schema {place}; run as an administrator, in this \
             database: GRANT ALL ON SCHEMA {place} TO {login}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_is_refused() {
        new_enough(140_000, "14.0").unwrap();
        let refused = new_enough(130_014, "13.14 (Debian)").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the server is PostgreSQL 13.14 (Debian); 14 or newer is needed"
        );
    }
}
