//! The one place where engines may differ in what a statement says.

use crate::{Engine, Error, Query, query};

/// `INSERT` that silently keeps the row that is there already.
///
/// `statement` is a whole `INSERT INTO … VALUES …`; the answer of `execute` is 0 when the row
/// existed.
#[must_use]
#[track_caller]
pub fn insert_or_keep(engine: Engine, statement: &str) -> Query {
    match engine {
        Engine::Sqlite | Engine::Postgres => query(format!("{statement} ON CONFLICT DO NOTHING")),
        // `INSERT IGNORE` would also ignore what is no duplicate: a text too long, a missing
        // parent. InnoDB takes back only the statement that met a duplicate, so its error serves.
        Engine::MariaDb | Engine::MySql => query(statement.to_owned()).keeping_duplicates(),
    }
}

/// `INSERT` that changes the named columns when the key exists already.
#[must_use]
pub fn insert_or_change(engine: Engine, statement: &str, key: &str, columns: &[&str]) -> String {
    match engine {
        Engine::Sqlite | Engine::Postgres => {
            let changes = each(columns, |column| format!("{column} = excluded.{column}"));
            format!("{statement} ON CONFLICT ({key}) DO UPDATE SET {changes}")
        }
        Engine::MariaDb | Engine::MySql => {
            let changes = each(columns, |column| format!("{column} = VALUES({column})"));
            format!("{statement} ON DUPLICATE KEY UPDATE {changes}")
        }
    }
}

fn each(columns: &[&str], change: impl Fn(&&str) -> String) -> String {
    let changes: Vec<String> = columns.iter().map(change).collect();
    changes.join(", ")
}

/// What follows a `SELECT` whose rows are about to be changed by the same transaction.
#[must_use]
pub fn for_update(engine: Engine) -> &'static str {
    match engine {
        // There is one writer at a time, so the rows cannot change meanwhile.
        Engine::Sqlite => "",
        Engine::Postgres | Engine::MariaDb | Engine::MySql => " FOR UPDATE",
    }
}

/// Like [`for_update`], but rows that another transaction holds are left out instead of waited
/// for: several takers of work do not stand in each other's way.
#[must_use]
pub fn for_update_of_free_rows(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "",
        Engine::Postgres | Engine::MariaDb | Engine::MySql => " FOR UPDATE SKIP LOCKED",
    }
}

/// `(a, b) > (?n, ?n+1)` over the columns of a keyset page, in a form the engine can seek by.
///
/// # Errors
/// [`Error::Other`] without columns.
pub fn keyset_after(
    engine: Engine,
    columns: &[&str],
    first_parameter: usize,
    descending: bool,
) -> Result<String, Error> {
    if columns.is_empty() {
        return Err(Error::Other("a keyset needs a column".into()));
    }
    let comparison = if descending { '<' } else { '>' };
    match engine {
        Engine::Sqlite | Engine::Postgres => Ok(format!(
            "({}) {comparison} ({})",
            columns.join(", "),
            crate::placeholders(first_parameter, columns.len())
        )),
        // These read all rows of the leading columns for a comparison of row values.
        Engine::MariaDb | Engine::MySql => {
            Ok(expanded_keyset(columns, first_parameter, comparison))
        }
    }
}

/// `a >= ?1 AND (a > ?1 OR b > ?2)`: the same as `(a, b) > (?1, ?2)`.
fn expanded_keyset(columns: &[&str], parameter: usize, comparison: char) -> String {
    match columns {
        [] => String::new(),
        [last] => format!("{last} {comparison} ?{parameter}"),
        [column, rest @ ..] => format!(
            "{column} {comparison}= ?{parameter} AND ({column} {comparison} ?{parameter} OR {})",
            match rest {
                [_] => expanded_keyset(rest, parameter + 1, comparison),
                _ => format!("({})", expanded_keyset(rest, parameter + 1, comparison)),
            }
        ),
    }
}

/// Text for the right side of `LIKE … ESCAPE '!'` that matches `text` anywhere, literally.
#[must_use]
pub fn contains_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keysets_are_written_so_that_each_engine_can_seek_by_them() {
        let columns = ["due", "minute", "id"];
        let text = |engine| keyset_after(engine, &columns, 4, false).unwrap();
        assert_eq!(text(Engine::Postgres), "(due, minute, id) > (?4, ?5, ?6)");
        for engine in [Engine::MariaDb, Engine::MySql] {
            assert_eq!(
                text(engine),
                "due >= ?4 AND (due > ?4 OR (minute >= ?5 AND (minute > ?5 OR id > ?6)))"
            );
        }
        let descending = keyset_after(Engine::MySql, &["a", "b"], 1, true).unwrap();
        assert_eq!(descending, "a <= ?1 AND (a < ?1 OR b < ?2)");
    }

    #[test]
    fn mysql_updates_a_duplicate_by_the_values_of_the_insert() {
        let insert = "INSERT INTO seen (id, at) VALUES (?1, ?2)";
        assert_eq!(
            insert_or_change(Engine::MySql, insert, "id", &["at"]),
            format!("{insert} ON DUPLICATE KEY UPDATE at = VALUES(at)")
        );
        assert_eq!(insert_or_keep(Engine::MySql, insert).text(), insert);
        assert_eq!(for_update(Engine::MySql), " FOR UPDATE");
    }
}
