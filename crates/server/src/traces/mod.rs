//! Traces: what a request has led to, down to the statements, the jobs and the mails, for whoever collects them by
//! OTLP.
//!
//! The parts of Duly make spans of `tracing` and know nothing of this. Those with the field `otel.kind` become spans of
//! a trace, with the names of OpenTelemetry's conventions. What is set up is set by the variables that all programs
//! with OpenTelemetry share (`OTEL_…`), and nothing is set up while they name nobody who collects.

mod collector;
mod context;
mod jobs;
pub(crate) mod request;

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Key, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::LookupSpan;

use crate::config::TraceProtocol;

pub(crate) use self::context::{carry, ids, parent_for_jobs};
pub(crate) use self::jobs::JobTraces;

/// Who collects is waited for so long at the end.
const LAST_TIMEOUT: Duration = Duration::from_secs(5);

/// Traces that are collected.
#[derive(Debug)]
pub(crate) struct Traces(SdkTracerProvider);

/// Traces cannot be sent as the variables say.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be sent as OTEL_… says: {0}; put it right, or set OTEL_SDK_DISABLED=true")]
pub(crate) struct WrongTraces(#[from] opentelemetry_otlp::ExporterBuildError);

impl Traces {
    /// Sets up what the variables ask for. Runs in the Tokio runtime that sends them.
    ///
    /// # Errors
    /// When they cannot be sent like that.
    pub(crate) fn start(protocol: TraceProtocol) -> Result<Self, WrongTraces> {
        let exporter = collector::exporter(protocol)?;
        let provider = SdkTracerProvider::builder()
            .with_resource(resource())
            .with_batch_exporter(exporter)
            .build();
        Ok(Traces(provider))
    }

    /// Makes spans of `tracing` into spans of a trace.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let exported = |metadata: &tracing::Metadata<'_>| {
            metadata.is_span() && metadata.fields().field("otel.kind").is_some()
        };
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("duly"))
            .with_context_activation(false)
            .with_tracked_inactivity(false)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_filter(FilterFn::new(exported))
    }

    /// Sends what is left, to whoever takes it in time.
    pub(crate) async fn end(self) {
        let end = move || self.0.shutdown_with_timeout(LAST_TIMEOUT);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(end).await {
            tracing::warn!(%error, "the last traces were not taken in time");
        }
    }
}

/// Whether anybody collects them.
pub(crate) fn are_on() -> bool {
    tracing::span_enabled!(Level::TRACE, otel.kind)
}

/// What all spans of this process have in common. Whoever sets `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` has
/// the last word.
fn resource() -> Resource {
    let name = rustix::system::uname();
    let host = name.nodename().to_string_lossy().into_owned();
    let ours = [
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("host.name", host),
    ];
    let said = Resource::builder().build();
    let is_said = |name: &'static str| said.get(&Key::from_static_str(name)).is_some();
    let ours = ours.into_iter().filter(|(name, _)| !is_said(name));
    let ours: Vec<KeyValue> = ours
        .map(|(name, value)| KeyValue::new(name, value))
        .collect();
    let is_named = said
        .get(&Key::from_static_str("service.name"))
        .is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let builder = Resource::builder().with_attributes(ours);
    match is_named {
        true => builder.build(),
        false => builder.with_service_name("duly").build(),
    }
}
