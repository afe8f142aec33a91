//! What the program says of its work: lines for people or for machines, what jobs log, and traces.

mod json;

use std::io::IsTerminal as _;

use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry};

use self::json::JsonLines;
use crate::config::{Log, LogFormat};
use crate::traces::Traces;

type Lines = Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>;

/// Log lines go to the standard error output, or to the standard output as JSON; what jobs log goes to the jobs as
/// well, and spans to who collects traces, if anybody does.
pub fn start(settings: &Log, traces: Option<&Traces>) {
    let filter = EnvFilter::try_new(&settings.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines: Lines = match settings.format {
        LogFormat::Text => for_people().with_filter(filter).boxed(),
        LogFormat::Json => JsonLines::new(std::io::stdout).with_filter(filter).boxed(),
    };
    let subscriber = tracing_subscriber::registry()
        .with(lines)
        .with(traces.map(Traces::layer))
        .with(duly_queue::job_logs());
    // A second subscriber is refused; the first one serves as well.
    let _ = subscriber.try_init();
}
