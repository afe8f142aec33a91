//! Labels and `key:value` pairs between the words of a title, as todo.txt and Todoist have them.

/// A word that is not only a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag<'a> {
    /// `@home`, `+garden`.
    Label(&'a str),
    /// `due:2026-11-24`.
    Pair(&'a str, &'a str),
}

/// A title and the tags found in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words<'a> {
    /// The text without the tags at its start and its end. A tag among other words stays: it is
    /// part of the sentence.
    pub(super) title: &'a str,
    /// Every label.
    pub(super) labels: Vec<&'a str>,
    /// The pairs that are not in the title any more.
    pub(super) pairs: Vec<(&'a str, &'a str)>,
    /// The pairs that stay in the title.
    pub(super) inner_pairs: Vec<(&'a str, &'a str)>,
}

/// Takes the tags out of a text. Text of nothing but tags stays whole.
pub(super) fn split<'a>(text: &'a str, tag: impl Fn(&'a str) -> Option<Tag<'a>>) -> Words<'a> {
    let mut title = text.trim();
    let mut pairs = Vec::new();
    let mut after = Vec::new();
    let is_word = |word: &'a str| tag(word).is_none();
    if title.split_whitespace().any(is_word) {
        // There is a word, so the loops end at it.
        while let Some((word, rest)) = first_word(title).filter(|(word, _)| !is_word(word)) {
            pairs.extend(pair(tag(word)));
            title = rest;
        }
        while let Some((rest, word)) = last_word(title).filter(|(_, word)| !is_word(word)) {
            after.extend(pair(tag(word)));
            title = rest;
        }
    }
    pairs.extend(after.into_iter().rev());
    let labels = text.split_whitespace().filter_map(|word| match tag(word) {
        Some(Tag::Label(label)) => Some(label),
        _ => None,
    });
    let inner_pairs = title.split_whitespace().filter_map(|word| pair(tag(word)));
    Words {
        title,
        labels: labels.collect(),
        pairs,
        inner_pairs: inner_pairs.collect(),
    }
}

fn pair<'a>(tag: Option<Tag<'a>>) -> Option<(&'a str, &'a str)> {
    match tag {
        Some(Tag::Pair(key, value)) => Some((key, value)),
        _ => None,
    }
}

fn first_word(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_once(char::is_whitespace)?;
    Some((word, rest.trim_start()))
}

fn last_word(text: &str) -> Option<(&str, &str)> {
    let (rest, word) = text.rsplit_once(char::is_whitespace)?;
    Some((rest.trim_end(), word))
}

/// `@home`, but not `@` or `@...`.
pub(super) fn context(word: &str) -> Option<Tag<'_>> {
    let name = word.strip_prefix('@')?;
    let says_something = name.contains(|found: char| !found.is_ascii_punctuation());
    says_something.then_some(Tag::Label(name))
}

/// `+garden`. It has a letter, so that `+1` is a word.
pub(super) fn project(word: &str) -> Option<Tag<'_>> {
    let name = word.strip_prefix('+')?;
    name.contains(char::is_alphabetic)
        .then_some(Tag::Label(name))
}

/// A pair as in todo.txt: a key that starts with a letter, and a value that is no address, so
/// that `18:00` and `https://duly.example` are words.
pub(super) fn key_and_value(word: &str) -> Option<Tag<'_>> {
    let (key, value) = word.split_once(':')?;
    let key_is_one = key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key
            .chars()
            .all(|found| found.is_ascii_alphanumeric() || "-_".contains(found));
    (key_is_one && !value.is_empty() && !value.starts_with("//")).then_some(Tag::Pair(key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn todotxt(text: &str) -> Words<'_> {
        split(text, |word| {
            project(word)
                .or_else(|| context(word))
                .or_else(|| key_and_value(word))
        })
    }

    #[test]
    fn tags_at_the_ends_leave_the_title_and_others_stay() {
        let words = todotxt("@phone Ask +Anna  about 18:00 due:2026-11-24 +Garden");
        assert_eq!(words.title, "Ask +Anna  about 18:00");
        assert_eq!(words.labels, ["phone", "Anna", "Garden"]);
        assert_eq!(words.pairs, [("due", "2026-11-24")]);
    }

    #[test]
    fn words_that_only_look_like_tags_stay() {
        for title in [
            "+1 for this",
            "see https://duly.example",
            "Mail me@duly.example",
            "a @ b",
            "Re:",
        ] {
            let words = todotxt(title);
            assert_eq!(
                (words.title, words.labels.len(), words.pairs.len()),
                (title, 0, 0)
            );
        }
    }

    #[test]
    fn nothing_but_tags_is_a_title() {
        let words = todotxt("+Garden due:2026-11-24 rec:1w");
        assert_eq!(words.title, "+Garden due:2026-11-24 rec:1w");
        assert_eq!(words.inner_pairs, [("due", "2026-11-24"), ("rec", "1w")]);
    }
}
