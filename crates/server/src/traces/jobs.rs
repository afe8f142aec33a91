//! Attempts at jobs as spans of the trace in which they were pushed.

use duly_queue::store::{Outcome, Reserved};
use duly_queue::{Ended, Middleware};
use opentelemetry::trace::TraceContextExt as _;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::context;

/// A span for each attempt. It is a child of the span that pushed the job, and linked to it, as the conventions for
/// messages want it; a job that nothing recorded has pushed begins a trace.
#[derive(Debug)]
pub(crate) struct JobTraces;

impl Middleware for JobTraces {
    fn span(&self, job: &Reserved) -> Span {
        let span = tracing::info_span!(
            "process",
            otel.name = format!("process {}", job.name),
            otel.kind = "consumer",
            otel.status_code = Empty,
            messaging.system = "duly",
            messaging.operation.name = "process",
            messaging.operation.type = "process",
            messaging.destination.name = %job.queue,
            messaging.message.id = %job.held.id,
            duly.job.kind = &*job.name,
            duly.job.attempt = job.attempt,
            error.type = Empty,
        );
        if let Some(parent) = job.trace_parent.as_deref().and_then(context::of_job) {
            span.add_link(parent.span().span_context().clone());
            // It was only just made: nobody has begun it.
            let _ = span.set_parent(parent);
        }
        span
    }

    fn after(&self, job: &Reserved, ended: &Ended<'_>) {
        let error = match ended.outcome {
            _ if ended.panicked => "panicked",
            Some(Outcome::Done | Outcome::Release) => return,
            Some(Outcome::Retry { .. }) if job.attempt < job.tries => "retried",
            Some(Outcome::Retry { .. } | Outcome::Fail { .. }) => "failed",
            None => "aborted",
        };
        let span = Span::current();
        span.record("otel.status_code", "error");
        span.record("error.type", error);
    }
}
