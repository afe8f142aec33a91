//! Handing traces over to whoever collects them. That it fails disturbs nobody.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::tonic_types::transport::ClientTlsConfig;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
    WithTonicConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::SpanData;
use tokio::runtime::Handle;

use crate::config::TraceProtocol;
use crate::outgoing::{self, Outgoing};

/// That traces are lost is told no oftener.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Nobody who collects has more to say, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// As the variables say; OpenTelemetry's library reads them.
pub(super) fn exporter(protocol: TraceProtocol) -> Result<Telling, ExporterBuildError> {
    let builder = SpanExporter::builder();
    let exporter = match protocol {
        TraceProtocol::Grpc => {
            let tls = ClientTlsConfig::new().with_enabled_roots();
            builder.with_tonic().with_tls_config(tls).build()
        }
        TraceProtocol::Http => {
            let client = OnRuntime {
                client: outgoing::client(),
                runtime: Handle::current(),
            };
            let builder = builder.with_http().with_protocol(Protocol::HttpBinary);
            builder.with_http_client(client).build()
        }
    };
    Ok(Telling {
        exporter: exporter?,
        lost: Mutex::default(),
    })
}

/// Spans are sent from a thread of the library's own; connections belong to the runtime.
#[derive(Debug)]
struct OnRuntime {
    client: Outgoing,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for OnRuntime {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = self.client.request(request.map(Full::new));
        let sent = self.runtime.spawn(async move {
            let (head, body) = request.await?.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await?;
            Ok::<_, HttpError>(Response::from_parts(head, body.to_bytes()))
        });
        sent.await?
    }
}

/// An exporter that tells the log, and not too often, what it could not hand over.
#[derive(Debug)]
pub(super) struct Telling {
    exporter: SpanExporter,
    lost: Mutex<Lost>,
}

#[derive(Debug, Default)]
struct Lost {
    spans: usize,
    told_at: Option<Instant>,
}

impl Telling {
    fn lose(&self, spans: usize, error: &OTelSdkError) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.spans = lost.spans.saturating_add(spans);
        if lost.told_at.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            lost.told_at = Some(Instant::now());
            let spans = std::mem::take(&mut lost.spans);
            tracing::warn!(%error, spans, "traces could not be handed over and are lost");
        }
    }
}

impl opentelemetry_sdk::trace::SpanExporter for Telling {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let exported = self.exporter.export(batch).await;
        if let Err(error) = &exported {
            self.lose(spans, error);
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
