//! One JSON object per line, for machines.

use std::fmt::Debug;
use std::io::Write as _;
use std::sync::OnceLock;

use serde::{Serialize, Serializer};
use serde_json::Value;
use tracing::dispatcher::WeakDispatch;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::traces;

/// What a line says of the request or job it belongs to, and how the span has it.
const OF_SPANS: [(&str, &str); 8] = [
    ("request.id", "request_id"),
    ("user.id", "user_id"),
    ("http.request.method", "method"),
    ("http.route", "route"),
    ("job.id", "job.id"),
    ("job.name", "job.name"),
    ("job.queue", "queue"),
    ("job.attempt", "attempt"),
];

/// Writes each event as a line: `timestamp`, `level`, `target`, its fields, of which one is the `message`, those of the
/// spans around it that [`OF_SPANS`] names, and the ids of its trace, all in one flat object.
#[derive(Debug)]
pub(super) struct JsonLines<W> {
    writer: W,
    /// Who knows in which span something happens.
    dispatch: OnceLock<WeakDispatch>,
}

impl<W> JsonLines<W> {
    pub(super) fn to(writer: W) -> Self {
        JsonLines {
            writer,
            dispatch: OnceLock::new(),
        }
    }

    /// The trace and the span of an event, whatever lines are written of spans.
    fn ids(&self, event: &Event<'_>) -> Option<(String, String)> {
        let dispatch = self.dispatch.get()?.upgrade()?;
        let current = dispatch.current_span();
        let span = event.parent().or_else(|| current.id())?;
        traces::ids(&dispatch, span)
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = SpanFields::default();
            attributes.record(&mut Fields(&mut fields));
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<SpanFields>()
        {
            values.record(&mut Fields(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Line::default();
        line.add("timestamp", now());
        line.add("level", event.metadata().level().as_str());
        line.add("target", event.metadata().target());
        event.record(&mut Fields(&mut line));
        // The innermost comes first: what it says is nearer to the event.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(fields)) = span.extensions().get() {
                for (name, value) in fields {
                    line.add(name, value.clone());
                }
            }
        }
        if let Some((trace, span)) = self.ids(event) {
            line.add("trace_id", trace);
            line.add("span_id", span);
        }
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

/// A line that is being put together. What comes first stays.
#[derive(Debug, Default)]
struct Line(Vec<(&'static str, Value)>);

impl Line {
    fn add(&mut self, name: &'static str, value: impl Into<Value>) {
        if !self.0.iter().any(|(known, _)| *known == name) {
            self.0.push((name, value.into()));
        }
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Take for Line {
    fn take(&mut self, name: &'static str, value: Value) {
        self.add(of_span(name).unwrap_or(name), value);
    }
}

/// What lines say of a span. What is said last counts.
#[derive(Debug, Default)]
struct SpanFields(Vec<(&'static str, Value)>);

impl Take for SpanFields {
    fn take(&mut self, name: &'static str, value: Value) {
        if let Some(name) = of_span(name) {
            self.0.retain(|(known, _)| *known != name);
            self.0.push((name, value));
        }
    }
}

fn of_span(name: &str) -> Option<&'static str> {
    let mut names = OF_SPANS.iter();
    names.find(|(of_span, _)| *of_span == name).map(|it| it.1)
}

/// Takes the fields of an event or of a span.
trait Take {
    fn take(&mut self, name: &'static str, value: Value);
}

/// Hands fields over as JSON.
struct Fields<'a, T>(&'a mut T);

impl<T: Take> Visit for Fields<'_, T> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.take(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.take(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.take(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.take(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.take(field.name(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.take(field.name(), format!("{value:?}").into());
    }
}
