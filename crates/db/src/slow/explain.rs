//! How the engine would run a statement. Nothing is run, and nothing that was bound is shown.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::server::numbered;
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
    match engine {
        Engine::Sqlite => tree(&conn.rows(bound("EXPLAIN QUERY PLAN", explained)).await?),
        Engine::MariaDb | Engine::MySql => steps(&conn.rows(bound("EXPLAIN", explained)).await?),
        Engine::Postgres => {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let answers = conn.snapshot(unbound(explained, number)?).await?;
            lines(answers.iter().flatten())
        }
    }
}

/// Asks PostgreSQL, on one connection, for the plan that is good for all values: its plans for
/// given values show them.
fn unbound(explained: &Query, number: u64) -> Result<Vec<Query>> {
    let name = format!("explained_{number}");
    let text = numbered(explained)?;
    let types: Vec<&str> = explained.values().iter().map(postgres_type).collect();
    let (types, nothing) = match types.len() {
        0 => (String::new(), String::new()),
        count => (
            format!(" ({})", types.join(", ")),
            format!(" ({})", vec!["NULL"; count].join(", ")),
        ),
    };
    Ok(vec![
        query("SET LOCAL plan_cache_mode = force_generic_plan"),
        query(format!("PREPARE {name}{types} AS {text}")),
        query(format!("EXPLAIN EXECUTE {name}{nothing}")),
        query(format!("DEALLOCATE {name}")),
    ])
}

/// Asks with what was bound to the statement; these engines do not show it.
fn bound(question: &str, explained: &Query) -> Query {
    let text = format!("{question} {}", explained.text());
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

fn lines<'a>(rows: impl Iterator<Item = &'a Row>) -> Result<String> {
    let lines: Result<Vec<String>> = rows.map(|row| row.get("QUERY PLAN")).collect();
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

    fn texts(explained: &Query) -> Vec<String> {
        let statements = unbound(explained, 7).unwrap();
        assert!(statements.iter().all(|one| one.values().is_empty()));
        statements.iter().map(|one| one.text().to_owned()).collect()
    }

    #[test]
    fn postgres_is_asked_for_the_plan_that_shows_no_value() {
        let secret = query("SELECT 1 FROM t WHERE a = ?1 AND b = ?2")
            .bind("secret")
            .bind(uuid::Uuid::nil());
        let name = "explained_7";
        assert_eq!(
            texts(&secret),
            [
                "SET LOCAL plan_cache_mode = force_generic_plan".to_owned(),
                format!("PREPARE {name} (text, uuid) AS SELECT 1 FROM t WHERE a = $1 AND b = $2"),
                format!("EXPLAIN EXECUTE {name} (NULL, NULL)"),
                format!("DEALLOCATE {name}"),
            ]
        );
    }

    #[test]
    fn a_statement_without_parameters_is_explained_without_any() {
        let plain = texts(&query("SELECT 1"));
        assert!(plain[1].ends_with("_7 AS SELECT 1"), "{plain:?}");
        assert!(!plain[2].contains('('), "{plain:?}");
    }
}
