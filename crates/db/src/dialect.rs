//! The one place where engines may differ in what a statement says.

use crate::{Engine, Error};

/// `INSERT` that silently keeps the row that is there already.
///
/// `statement` is a whole `INSERT INTO … VALUES …`; the answer of `execute` is 0 when the row
/// existed.
#[must_use]
pub fn insert_or_keep(engine: Engine, statement: &str) -> String {
    match engine {
        Engine::Sqlite => format!("{statement} ON CONFLICT DO NOTHING"),
    }
}

/// `INSERT` that changes the named columns when the key exists already.
#[must_use]
pub fn insert_or_change(engine: Engine, statement: &str, key: &str, columns: &[&str]) -> String {
    match engine {
        Engine::Sqlite => {
            let changes: Vec<String> = columns
                .iter()
                .map(|column| format!("{column} = excluded.{column}"))
                .collect();
            format!(
                "{statement} ON CONFLICT ({key}) DO UPDATE SET {}",
                changes.join(", ")
            )
        }
    }
}

/// What follows a `SELECT` whose rows are about to be changed by the same transaction.
#[must_use]
pub fn for_update(engine: Engine) -> &'static str {
    match engine {
        // There is one writer at a time, so the rows cannot change meanwhile.
        Engine::Sqlite => "",
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
        Engine::Sqlite => Ok(format!(
            "({}) {comparison} ({})",
            columns.join(", "),
            crate::placeholders(first_parameter, columns.len())
        )),
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
