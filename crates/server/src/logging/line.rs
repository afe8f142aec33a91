//! What is said of an event: its own fields, and what it happened in.

use std::fmt::Debug;
use std::sync::OnceLock;

use serde::{Serialize, Serializer};
use serde_json::Value;
use tracing::dispatcher::WeakDispatch;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
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

/// Keeps what lines say of spans, for the layers that look at events.
#[derive(Debug)]
pub(super) struct SpanNotes;

impl SpanNotes {
    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
        let spans =
            |metadata: &Metadata<'_>| metadata.is_span() && *metadata.level() <= Level::INFO;
        let spans = FilterFn::new(spans);
        SpanNotes.with_filter(spans.with_max_level_hint(LevelFilter::INFO))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for SpanNotes {
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
}

/// Who knows in which span something happens.
#[derive(Debug, Default)]
pub(crate) struct Surroundings(OnceLock<WeakDispatch>);

impl Surroundings {
    pub(crate) fn registered_with(&self, dispatch: &Dispatch) {
        let _ = self.0.set(dispatch.downgrade());
    }

    /// The trace and the span of an event, whatever lines are written of spans.
    fn ids(&self, event: &Event<'_>) -> Option<(String, String)> {
        let dispatch = self.0.get()?.upgrade()?;
        let current = dispatch.current_span();
        let span = event.parent().or_else(|| current.id())?;
        traces::ids(&dispatch, span)
    }
}

/// A line that is being put together. What comes first stays.
#[derive(Debug, Default)]
pub(crate) struct Line(Vec<(&'static str, Value)>);

impl Line {
    /// Adds what is said of an event: its fields, of which one is the `message`, those of the spans around it that
    /// [`OF_SPANS`] names, and the ids of its trace.
    pub(crate) fn add_event<S>(
        &mut self,
        event: &Event<'_>,
        context: &Context<'_, S>,
        surroundings: &Surroundings,
    ) where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        event.record(&mut Fields(self));
        // The innermost comes first: what it says is nearer to the event.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(fields)) = span.extensions().get() {
                for (name, value) in fields {
                    self.add(name, value.clone());
                }
            }
        }
        if let Some((trace, span)) = surroundings.ids(event) {
            self.add("trace_id", trace);
            self.add("span_id", span);
        }
    }

    /// Takes one of them out, as text.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| *known == name)?;
        Some(match self.0.remove(place).1 {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }

    /// All that is said.
    pub(crate) fn into_fields(self) -> impl Iterator<Item = (&'static str, Value)> {
        self.0.into_iter()
    }

    pub(super) fn add(&mut self, name: &'static str, value: impl Into<Value>) {
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
