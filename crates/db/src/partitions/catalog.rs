//! What the engine knows of a table.

use crate::{Engine, Query, Result, Row, query};

/// Asks for the names of a table's partitions, as `name`; no rows when it has none. Not for
/// SQLite, like all of these.
pub(super) fn partitions(engine: Engine, table: &str) -> Query {
    query(match engine {
        Engine::Postgres => {
            "SELECT CAST(part.relname AS text) AS name FROM pg_inherits tree \
             JOIN pg_class part ON part.oid = tree.inhrelid WHERE tree.inhparent = to_regclass(?1)"
        }
        _ => {
            "SELECT partition_name AS name FROM information_schema.partitions \
             WHERE table_schema = DATABASE() AND table_name = ?1 AND partition_name IS NOT NULL"
        }
    })
    .bind(table)
}

/// Asks for the columns of a table in their order, as `name` and `type`; no rows when there is no
/// such table.
pub(super) fn columns(engine: Engine, table: &str) -> Query {
    query(match engine {
        Engine::Postgres => {
            "SELECT CAST(attname AS text) AS name, format_type(atttypid, atttypmod) AS type \
             FROM pg_attribute \
             WHERE attrelid = to_regclass(?1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        }
        _ => {
            "SELECT column_name AS name, column_type AS type FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = ?1 ORDER BY ordinal_position"
        }
    })
    .bind(table)
}

/// Asks for the names of a table's indexes, as `name`.
pub(super) fn indexes(engine: Engine, table: &str) -> Query {
    query(match engine {
        Engine::Postgres => {
            "SELECT CAST(about.relname AS text) AS name FROM pg_index one \
             JOIN pg_class about ON about.oid = one.indexrelid \
             WHERE one.indrelid = to_regclass(?1)"
        }
        _ => {
            "SELECT DISTINCT index_name AS name FROM information_schema.statistics \
             WHERE table_schema = DATABASE() AND table_name = ?1"
        }
    })
    .bind(table)
}

/// Asks for the names of the triggers somebody has made on a table, as `name`.
pub(super) fn triggers(engine: Engine, table: &str) -> Query {
    query(match engine {
        Engine::Postgres => {
            "SELECT CAST(tgname AS text) AS name FROM pg_trigger \
             WHERE tgrelid = to_regclass(?1) AND NOT tgisinternal"
        }
        _ => {
            "SELECT trigger_name AS name FROM information_schema.triggers \
             WHERE trigger_schema = DATABASE() AND event_object_table = ?1"
        }
    })
    .bind(table)
}

/// The names of an answer.
pub(super) fn names(rows: &[Row]) -> Result<Vec<String>> {
    rows.iter().map(|row| row.get("name")).collect()
}
