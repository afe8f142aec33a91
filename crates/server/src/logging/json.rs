//! One JSON object per line, for machines.

use std::fmt::Debug;
use std::io::Write as _;

use serde::{Serialize, Serializer};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

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

/// Writes each event as a line: `timestamp`, `level`, `target`, `message`, its fields, and those of the spans around
/// it that [`OF_SPANS`] names, all in one flat object.
#[derive(Debug)]
pub(super) struct JsonLines<W>(W);

impl<W> JsonLines<W> {
    pub(super) fn new(writer: W) -> Self {
        JsonLines(writer)
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
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
            line.add_span(&span);
        }
        if let Ok(mut text) = serde_json::to_vec(&line) {
            text.push(b'\n');
            // Whoever has closed it does not want to know.
            let _ = self.0.make_writer_for(event.metadata()).write_all(&text);
        }
    }
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

    fn add_span<'a, S: LookupSpan<'a>>(&mut self, span: &SpanRef<'a, S>) {
        let extensions = span.extensions();
        if let Some(SpanFields(fields)) = extensions.get() {
            for (name, value) in fields {
                self.add(name, value.clone());
            }
        }
        if let Some((trace, span)) = traces::ids(&extensions) {
            self.add("trace_id", trace);
            self.add("span_id", span);
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
