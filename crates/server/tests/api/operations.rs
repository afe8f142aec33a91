//! What operators and their machines are told of a process.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::support::{Process, send_raw};

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The figures that dashboards, alarms and scaling go by.
const USED: &str = include_str!("../../../../deploy/observability/metrics.txt");

/// Those that need replicas.
const OF_REPLICAS: [&str; 1] = ["duly_database_replica_lag_seconds"];

/// An address that nobody listens on at the moment.
pub fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

/// A process that is to be looked at there.
fn process(address: SocketAddr) -> Process {
    let mut process = Process::new();
    let listen = ("DULY_OPERATIONS__LISTEN", address.to_string());
    process.variables.push(listen);
    process
}

/// Asks, and answers status and body; nothing while nobody listens.
pub async fn ask(address: SocketAddr, request: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answer = send_raw(&mut stream, request.as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// Asks until the answer is as wanted.
async fn until(address: SocketAddr, path: &str, is_so: impl Fn(u16, &str) -> bool) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = ask(address, &format!("GET {path}")).await;
        match answer {
            Some((status, body)) if is_so(status, &body) => return body,
            answer if Instant::now() > deadline => panic!("{path}: {answer:?}"),
            _ => tokio::task::yield_now().await,
        }
    }
}

/// The names of all samples.
fn names(metrics: &str) -> BTreeSet<&str> {
    let samples = metrics.lines().filter(|line| !line.starts_with('#'));
    samples
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect()
}

#[tokio::test]
async fn every_figure_that_dashboards_and_alarms_use_is_told() {
    let address = free_address();
    let mut duly = process(address);
    duly.serve(&[]);
    assert_eq!(duly.status("/api/v1/tasks").await, 401);
    assert_eq!(duly.status("/tasks").await, 200);
    let mut connection = duly.connect().await;
    let forgotten = json!({ "email": "nobody@example.org" });
    let sent = connection.send("POST", "/api/v1/password/forgot", Some(forgotten));
    assert!(sent.await.is_some());
    let job =
        "duly_job_attempts_total{queue=\"urgent\",kind=\"send_password_reset\",outcome=\"done\"} 1";
    let metrics = until(address, "/metrics", |status, text| {
        status == 200 && text.contains(job) && text.contains("duly_queue_jobs{")
    });
    let metrics = metrics.await;
    assert!(metrics.ends_with("# EOF\n"));
    let told = names(&metrics);
    let missing: Vec<&str> = USED
        .lines()
        .filter(|name| !told.contains(name) && !OF_REPLICAS.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?} in {metrics}");
    for (route, status) in [("/api/v1/tasks", 401), ("/{page}", 200)] {
        let labels = format!(
            "http_server_request_duration_seconds_count{{http_request_method=\"GET\",\
             http_route=\"{route}\",http_response_status_code=\"{status}\"}} 1"
        );
        assert!(metrics.contains(&labels), "{labels} in {metrics}");
    }
    assert!(!metrics.contains("nobody@example.org"), "{metrics}");
    assert!(duly.stop());
}

#[tokio::test]
async fn a_process_says_whether_it_lives_and_is_ready() {
    let address = free_address();
    let mut duly = process(address);
    let nobody = duly.run(&["healthcheck"]);
    assert_eq!(nobody.status.code(), Some(1));
    let wrong = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert!(wrong.contains(&address.to_string()), "{wrong}");
    duly.serve(&[]);
    assert_eq!(duly.say(&["healthcheck"]), "ready\n");
    let live = ask(address, "GET /livez").await;
    assert_eq!(live, Some((200, "alive\n".to_owned())));
    let verbose = until(address, "/readyz?verbose", |status, _| status == 200).await;
    let verbose: Value = serde_json::from_str(&verbose).expect("JSON");
    assert_eq!(verbose["status"], "ready");
    assert_eq!(verbose["role"], "all");
    assert_eq!(verbose["servers"]["primary"]["state"], "up");
    let missing = ask(address, "GET /api/v1/tasks").await.expect("an answer");
    assert_eq!(missing.0, 404, "people are answered elsewhere");
    let posted = ask(address, "POST /readyz").await.expect("an answer");
    assert_eq!(posted.0, 405);
    assert!(duly.stop());
    assert_eq!(duly.run(&["healthcheck"]).status.code(), Some(1));
}

#[tokio::test]
async fn processes_that_answer_no_requests_are_seen_too() {
    for (arguments, role) in [
        (&["work"][..], "worker"),
        (&["serve", "--role", "scheduler"][..], "scheduler"),
    ] {
        let address = free_address();
        let duly = process(address);
        let mut child = duly.spawn_logging(arguments);
        let ready = until(address, "/readyz?verbose", |status, _| status == 200).await;
        let ready: Value = serde_json::from_str(&ready).expect("JSON");
        assert_eq!(ready["role"], role);
        let metrics = until(address, "/metrics", |status, _| status == 200).await;
        assert!(
            metrics.contains("duly_queue_oldest_age_seconds"),
            "{metrics}"
        );
        child.kill().expect("it runs");
        child.wait().expect("it ends");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_keeps_nobody_from_working() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let mut duly = process(address);
    let level = ("DULY_LOG__LEVEL", "warn".to_owned());
    duly.variables.push(level);
    duly.serve(&[]);
    assert_eq!(duly.status("/readyz").await, 200);
    assert!(duly.log().contains("operations.listen"), "{}", duly.log());
    assert!(duly.stop());
}
