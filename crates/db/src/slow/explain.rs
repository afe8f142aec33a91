//! How the engine would run a statement. Nothing is run, and nothing that was bound is shown.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Conn, Engine, Query, Result, Row, Value, query};

/// What MariaDB and MySQL say of each step, in their order.
const COLUMNS: [&str; 10] = [
    "id",
    "select_type",
    "table",
    "type",
    "possible_keys",
    "key",
    "key_len",
    "ref",
    "rows",
    "Extra",
];

/// Numbers what has a name on a connection, should it be left there by a failure.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The plan of a statement as lines of text.
pub(crate) async fn explain(conn: &mut Conn, engine: Engine, explained: &Query) -> Result<String> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let answers = conn.snapshot(statements(engine, explained, number)).await?;
    let rows = answers
        .iter()
        .find(|rows| !rows.is_empty())
        .map_or(&[][..], Vec::as_slice);
    match engine {
        Engine::Sqlite => tree(rows),
        Engine::Postgres => lines(rows),
        Engine::MariaDb | Engine::MySql => steps(rows),
    }
}

/// What has to be asked, on one connection.
fn statements(engine: Engine, explained: &Query, number: u64) -> Vec<Query> {
    let text = explained.text();
    match engine {
        Engine::Sqlite => vec![bound(format!("EXPLAIN QUERY PLAN {text}"), explained)],
        // Its plans for given values show them, so this asks for the one that is good for all.
        Engine::Postgres => {
            let name = format!("explained_{number}");
            let types: Vec<&str> = explained.values().iter().map(postgres_type).collect();
            let (types, nothing) = match types.len() {
                0 => (String::new(), String::new()),
                count => (
                    format!(" ({})", types.join(", ")),
                    format!(" ({})", vec!["NULL"; count].join(", ")),
                ),
            };
            vec![
                query("SET LOCAL plan_cache_mode = force_generic_plan"),
                query(format!("PREPARE {name}{types} AS {text}")),
                query(format!("EXPLAIN EXECUTE {name}{nothing}")),
                query(format!("DEALLOCATE {name}")),
            ]
        }
        Engine::MariaDb | Engine::MySql => vec![bound(format!("EXPLAIN {text}"), explained)],
    }
}

fn bound(text: String, explained: &Query) -> Query {
    query(text).bind_all(explained.values().iter().cloned())
}

fn postgres_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "unknown",
        Value::Bool(_) => "boolean",
        Value::Int(_) => "bigint",
        Value::Float(_) => "double precision",
        Value::Text(_) | Value::Json(_) => "text",
        Value::Bytes(_) => "bytea",
        Value::Uuid(_) => "uuid",
        Value::Date(_) => "date",
        Value::Time(_) => "timestamptz",
    }
}

/// SQLite says of each step which one it belongs to.
fn tree(rows: &[Row]) -> Result<String> {
    let mut depths: Vec<(i64, usize)> = Vec::new();
    let mut text = String::new();
    for row in rows {
        let (id, parent): (i64, i64) = (row.get("id")?, row.get("parent")?);
        let above = depths.iter().find(|(known, _)| *known == parent);
        let depth = above.map_or(0, |(_, depth)| depth + 1);
        depths.push((id, depth));
        text.push_str(&"  ".repeat(depth));
        text.push_str(&row.get::<String>("detail")?);
        text.push('\n');
    }
    Ok(text)
}

fn lines(rows: &[Row]) -> Result<String> {
    let lines: Result<Vec<String>> = rows.iter().map(|row| row.get("QUERY PLAN")).collect();
    Ok(lines?.join("\n") + "\n")
}

/// One line per step: `column=value` for what has a value.
fn steps(rows: &[Row]) -> Result<String> {
    let mut text = String::new();
    for row in rows {
        let mut parts = Vec::new();
        for column in COLUMNS {
            if let Some(value) = cell(row, column)? {
                parts.push(format!("{column}={value}"));
            }
        }
        text.push_str(&parts.join("  "));
        text.push('\n');
    }
    Ok(text)
}

/// Numbers come as numbers from one server and as text from another.
fn cell(row: &Row, column: &str) -> Result<Option<String>> {
    row.get::<Option<String>>(column).or_else(|_| {
        let number: Option<i64> = row.get(column)?;
        Ok(number.map(|number| number.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(engine: Engine, explained: &Query) -> Vec<String> {
        let statements = statements(engine, explained, 7);
        statements.iter().map(|one| one.text().to_owned()).collect()
    }

    #[test]
    fn postgres_is_asked_for_the_plan_that_shows_no_value() {
        let secret = query("SELECT 1 FROM t WHERE a = ?1 AND b = ?2")
            .bind("secret")
            .bind(uuid::Uuid::nil());
        let name = "explained_7";
        assert_eq!(
            texts(Engine::Postgres, &secret),
            [
                "SET LOCAL plan_cache_mode = force_generic_plan".to_owned(),
                format!("PREPARE {name} (text, uuid) AS SELECT 1 FROM t WHERE a = ?1 AND b = ?2"),
                format!("EXPLAIN EXECUTE {name} (NULL, NULL)"),
                format!("DEALLOCATE {name}"),
            ]
        );
        assert!(
            statements(Engine::Postgres, &secret, 7)
                .iter()
                .all(|statement| statement.values().is_empty())
        );
    }

    #[test]
    fn a_statement_without_parameters_is_explained_without_any() {
        let plain = texts(Engine::Postgres, &query("SELECT 1"));
        assert!(plain[1].ends_with("_7 AS SELECT 1"), "{plain:?}");
        assert!(!plain[2].contains('('), "{plain:?}");
        assert_eq!(
            texts(Engine::MySql, &query("SELECT 1")),
            ["EXPLAIN SELECT 1"]
        );
    }
}
