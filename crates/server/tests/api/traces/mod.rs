//! What collectors of traces are told.

mod collector;

use std::time::{Duration, Instant};

use serde_json::json;

pub use self::collector::{By, Collector};

use self::collector::Found;
use crate::alarms::Receiver;
use crate::support::{Connection, MailServer, Process};

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const ASKED_IN: &str = "b7ad6b7169203331";
const PASSWORD: &str = "correct horse battery";

/// As OTLP numbers the kinds of spans.
const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const CONSUMER: i32 = 5;

/// A Duly whose mails go to the server.
fn duly(mails: &MailServer) -> Process {
    let mut duly = Process::new();
    let url = format!("smtp://duly:mail-secret@127.0.0.1:{}?tls=none", mails.port);
    duly.variables = vec![
        ("DULY_MAIL__URL", url),
        ("DULY_WORKER__POLL", "100ms".into()),
    ];
    duly
}

async fn register(client: &mut Connection) {
    let body = json!({ "name": "Ann", "email": "ann@example.org", "password": PASSWORD });
    let made = client.send("POST", "/api/v1/register", Some(body)).await;
    made.expect("it runs");
}

#[track_caller]
fn one<'a>(spans: &'a [Found], name: &str) -> &'a Found {
    let found: Vec<&Found> = spans.iter().filter(|span| span.name == name).collect();
    let [one] = found.as_slice() else {
        panic!("not one {name}: {spans:#?}");
    };
    one
}

fn below<'a>(spans: &'a [Found], parent: &Found) -> Vec<&'a Found> {
    spans
        .iter()
        .filter(|span| span.parent == parent.id)
        .collect()
}

/// Whether a change of a table, and its commit, are shown below a span.
#[track_caller]
fn assert_statements(spans: &[Found], parent: &Found, named: &str) {
    let below = below(spans, parent);
    for name in [named, "COMMIT"] {
        let found = below.iter().find(|span| span.name == name);
        let statement = found.unwrap_or_else(|| panic!("no {name}: {below:#?}"));
        assert_eq!(statement.kind, CLIENT);
        assert_eq!(statement.attributes["db.system.name"], "sqlite");
        assert_eq!(statement.attributes["duly.db.role"], "primary");
        let operation = name.split(' ').next().expect("a word");
        assert_eq!(statement.attributes["db.operation.name"], operation);
    }
}

async fn one_trace_by(by: By) {
    let (collector, mut mails) = (Collector::start(by).await, MailServer::start().await);
    let mut duly = duly(&mails);
    collector.collect(&mut duly);
    duly.serve(&[]);
    let mut client = duly.connect().await;
    client.headers = vec![("traceparent", format!("00-{TRACE}-{ASKED_IN}-01"))];
    register(&mut client).await;
    mails.mail().await;
    assert!(duly.stop(), "{}", duly.log());

    let spans = collector.trace(TRACE);
    let request = one(&spans, "POST /api/v1/register");
    assert_eq!((request.kind, &*request.parent), (SERVER, ASKED_IN));
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/v1/register"),
        ("http.response.status_code", "201"),
        ("url.scheme", "http"),
        ("server.address", "127.0.0.1"),
    ] {
        assert_eq!(request.attributes[name], value, "{name}");
    }
    assert_statements(&spans, request, "INSERT users");
    assert_statements(&spans, request, "INSERT jobs");
    let jobs: Vec<&Found> = spans.iter().filter(|span| span.kind == CONSUMER).collect();
    let [job] = jobs.as_slice() else {
        panic!("not one job: {spans:#?}");
    };
    assert_eq!(
        job.name,
        format!("process {}", job.attributes["duly.job.kind"])
    );
    assert_eq!(job.parent, request.id);
    assert_eq!(job.links, std::slice::from_ref(&request.id));
    assert_eq!(job.attributes["messaging.system"], "duly");
    assert_eq!(job.attributes["duly.job.attempt"], "1");
    assert_statements(&spans, job, "INSERT sent_mails");
    let mail = one(&spans, "send mail");
    assert_eq!((mail.kind, &mail.parent), (CLIENT, &job.id));
    assert_eq!(mail.attributes["server.address"], "127.0.0.1");
    assert_eq!(mail.attributes["server.port"], mails.port.to_string());
    assert!(spans.iter().all(|span| !span.is_error), "{spans:#?}");

    for resource in collector.resources() {
        assert_eq!(resource["service.name"], "duly");
        assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    }
    assert!(
        collector
            .headers()
            .iter()
            .all(|it| it["api-key"] == "collected")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_shows_a_request_its_statements_its_job_and_its_mail_by_http() {
    one_trace_by(By::Http).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_shows_a_request_its_statements_its_job_and_its_mail_by_grpc() {
    one_trace_by(By::Grpc).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_sampled_is_not_told() {
    let (collector, mut mails) = (Collector::start(By::Http).await, MailServer::start().await);
    let mut duly = duly(&mails);
    collector.collect(&mut duly);
    duly.serve(&[]);
    let mut client = duly.connect().await;
    // The last two digits say whether whoever asks records it (W3C Trace Context, 3.2.2.5).
    client.headers = vec![("traceparent", format!("00-{TRACE}-{ASKED_IN}-00"))];
    register(&mut client).await;
    mails.mail().await;
    // Neither is what says nonsense, which begins a trace like any other.
    client.headers = vec![("traceparent", format!("00-{TRACE}-nonsense-01"))];
    let me = client.send("GET", "/api/v1/me", None).await;
    me.expect("it runs");
    assert!(duly.stop(), "{}", duly.log());
    assert_eq!(collector.trace(TRACE).len(), 0);
    let spans = collector.spans();
    let root = one(&spans, "GET /api/v1/me");
    assert_eq!((root.kind, &*root.parent), (SERVER, ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_begins_traces_of_its_own_which_a_sampler_chooses_from() {
    for (sampler, are_told) in [("always_on", true), ("always_off", false)] {
        let (collector, mails) = (Collector::start(By::Http).await, MailServer::start().await);
        let mut duly = duly(&mails);
        collector.collect(&mut duly);
        let sampler = ("OTEL_TRACES_SAMPLER", sampler.to_owned());
        duly.variables.push(sampler);
        duly.variables
            .push(("DULY_LOG__LEVEL", "error,duly_queue=debug".into()));
        duly.serve(&[]);
        let deadline = Instant::now() + PATIENCE;
        while !duly.log().contains("job done") {
            assert!(Instant::now() < deadline, "{}", duly.log());
            tokio::task::yield_now().await;
        }
        assert!(duly.stop(), "{}", duly.log());
        let spans = collector.spans();
        let planned = spans
            .iter()
            .find(|span| span.name == "process dispatch_reminders");
        assert_eq!(planned.is_some(), are_told, "{spans:#?}");
        assert!(planned.is_none_or(|span| span.parent.is_empty() && span.links.is_empty()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_disturbs_nobody_and_is_told_of_once() {
    for protocol in ["http/protobuf", "grpc"] {
        let mut mails = MailServer::start().await;
        let mut duly = duly(&mails);
        // Nobody listens at port 9, which is there to throw things away.
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "300"),
            ("OTEL_BSP_SCHEDULE_DELAY", "50"),
            ("DULY_LOG__LEVEL", "warn"),
        ] {
            duly.variables.push((name, value.to_owned()));
        }
        duly.serve(&[]);
        let mut client = duly.connect().await;
        register(&mut client).await;
        mails.mail().await;
        let begun = Instant::now();
        assert!(duly.stop(), "{}", duly.log());
        assert!(begun.elapsed() < Duration::from_secs(20));
        let log = duly.log();
        let told = log.matches("traces could not be handed over").count();
        assert_eq!(told, 1, "{protocol}: {log}");
    }
}

#[test]
fn an_address_that_is_none_is_refused_with_what_to_do() {
    let mut duly = Process::new();
    let wrong = ("OTEL_EXPORTER_OTLP_ENDPOINT", "not an address".to_owned());
    duly.variables.push(wrong);
    let ended = duly.run(&["serve"]);
    let error = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{error}");
    for part in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED"] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_duly_makes_carries_its_span() {
    let (collector, mails) = (Collector::start(By::Http).await, MailServer::start().await);
    let receiver = Receiver::start().await;
    let mut duly = duly(&mails);
    collector.collect(&mut duly);
    let ping = ("DULY_ALARMS__PING_URL", receiver.url.clone());
    duly.variables.push(ping);
    duly.serve(&[]);
    let deadline = Instant::now() + PATIENCE;
    let call = loop {
        if let Some(call) = receiver.take().await.into_iter().next() {
            break call;
        }
        assert!(Instant::now() < deadline, "{}", duly.log());
        tokio::task::yield_now().await;
    };
    assert!(duly.stop(), "{}", duly.log());
    let spans = collector.spans();
    let span = one(&spans, "GET");
    let header = format!("traceparent: 00-{}-{}-01", span.trace, span.id);
    assert!(call.contains(&header), "{header} is not in {call}");
    assert_eq!(span.kind, CLIENT);
    assert_eq!(span.attributes["server.address"], "127.0.0.1");
    assert_eq!(span.attributes["http.response.status_code"], "204");
    let text = format!("{spans:?}");
    assert!(!text.contains("told"), "a URL may be a secret: {text}");
}
