//! Where each setting comes from: the defaults, then `duly.toml`, then the environment.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{DEFAULTS, Fault, passphrase};

/// Variables of ours that are no settings. DULY_CONFIG names the settings file; see the command line.
const NO_SETTINGS: [&str; 3] = [
    "DULY_CONFIG",
    passphrase::VARIABLE,
    passphrase::FILE_VARIABLE,
];

/// The value of a setting, before it is read into its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Setting {
    /// Text, also durations and sizes.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Truth(bool),
    /// A list of texts.
    List(Vec<String>),
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// `config.default.toml`.
    Default,
    /// A settings file.
    File {
        /// Which one.
        path: PathBuf,
        /// In which line.
        line: usize,
    },
    /// An environment variable.
    Variable {
        /// Which one.
        name: String,
    },
    /// A file that an environment variable names.
    VariableFile {
        /// Which variable.
        name: String,
        /// The file.
        path: PathBuf,
    },
}

impl Source {
    pub(super) fn variable(name: &str) -> Self {
        Source::Variable {
            name: name.to_owned(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => formatter.write_str("default"),
            Source::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Source::Variable { name } => formatter.write_str(name),
            Source::VariableFile { name, path } => {
                write!(formatter, "{name} ({})", path.display())
            }
        }
    }
}

/// One setting in force.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// For example `http`.
    pub(super) section: String,
    /// For example `listen`.
    pub(super) key: String,
    /// What it is set to.
    pub(super) value: Setting,
    /// Where that comes from.
    pub(super) source: Source,
}

impl Entry {
    fn path(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    fn variable(&self) -> String {
        format!("DULY_{}__{}", self.section, self.key).to_uppercase()
    }
}

/// Every setting, in the order of `config.default.toml`.
#[derive(Debug, Clone)]
pub(super) struct Layers(Vec<Entry>);

impl Layers {
    /// The defaults. They name every setting there is: a key that is not among them is unknown.
    pub(super) fn defaults() -> Result<Self, Vec<Fault>> {
        let (found, faults) = parse(DEFAULTS, |_| Source::Default);
        if faults.is_empty() {
            Ok(Layers(found))
        } else {
            Err(faults)
        }
    }

    /// Every setting.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Lays the settings of a file over these.
    pub(super) fn file(&mut self, path: &Path, text: &str) -> Vec<Fault> {
        let (found, mut faults) = parse(text, |line| Source::File {
            path: path.to_owned(),
            line,
        });
        for entry in found {
            faults.extend(self.set(entry).err());
        }
        faults
    }

    /// Lays the variables that begin with `DULY_` over these.
    pub(super) fn variables(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (name, value) in variables {
            if name.starts_with("DULY_") && !NO_SETTINGS.contains(&name.as_str()) {
                faults.extend(self.variable(name, value).err());
            }
        }
        faults
    }

    fn variable(&mut self, name: String, value: String) -> Result<(), Fault> {
        let mut source = Source::variable(&name);
        let named = |name: &str| self.0.iter().position(|entry| entry.variable() == name);
        let (index, text) = match (named(&name), name.strip_suffix("_FILE").and_then(named)) {
            (Some(index), _) => (index, value),
            (None, Some(index)) => {
                let text = std::fs::read_to_string(&value).map_err(|error| {
                    Fault::new(&source, format!("cannot read {value}: {error}"))
                })?;
                let path = value.into();
                source = Source::VariableFile { name, path };
                (index, text.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, None) => {
                let known = self.0.iter().map(Entry::variable);
                return Err(Fault::new(&source, unknown("variable", &name, known)));
            }
        };
        let Some(entry) = self.0.get_mut(index) else {
            return Ok(());
        };
        if let Source::Variable { name } | Source::VariableFile { name, .. } = &entry.source {
            let message = format!("{name} sets it too; one of them must go");
            return Err(Fault::new(&source, message));
        }
        entry.value = match &entry.value {
            Setting::Text(_) => Setting::Text(text),
            Setting::Number(_) => Setting::Number(text.trim().parse().map_err(|_| {
                Fault::new(&source, format!("must be a whole number, not \"{text}\""))
            })?),
            Setting::Truth(_) => Setting::Truth(text.trim().parse().map_err(|_| {
                Fault::new(&source, format!("must be true or false, not \"{text}\""))
            })?),
            Setting::List(_) => Setting::List(
                text.split(',')
                    .map(|item| item.trim().to_owned())
                    .filter(|item| !item.is_empty())
                    .collect(),
            ),
        };
        entry.source = source;
        Ok(())
    }

    fn set(&mut self, new: Entry) -> Result<(), Fault> {
        let sections = || self.0.iter().map(|entry| entry.section.clone());
        if !sections().any(|section| section == new.section) {
            let message = unknown("section", &new.section, sections());
            return Err(Fault::new(&new.source, message));
        }
        let path = new.path();
        let Some(entry) = self.0.iter_mut().find(|entry| entry.path() == path) else {
            let of_section = self.0.iter().filter(|entry| entry.section == new.section);
            let message = unknown("setting", &path, of_section.map(Entry::path));
            return Err(Fault::new(&new.source, message));
        };
        let kind = |value: &Setting| match value {
            Setting::Text(_) => "text in quotes",
            Setting::Number(_) => "a whole number",
            Setting::Truth(_) => "true or false, without quotes",
            Setting::List(_) => "a list of texts, like [\"10.0.0.0/8\"]",
        };
        if kind(&entry.value) != kind(&new.value) {
            return Err(Fault::new(
                &new.source,
                format!("{path} must be {}", kind(&entry.value)),
            ));
        }
        *entry = new;
        Ok(())
    }
}

/// Says that a name is unknown, and which known one was probably meant.
fn unknown(what: &str, name: &str, known: impl Iterator<Item = String>) -> String {
    let nearest = known.max_by(|left, right| {
        strsim::jaro_winkler(left, name).total_cmp(&strsim::jaro_winkler(right, name))
    });
    match nearest {
        Some(nearest) => format!("unknown {what} {name}; did you mean {nearest}?"),
        None => format!("unknown {what} {name}"),
    }
}

fn parse(text: &str, source: impl Fn(usize) -> Source) -> (Vec<Entry>, Vec<Fault>) {
    let at = |offset: usize| {
        source(
            text.get(..offset)
                .map_or(1, |before| before.matches('\n').count() + 1),
        )
    };
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            return (
                Vec::new(),
                vec![Fault::new(&at(offset), error.message().to_owned())],
            );
        }
    };
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    for (section, value) in table.get_ref() {
        let Some(keys) = value.get_ref().as_table() else {
            let message = format!(
                "{} stands outside a section; settings belong under one, like [http]",
                section.get_ref()
            );
            faults.push(Fault::new(&at(section.span().start), message));
            continue;
        };
        for (key, value) in keys {
            let source = at(key.span().start);
            match setting(value) {
                Some(value) => entries.push((
                    key.span().start,
                    Entry {
                        section: section.get_ref().to_string(),
                        key: key.get_ref().to_string(),
                        value,
                        source,
                    },
                )),
                None => {
                    let message = format!(
                        "{}.{} must be text, a whole number, true, false or a list of texts",
                        section.get_ref(),
                        key.get_ref()
                    );
                    faults.push(Fault::new(&source, message));
                }
            }
        }
    }
    entries.sort_by_key(|(offset, _)| *offset);
    (
        entries.into_iter().map(|(_, entry)| entry).collect(),
        faults,
    )
}

fn setting(value: &Spanned<DeValue<'_>>) -> Option<Setting> {
    match value.get_ref() {
        DeValue::String(text) => Some(Setting::Text(text.to_string())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(Setting::Number),
        DeValue::Boolean(truth) => Some(Setting::Truth(*truth)),
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(Setting::List),
        _ => None,
    }
}
