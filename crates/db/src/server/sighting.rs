//! Looking at a server: what it is and how far it has come.

use super::connection::Connection;
use super::lineage::{Position, Sighting};
use crate::{Engine, Error, Row, query};

/// On a primary the position is what is safely on disk: a position that a crash could take back
/// would make the restarted server look like one that lacks something. The control file of a
/// replica learns late of a new timeline, and what it receives says so at once; only a user with
/// the role `pg_read_all_stats` may see that.
const POSTGRES: &str = "SELECT pg_is_in_recovery() AS is_read_only, \
     (SELECT CAST(received_tli AS bigint) FROM pg_stat_wal_receiver) AS receives, \
     CASE WHEN pg_is_in_recovery() \
     THEN (SELECT CAST(GREATEST(started.timeline_id, reached.min_recovery_end_timeline) AS bigint) \
     FROM pg_control_checkpoint() started, pg_control_recovery() reached) \
     ELSE CAST(('x' || SUBSTR(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32) AS bigint) \
     END AS timeline, \
     CAST(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
     ELSE pg_current_wal_flush_lsn() END, '0/0') AS bigint) AS position";

const MARIADB: &str = "SELECT @@global.read_only AS is_read_only, \
     CAST(@@global.server_id AS CHAR) AS identity, \
     CONCAT_WS(',', @@global.gtid_slave_pos, @@global.gtid_binlog_state) AS position";

const MYSQL: &str = "SELECT @@global.read_only AS is_read_only, @@server_uuid AS identity, \
     @@global.gtid_executed AS position";

/// Looks at a server.
pub(super) async fn look(connection: &mut Connection) -> Result<Sighting, Error> {
    let engine = connection.engine();
    let text = match engine {
        Engine::Postgres => POSTGRES,
        Engine::MariaDb => MARIADB,
        Engine::MySql | Engine::Sqlite => MYSQL,
    };
    let rows = connection.ask(&query(text)).await?.rows;
    let row = rows
        .first()
        .ok_or_else(|| Error::Other("the server said nothing about itself".into()))?;
    match engine {
        Engine::Postgres => postgres(row),
        Engine::MariaDb => named(row, mariadb_position),
        Engine::MySql | Engine::Sqlite => named(row, mysql_position),
    }
}

fn postgres(row: &Row) -> Result<Sighting, Error> {
    let is_read_only: bool = row.get("is_read_only")?;
    let receives: Option<u32> = row.get("receives")?;
    let timeline: u32 = row
        .get::<u32>("timeline")?
        .max(receives.unwrap_or_default());
    let position: u64 = row.get::<Option<u64>>("position")?.unwrap_or_default();
    // A replica is on the timeline of its primary, and not the same.
    let identity = match is_read_only {
        true => format!("a replica on timeline {timeline}"),
        false => format!("timeline {timeline}"),
    };
    Ok(Sighting {
        identity,
        timeline,
        receives,
        position: Position::new([("wal".into(), timeline.to_string(), position)]),
        is_read_only,
    })
}

fn named(row: &Row, position: impl Fn(&str) -> Position) -> Result<Sighting, Error> {
    let identity: String = row.get("identity")?;
    Ok(Sighting {
        identity: format!("server {identity}"),
        timeline: 0,
        receives: None,
        position: position(&row.get::<String>("position")?),
        is_read_only: row.get("is_read_only")?,
    })
}

/// `0-1-103,0-2-105`: domain, server and number of the last change of each. A place may stand
/// there twice, once for what was received and once for what was written.
fn mariadb_position(text: &str) -> Position {
    Position::new(text.split(',').filter_map(|part| {
        let (place, last) = part.trim().rsplit_once('-')?;
        let (domain, server) = place.split_once('-')?;
        Some((domain.to_owned(), server.to_owned(), last.parse().ok()?))
    }))
}

/// `uuid:1-100:105,uuid:1-5`: which changes of each server there are.
fn mysql_position(text: &str) -> Position {
    Position::new(text.split(',').filter_map(|part| {
        let (server, ranges) = part.trim().split_once(':')?;
        let last = ranges.rsplit([':', '-']).next()?;
        Some((server.to_owned(), server.to_owned(), last.parse().ok()?))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_as_each_server_writes_them() {
        let mariadb = mariadb_position("0-1-103,0-1-100,0-2-105,1-9-7");
        let expected = [("0", "1", 103), ("0", "2", 105), ("1", "9", 7)];
        assert_eq!(mariadb, position(&expected));
        assert_eq!(mariadb.total(), 112);
        let mysql = mysql_position("3e11fa47:1-77:80,\n8f1c:1-5:9-12");
        let expected = [("3e11fa47", "3e11fa47", 80), ("8f1c", "8f1c", 12)];
        assert_eq!(mysql, position(&expected));
        assert_eq!(mysql.total(), 92);
        assert_eq!(mariadb_position(""), Position::default());
        assert_eq!(mysql_position(""), Position::default());
    }

    fn position(parts: &[(&str, &str, u64)]) -> Position {
        Position::new(
            parts
                .iter()
                .map(|(stream, writer, last)| ((*stream).to_owned(), (*writer).to_owned(), *last)),
        )
    }
}
