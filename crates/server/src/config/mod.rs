//! Settings: `config.default.toml`, then `duly.toml`, then `DULY_…` variables; each later one wins.

mod alarms;
mod cache;
mod error_reports;
mod layers;
mod limits;
mod log;
mod operations;
mod passphrase;
mod queue;
mod reader;
mod sections;
mod traces;
mod value;
mod worker;

use std::fmt::Write as _;
use std::path::Path;

pub use cache::{Cache, Place};
use layers::{Layers, Setting, Source};
pub use error_reports::ErrorReporting;
pub use log::{Log, LogFormat};
pub use operations::Operations;
pub use passphrase::dump_passphrase;
pub use queue::QueueSettings;
pub use sections::{Accounts, Activity, Config, Database, Http, Mail, Tasks};
pub use traces::{TraceProtocol, traces};
pub use value::Network;
pub(crate) use value::duration;
pub(crate) use value::size;
pub use worker::WorkerSettings;

/// The defaults and the documentation of every setting.
pub const DEFAULTS: &str = include_str!("../../../../config.default.toml");

/// Where settings are looked for when no file is named.
pub const FILE: &str = "duly.toml";

/// Something wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Fault {
    place: String,
    message: String,
}

impl Fault {
    fn new(source: &Source, message: String) -> Self {
        Fault {
            place: source.to_string(),
            message,
        }
    }
}

/// The settings in force and where each comes from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    layers: Layers,
}

/// Reads every layer.
///
/// # Errors
/// Everything that is wrong with the settings, each with its place.
pub fn load(
    named: Option<&Path>,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Loaded, Vec<Fault>> {
    let mut layers = Layers::defaults()?;
    let mut faults = Vec::new();
    let path = named.unwrap_or(Path::new(FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => faults.extend(layers.file(path, &text)),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => faults.push(Fault {
            place: path.display().to_string(),
            message: format!("cannot be read: {error}"),
        }),
    }
    faults.extend(layers.variables(variables));
    let (config, wrong) = sections::read(&layers);
    faults.extend(wrong);
    match config {
        Some(config) if faults.is_empty() => Ok(Loaded { config, layers }),
        _ => Err(faults),
    }
}

impl Loaded {
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
            let value = match &entry.value {
                Setting::Text(value)
                    if entry.section == "alarms" || entry.section == "error_reports" => {
                    toml::Value::from(value::without_path(value))
                }
                Setting::Text(value) => toml::Value::from(value::masked(value)),
                Setting::Number(value) => toml::Value::from(*value),
                Setting::Truth(value) => toml::Value::from(*value),
                Setting::List(values) => toml::Value::from(values.clone()),
            };
            let _ = writeln!(text, "{} = {value}  # {}", entry.key, entry.source);
        }
        text
    }
}

#[cfg(test)]
mod tests;
