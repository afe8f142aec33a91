//! The settings in force as operators are shown them, without what is secret.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::Loaded;
use super::layers::{Entry, Setting, Source};
use super::value::{masked, without_path};

/// A setting in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Its name, like `http.listen`.
    pub setting: String,
    /// What it is set to, secrets masked.
    pub value: toml::Value,
    /// Where that comes from.
    pub origin: Source,
}

impl Loaded {
    /// Every setting, in the order of `config.default.toml`.
    pub fn shown(&self) -> impl Iterator<Item = Shown> {
        self.layers.entries().iter().map(|entry| Shown {
            setting: format!("{}.{}", entry.section, entry.key),
            value: value(entry),
            origin: entry.source.clone(),
        })
    }

    /// The settings as a file that could be read again, but with secrets masked, each with its
    /// source.
    #[must_use]
    pub fn print(&self) -> String {
        let mut text = String::new();
        let mut section = "";
        for entry in self.layers.entries() {
            if entry.section != section {
                section = &entry.section;
                let gap = if text.is_empty() { "" } else { "\n" };
                let _ = writeln!(text, "{gap}[{section}]");
            }
            let _ = writeln!(text, "{} = {}  # {}", entry.key, value(entry), entry.source);
        }
        text
    }

    /// The files that secrets were read from.
    #[must_use]
    pub fn secret_files(&self) -> BTreeSet<PathBuf> {
        let files = self
            .layers
            .entries()
            .iter()
            .filter_map(|entry| match &entry.source {
                Source::VariableFile { path, .. } => Some(path.clone()),
                Source::File { path, .. } if is_secret(entry) => Some(path.clone()),
                _ => None,
            });
        files.collect()
    }
}

fn value(entry: &Entry) -> toml::Value {
    match &entry.value {
        Setting::Text(text) => toml::Value::from(readable(entry, text)),
        Setting::Number(number) => toml::Value::from(*number),
        Setting::Truth(truth) => toml::Value::from(*truth),
        Setting::List(items) => {
            let items = items.iter().map(|item| readable(entry, item));
            toml::Value::from(items.collect::<Vec<_>>())
        }
    }
}

/// A text without what is secret in it. In URLs of alarms that is all that follows the host.
fn readable(entry: &Entry, text: &str) -> String {
    match entry.section.as_str() {
        "alarms" => without_path(text),
        _ => masked(text),
    }
}

fn is_secret(entry: &Entry) -> bool {
    let is_masked = |text: &String| readable(entry, text) != *text;
    match &entry.value {
        Setting::Text(text) => is_masked(text),
        Setting::List(items) => items.iter().any(is_masked),
        Setting::Number(_) | Setting::Truth(_) => false,
    }
}
