//! Which trace something belongs to, as it is told from process to process (W3C Trace Context).

use hyper::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Dispatch, Span, span};
use tracing_opentelemetry::{OpenTelemetrySpanExt as _, get_otel_context};

use super::are_on;

/// The header that names the span of whoever asks.
const TRACE_PARENT: &str = "traceparent";

/// The span of whoever asks, when they say one. Whoever they are, they only choose under which trace they are shown.
pub(super) fn of_request(headers: &HeaderMap) -> Option<Context> {
    if !are_on() || !headers.contains_key(TRACE_PARENT) {
        return None;
    }
    let context = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    context.has_active_span().then_some(context)
}

/// The span that pushed a job.
pub(super) fn of_job(trace_parent: &str) -> Option<Context> {
    let mut headers = HeaderMap::new();
    headers.insert(TRACE_PARENT, trace_parent.parse().ok()?);
    of_request(&headers)
}

/// Tells whoever is asked in which span that is.
pub(crate) fn carry(span: &Span, headers: &mut HeaderMap) {
    if are_on() {
        TraceContextPropagator::new().inject_context(&span.context(), &mut HeaderInjector(headers));
    }
}

/// What a job carries that is pushed now: nothing when its trace is not recorded.
pub(crate) fn parent_for_jobs() -> Option<String> {
    if !are_on() {
        return None;
    }
    let context = Span::current().context();
    let context = recorded(&context)?;
    let (trace, span) = (context.trace_id(), context.span_id());
    Some(format!("00-{trace}-{span}-{:02x}", context.trace_flags()))
}

fn recorded(context: &Context) -> Option<SpanContext> {
    let context = context.span().span_context().clone();
    (context.is_valid() && context.is_sampled()).then_some(context)
}

/// The ids of the trace and the span that something happens in, as they are written.
pub(crate) fn ids(dispatch: &Dispatch, span: &span::Id) -> Option<(String, String)> {
    let context = get_otel_context(span, dispatch)?;
    let context = context.span().span_context().clone();
    let ids = || {
        (
            context.trace_id().to_string(),
            context.span_id().to_string(),
        )
    };
    context.is_valid().then(ids)
}
