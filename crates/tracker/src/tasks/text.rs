//! The texts of a task, checked once when they come in.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use crate::input::{FromJson, FromText, Wrong, bounded_text};

/// 1 to 500 characters on one line, without blanks at the ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskTitle(String);

impl TaskTitle {
    /// The most characters a title can have.
    pub const LONGEST: usize = 500;

    /// The text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl FromText for TaskTitle {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let text = text.trim();
        bounded_text(text, 1, Self::LONGEST, &[])?;
        Ok(TaskTitle(text.to_owned()))
    }
}

/// Markdown of at most 20,000 characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description(String);

impl Description {
    /// The most characters a description can have.
    pub const LONGEST: usize = 20_000;

    /// The text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl FromText for Description {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        bounded_text(text, 0, Self::LONGEST, &['\n', '\r', '\t'])?;
        Ok(Description(text.to_owned()))
    }
}

/// One label: 1 to 50 characters without blanks, commas or `#`, compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label(String);

/// The form texts are compared by, the same on every engine.
#[must_use]
pub(super) fn folded(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase()
}

impl Label {
    /// The most characters a label can have.
    pub const LONGEST: usize = 50;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromText for Label {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let text: String = text.trim().trim_start_matches('#').nfc().collect();
        bounded_text(&text, 1, Self::LONGEST, &[])?;
        if text
            .chars()
            .any(|character| character.is_whitespace() || matches!(character, ',' | '#'))
        {
            return Err(Wrong::new(
                "invalid_character",
                "a label must not contain blanks, commas or #",
            ));
        }
        Ok(Label(text))
    }
}

/// The labels of a task, in the order given and each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels(Vec<String>);

impl Labels {
    /// The most labels one task can have.
    pub const MOST: usize = 20;

    /// Keeps the first of labels that differ only in case.
    ///
    /// # Errors
    /// `too_many` for more than twenty.
    pub fn new(labels: impl IntoIterator<Item = Label>) -> Result<Self, Wrong> {
        let mut seen = HashSet::new();
        let kept: Vec<String> = labels
            .into_iter()
            .map(|label| label.0)
            .filter(|label| seen.insert(folded(label)))
            .collect();
        if kept.len() > Self::MOST {
            let message = format!("must have at most {} labels", Self::MOST);
            return Err(Wrong::new("too_many", message));
        }
        Ok(Labels(kept))
    }

    /// The labels.
    #[must_use]
    pub fn into_vec(self) -> Vec<String> {
        self.0
    }
}

impl FromJson for Labels {
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
        Labels::new(Vec::<Label>::from_json(value)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_trimmed_and_bounded_by_characters() {
        assert_eq!(
            TaskTitle::from_text("  Pay rent ").unwrap().into_string(),
            "Pay rent"
        );
        assert!(TaskTitle::from_text(&"🐝".repeat(500)).is_ok());
        assert_eq!(
            TaskTitle::from_text(&"🐝".repeat(501)).unwrap_err().code,
            "too_long"
        );
        assert_eq!(TaskTitle::from_text(" \t ").unwrap_err().code, "too_short");
        assert_eq!(
            TaskTitle::from_text("a\0b").unwrap_err().code,
            "invalid_character"
        );
        assert!(TaskTitle::from_text("\u{202e}right to left").is_ok());
    }

    #[test]
    fn labels_are_kept_once_in_their_first_form() {
        let json = serde_json::json!(["Home", "#home", "Büro", "BU\u{308}RO"]);
        assert_eq!(
            Labels::from_json(&json).unwrap().into_vec(),
            ["Home", "Büro"]
        );
        let many: Vec<String> = (0..21).map(|number| format!("l{number}")).collect();
        assert_eq!(
            Labels::from_json(&serde_json::json!(many))
                .unwrap_err()
                .code,
            "too_many"
        );
        let blank = serde_json::json!(["two words"]);
        assert_eq!(
            Labels::from_json(&blank).unwrap_err().code,
            "invalid_character"
        );
        assert_eq!(
            Labels::from_json(&serde_json::json!([null]))
                .unwrap_err()
                .code,
            "invalid_type"
        );
    }
}
