//! One JSON object per line, for machines.

use std::io::Write as _;

use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::line::{Line, Surroundings};

/// Writes each event as a line: `timestamp`, `level`, `target` and what a [`Line`] says, in one flat object.
#[derive(Debug)]
pub(super) struct JsonLines<W> {
    writer: W,
    surroundings: Surroundings,
}

impl<W> JsonLines<W> {
    pub(super) fn to(writer: W) -> Self {
        JsonLines {
            writer,
            surroundings: Surroundings::default(),
        }
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.surroundings.registered_with(dispatch);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Line::default();
        line.add("timestamp", now());
        line.add("level", event.metadata().level().as_str());
        line.add("target", event.metadata().target());
        line.add_event(event, &context, &self.surroundings);
        if let Ok(mut text) = serde_json::to_vec(&line) {
            text.push(b'\n');
            // Whoever has closed it does not want to know.
            let _ = self
                .writer
                .make_writer_for(event.metadata())
                .write_all(&text);
        }
    }
}

/// A line that is no event: what the program says to whoever has started it.
pub(super) fn told(message: &str) -> String {
    let mut line = Line::default();
    line.add("timestamp", now());
    line.add("level", "INFO");
    line.add("target", "duly");
    line.add("message", message);
    serde_json::to_string(&line).unwrap_or_default()
}

fn now() -> String {
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}
