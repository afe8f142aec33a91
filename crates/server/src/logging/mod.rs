//! What the program says of its work: lines for people or for machines, what jobs log, and traces.

mod json;
mod line;

use std::fmt::Display;
use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use self::json::JsonLines;
use self::line::SpanNotes;
pub(crate) use self::line::{Line, Surroundings};
use crate::config::{Log, LogFormat};
use crate::error_reports::ErrorReports;
use crate::output;
use crate::traces::Traces;

/// Where lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Those for people to the standard error output, those for machines to the standard output.
    Usual,
    /// All to the standard error output: the other one is read by whoever called.
    Errors,
}

/// Says something to whoever has started the program: a line on the standard output, whatever level is logged. Where
/// machines read that, it is one of theirs.
pub(crate) fn say(settings: &Log, line: impl Display) {
    match settings.format {
        LogFormat::Text => output::say(line),
        LogFormat::Json => output::say(json::told(&line.to_string())),
    }
}

/// Writes lines from now on. What jobs log goes to the jobs as well, spans to whoever collects traces, and errors to
/// whoever collects those.
pub(crate) fn start(
    settings: &Log,
    stream: Stream,
    traces: Option<&Traces>,
    reports: Option<&ErrorReports>,
) {
    // People are shown fewer fields, and by another layer.
    let is_noted = settings.format == LogFormat::Json || reports.is_some();
    let filter = EnvFilter::try_new(&settings.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match (settings.format, stream) {
        (LogFormat::Text, _) => tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .boxed(),
        (LogFormat::Json, Stream::Usual) => JsonLines::to(std::io::stdout).boxed(),
        (LogFormat::Json, Stream::Errors) => JsonLines::to(std::io::stderr).boxed(),
    };
    let subscriber = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(is_noted.then(SpanNotes::layer))
        .with(reports.map(ErrorReports::layer))
        .with(traces.map(Traces::layer))
        .with(duly_queue::job_logs());
    // A second subscriber is refused; the first one serves as well.
    let _ = subscriber.try_init();
}
