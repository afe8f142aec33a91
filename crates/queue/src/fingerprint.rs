//! What failures have in common that look alike.

use sha2::{Digest as _, Sha256};

/// How much of an error counts, in characters.
const LENGTH: usize = 400;

/// The same for errors of a kind of job that differ only in numbers, ids and what stands in quotes: sixteen
/// hexadecimal digits.
#[must_use]
pub fn fingerprint(kind: &str, error: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(kind);
    hash.update([0]);
    hash.update(pattern(error));
    let digest = hash.finalize();
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The first line of an error, with a `0` for each word that has a digit in it, and nothing in quotes.
fn pattern(error: &str) -> String {
    let line = without_quoted(error.lines().next().unwrap_or_default());
    let separates = |character: char| !character.is_alphanumeric();
    let mut pattern = String::new();
    for piece in line.split_inclusive(separates) {
        let word = piece.trim_end_matches(separates);
        match word.contains(|character: char| character.is_ascii_digit()) {
            true => pattern.push('0'),
            false => pattern.push_str(word),
        }
        pattern.push_str(piece.strip_prefix(word).unwrap_or_default());
    }
    pattern
}

fn without_quoted(line: &str) -> String {
    let mut kept = String::new();
    let mut quote = None;
    let mut is_in_word = false;
    for character in line.chars().take(LENGTH) {
        if quote.is_some_and(|open| open != character) {
            continue;
        }
        // An apostrophe within a word begins no quote.
        let may_open = matches!(character, '"' | '`') || (character == '\'' && !is_in_word);
        quote = (quote.is_none() && may_open).then_some(character);
        is_in_word = character.is_alphanumeric();
        kept.push(character);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ids_and_quoted_words_make_no_difference() {
        let alike = [
            "mail 17 to \"ann@example.org\" was refused: 550 (id 0198c2de-77a1-7000-8000-00000000001f)",
            "mail 4 to \"bob@example.net\" was refused: 421 (id 0198c2de-77a1-7000-8000-0000000000a0)\n  at x",
        ];
        assert_eq!(
            pattern(alike[0]),
            "mail 0 to \"\" was refused: 0 (id 0-0-0-0-0)"
        );
        assert_eq!(fingerprint("send", alike[0]), fingerprint("send", alike[1]));
        assert_ne!(fingerprint("send", alike[0]), fingerprint("plan", alike[0]));
        assert_ne!(
            fingerprint("send", "refused"),
            fingerprint("send", "timed out")
        );
    }

    #[test]
    fn apostrophes_hide_nothing() {
        assert_eq!(pattern("it can't be; it isn't"), "it can't be; it isn't");
        assert_eq!(pattern("no table 'jobs' here"), "no table '' here");
        assert_eq!(pattern(""), "");
    }
}
