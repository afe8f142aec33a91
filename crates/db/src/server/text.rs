//! Our numbered parameters in the form each server wants them.

use std::fmt::Write;

use crate::{Error, Query, Value};

/// How a server wants a parameter written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholders {
    /// `$2`, as often as needed.
    Numbered,
    /// `?`, one value for each, in order.
    Positional,
}

/// A statement as a server wants it.
#[derive(Debug, PartialEq)]
pub(super) struct Translated<'q> {
    pub(super) text: String,
    pub(super) values: Vec<&'q Value>,
}

/// Translates `?1` outside of literals.
///
/// # Errors
/// [`Error::Parameter`] when a value is missing or left over.
pub(super) fn translate(
    query: &Query,
    placeholders: Placeholders,
) -> Result<Translated<'_>, Error> {
    let mut text = String::with_capacity(query.text().len() + 8);
    let mut values = Vec::with_capacity(query.values().len());
    let mut highest = 0;
    let mut rest = query.text();
    // Byte by byte: neither is a part of another character, and this is done for every statement.
    while let Some(position) = rest.bytes().position(|byte| byte == b'?' || byte == b'\'') {
        let (before, from) = rest.split_at(position);
        text.push_str(before);
        if from.starts_with('\'') {
            let end = end_of_literal(from);
            let (literal, after) = from.split_at(end);
            text.push_str(literal);
            rest = after;
            continue;
        }
        let digits = number_after(from);
        let (number, after) = from.split_at(1 + digits);
        let number: usize = number.get(1..).unwrap_or_default().parse().unwrap_or(0);
        highest = highest.max(number);
        let value = number
            .checked_sub(1)
            .and_then(|index| query.values().get(index));
        let value = value.ok_or_else(|| wrong_count(query))?;
        match placeholders {
            Placeholders::Numbered => {
                // Writing to a string cannot fail.
                let _ = write!(text, "${number}");
            }
            Placeholders::Positional => {
                text.push('?');
                values.push(value);
            }
        }
        rest = after;
    }
    text.push_str(rest);
    if highest != query.values().len() {
        return Err(wrong_count(query));
    }
    if placeholders == Placeholders::Numbered {
        values.extend(query.values());
    }
    Ok(Translated { text, values })
}

/// A statement's text as PostgreSQL wants it, to be part of another text.
///
/// # Errors
/// As [`translate`].
pub(crate) fn numbered(query: &Query) -> Result<String, Error> {
    Ok(translate(query, Placeholders::Numbered)?.text)
}

/// Where a literal that starts with a quote ends. A doubled quote inside ends one literal and
/// starts another, which comes to the same.
fn end_of_literal(from: &str) -> usize {
    let inside = from.get(1..).unwrap_or_default();
    inside.find('\'').map_or(from.len(), |end| end + 2)
}

fn number_after(from: &str) -> usize {
    let digits = from.bytes().skip(1).take_while(u8::is_ascii_digit);
    digits.count()
}

fn wrong_count(query: &Query) -> Error {
    Error::Parameter(format!(
        "count: {} are bound, which is not what the statement has: {}",
        query.values().len(),
        query.text()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    #[test]
    fn parameters_become_what_each_server_wants() {
        let statement = query("SELECT '?1''?2' FROM t WHERE b = ?2 AND a IN (?1, ?2)")
            .bind(1_i64)
            .bind(2_i64);
        let numbered = translate(&statement, Placeholders::Numbered).unwrap();
        assert_eq!(
            numbered.text,
            "SELECT '?1''?2' FROM t WHERE b = $2 AND a IN ($1, $2)"
        );
        assert_eq!(numbered.values, [&Value::Int(1), &Value::Int(2)]);
        let positional = translate(&statement, Placeholders::Positional).unwrap();
        assert_eq!(
            positional.text,
            "SELECT '?1''?2' FROM t WHERE b = ? AND a IN (?, ?)"
        );
        assert_eq!(
            positional.values,
            [&Value::Int(2), &Value::Int(1), &Value::Int(2)]
        );
    }

    #[test]
    fn too_few_and_too_many_values_are_refused() {
        for (text, count) in [("a = ?2", 1), ("a = ?1", 2), ("a = 1", 1), ("a = ?", 1)] {
            let statement = query(text).bind_all(vec![1_i64; count]);
            for placeholders in [Placeholders::Numbered, Placeholders::Positional] {
                let refused = translate(&statement, placeholders);
                assert!(matches!(refused, Err(Error::Parameter(_))), "{text}");
            }
        }
    }
}
