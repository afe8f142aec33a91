//! One form for all statements that differ only in what is bound to them.

use sha2::{Digest as _, Sha256};

/// The text with `?` for each numbered parameter, `(…)` for each list of parameters however long,
/// one `(…)` for several such lists in a row, and one space wherever there is white space. What
/// stands in quotes stays as it is.
pub(crate) fn text(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut quote = None;
    while let Some(character) = rest.next() {
        if quote.is_some() {
            normal.push(character);
            quote = quote.filter(|end| *end != character);
        } else if character.is_whitespace() {
            if !normal.ends_with(' ') && !normal.is_empty() {
                normal.push(' ');
            }
        } else {
            if matches!(character, '\'' | '"' | '`') {
                quote = Some(character);
            }
            normal.push(character);
            if character == '?' {
                while rest.next_if(char::is_ascii_digit).is_some() {}
            }
            if character == ')' {
                fold_list(&mut normal);
            }
        }
    }
    normal.truncate(normal.trim_end().len());
    normal
}

/// Replaces the list that has just been closed by `(…)` when it holds parameters only, and drops
/// it when another one stands before it.
fn fold_list(normal: &mut String) {
    let Some(start) = normal.rfind('(') else {
        return;
    };
    let (before, list) = normal.split_at(start);
    let is_list = list
        .trim_matches(['(', ')'])
        .split(',')
        .all(|item| item.trim() == "?");
    if !is_list {
        return;
    }
    let previous = before.trim_end().trim_end_matches(',').trim_end();
    let kept = match previous.len() < before.trim_end().len() && previous.ends_with("(…)") {
        true => previous.len(),
        false => start,
    };
    normal.truncate(kept);
    if kept == start {
        normal.push_str("(…)");
    }
}

/// A short name for a normalised text, the same in every process.
pub(super) fn id(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_parameters_have_one_form_however_long() {
        let of = |count| {
            let list = crate::placeholders(3, count);
            text(&format!(
                "SELECT a FROM t WHERE b = ?1 AND c IN ({list}) AND d = ?{}",
                count + 3
            ))
        };
        assert_eq!(of(1), "SELECT a FROM t WHERE b = ? AND c IN (…) AND d = ?");
        assert_eq!(of(1), of(200));
    }

    #[test]
    fn rows_of_parameters_have_one_form_however_many() {
        let one = text("INSERT INTO t (a, b) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
        assert_eq!(
            one,
            "INSERT INTO t (a, b) VALUES (…) ON CONFLICT DO NOTHING"
        );
        let three =
            "INSERT INTO t (a, b) VALUES (?1, ?2),(?3, ?4), (?5, ?6) ON CONFLICT DO NOTHING";
        assert_eq!(text(three), one);
    }

    #[test]
    fn white_space_makes_no_difference() {
        assert_eq!(text("  SELECT\n     1,\t 2 \n"), "SELECT 1, 2");
    }

    #[test]
    fn what_is_quoted_and_what_is_no_list_stays() {
        for kept in [
            "SELECT ' (?1,  ?2) '",
            "SELECT \"a?1\" FROM t",
            "f(a, ?) + (?, ?, b)",
        ] {
            assert_eq!(text(kept), kept);
        }
        assert_eq!(text("f(g(?1), (?2, x))"), "f(g(…), (?, x))");
    }

    #[test]
    fn odd_texts_are_taken_too() {
        for odd in ["", ")", "(", "()", "'", "?", "))((", "(…)", ",(?1)"] {
            let _ = text(odd);
        }
        assert_eq!(text("()"), "()");
        assert_eq!(text("'never closed ?1"), "'never closed ?1");
    }

    #[test]
    fn an_id_is_short_and_stands_for_its_text() {
        assert_eq!(id("SELECT 1").len(), 16);
        assert_ne!(id("SELECT 1"), id("SELECT 2"));
    }
}
