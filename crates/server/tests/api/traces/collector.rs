//! Somebody who collects traces by OTLP.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::support::Process;

/// How traces come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Http,
    Grpc,
}

/// Somebody who collects traces.
pub struct Collector {
    address: SocketAddr,
    by: By,
    taken: Taken,
}

/// Texts by their names.
type Texts = BTreeMap<String, String>;

/// What came, and with which headers.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<(ExportTraceServiceRequest, Texts)>>>);

impl Taken {
    fn take(&self, request: ExportTraceServiceRequest, headers: &HeaderMap) {
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or("").to_owned();
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)));
        let mut taken = self.0.lock().expect("no panic");
        taken.push((request, headers.collect()));
    }
}

#[async_trait]
impl TraceService for Taken {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.take(message, &metadata.into_headers());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

async fn take(State(taken): State<Taken>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    taken.take(
        ExportTraceServiceRequest::decode(body).expect("OTLP"),
        &headers,
    );
    StatusCode::OK
}

impl Collector {
    pub async fn start(by: By) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let taken = Taken::default();
        match by {
            By::Http => {
                let router = Router::new().route("/v1/traces", post(take));
                let router = router.with_state(taken.clone());
                tokio::spawn(async move { axum::serve(listener, router).await });
            }
            By::Grpc => {
                let service = TraceServiceServer::new(taken.clone());
                let server = Server::builder().add_service(service);
                tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
            }
        }
        Collector { address, by, taken }
    }

    /// The variables that have traces sent here.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let protocol = match self.by {
            By::Http => "http/protobuf",
            By::Grpc => "grpc",
        };
        vec![
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                format!("http://{}", self.address),
            ),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=collected".to_owned()),
            ("OTEL_BSP_SCHEDULE_DELAY", "100".to_owned()),
        ]
    }

    /// Has a Duly send its traces here.
    pub fn collect(&self, duly: &mut Process) {
        duly.variables.extend(self.variables());
    }

    /// The headers that came with the traces.
    pub fn headers(&self) -> Vec<Texts> {
        let taken = self.taken.0.lock().expect("no panic");
        taken.iter().map(|(_, headers)| headers.clone()).collect()
    }

    /// Everything, as it travels.
    pub fn bytes(&self) -> Vec<u8> {
        let taken = self.taken.0.lock().expect("no panic");
        taken
            .iter()
            .flat_map(|(request, _)| request.encode_to_vec())
            .collect()
    }

    /// What is said of the processes.
    pub fn resources(&self) -> Vec<Texts> {
        let taken = self.taken.0.lock().expect("no panic");
        let parts = taken
            .iter()
            .flat_map(|(request, _)| &request.resource_spans);
        let resources = parts.filter_map(|part| part.resource.as_ref());
        resources
            .map(|resource| attributes(&resource.attributes))
            .collect()
    }

    pub fn spans(&self) -> Vec<Found> {
        let taken = self.taken.0.lock().expect("no panic");
        let parts = taken
            .iter()
            .flat_map(|(request, _)| &request.resource_spans);
        let scopes = parts.flat_map(|part| &part.scope_spans);
        scopes
            .flat_map(|scope| &scope.spans)
            .map(Found::from)
            .collect()
    }

    /// The spans of a trace.
    pub fn trace(&self, trace: &str) -> Vec<Found> {
        let mut spans = self.spans();
        spans.retain(|span| span.trace == trace);
        spans
    }
}

/// A span that was collected.
#[derive(Debug, Clone)]
pub struct Found {
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub name: String,
    /// As OTLP numbers them: server 2, client 3, consumer 5.
    pub kind: i32,
    pub attributes: Texts,
    pub links: Vec<String>,
    pub is_error: bool,
}

impl From<&Span> for Found {
    fn from(span: &Span) -> Self {
        assert!(
            span.end_time_unix_nano >= span.start_time_unix_nano,
            "{span:?}"
        );
        assert!(
            span.events.is_empty(),
            "lines of the log are no part of it: {span:?}"
        );
        Found {
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            name: span.name.clone(),
            kind: span.kind,
            attributes: attributes(&span.attributes),
            links: span.links.iter().map(|link| hex(&link.span_id)).collect(),
            is_error: span.status.as_ref().is_some_and(|status| status.code == 2),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attributes(list: &[KeyValue]) -> Texts {
    let pairs = list
        .iter()
        .map(|pair| (pair.key.clone(), text(pair.value.as_ref())));
    pairs.collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}
