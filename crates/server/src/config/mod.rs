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
mod shown;
mod traces;
mod value;
mod worker;

use std::path::{Path, PathBuf};

pub use cache::{Cache, Place};
pub use error_reports::ErrorReporting;
use layers::Layers;
pub use layers::Source;
pub use log::{Log, LogFormat};
pub use operations::Operations;
pub use passphrase::{dump_passphrase, passphrase_file};
pub use queue::QueueSettings;
pub use sections::{Accounts, Activity, Config, Database, Http, Mail, Tasks};
pub use shown::Shown;
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
    /// The settings file, if there is one.
    pub file: Option<PathBuf>,
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
    let (mut faults, mut file) = (Vec::new(), None);
    let path = named.unwrap_or(Path::new(FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => {
            file = Some(path.to_owned());
            faults.extend(layers.file(path, &text));
        }
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
        Some(config) if faults.is_empty() => Ok(Loaded {
            config,
            file,
            layers,
        }),
        _ => Err(faults),
    }
}

#[cfg(test)]
mod tests;
