//! `[log]`

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::reader::Reader;

/// `[log]`
#[derive(Debug, Clone)]
pub struct Log {
    /// How lines look.
    pub format: LogFormat,
    /// Which lines are written.
    pub level: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Log> {
    let format = reader.text("format", "text or json", |text| match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    });
    let level = reader.text(
        "level",
        "error, warn, info, debug or trace, or such per part",
        |text| is_log_level(text).then(|| text.to_owned()),
    );
    Some(Log {
        format: format?,
        level: level?,
    })
}

/// A word that is no level would be taken for the name of a part, and silence all others.
fn is_log_level(text: &str) -> bool {
    let is_level = |part: &str| !part.is_empty() && part.parse::<LevelFilter>().is_ok();
    let is_directive = |part: &str| part.contains('=') || is_level(part);
    EnvFilter::try_new(text).is_ok() && text.split(',').all(is_directive)
}
