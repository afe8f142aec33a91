//! What balancers ask, and a node that comes and goes while they do.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use duly_server::config::Http;
use duly_server::node::Node;
use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Process, TestApp, TestServer, send_raw};

const OTHER: &str = "/api/openapi.json";

/// Long enough that a test that waits for it fails.
const LONG: Duration = Duration::from_secs(600);

/// Asks on a connection of its own, and answers status and body.
async fn ask(server: &TestServer, path: &str) -> (u16, String) {
    let mut stream = server.connect().await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    parse(&send_raw(&mut stream, request.as_bytes()).await)
}

fn parse(answer: &str) -> (u16, String) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).expect("a status");
    (status.parse().expect("a number"), body.to_owned())
}

async fn readiness(server: &TestServer) -> (u16, Value) {
    let (status, body) = ask(server, "/readyz").await;
    (status, serde_json::from_str(&body).expect("JSON"))
}

async fn with(change: impl FnOnce(&mut Http)) -> TestApp {
    TestApp::with(|_| {}, change).await
}

#[tokio::test]
async fn a_node_that_starts_is_alive_and_not_ready_and_lets_others_wait() {
    let app = with(|_| {}).await;
    let server = TestServer::of(Node::starting(app.app.context.http.clone())).await;
    assert_eq!(ask(&server, "/livez").await, (200, "alive\n".into()));
    let database = json!({ "reachable": null, "migrated": false });
    let starting = json!({ "status": "starting", "database": database, "draining": false });
    assert_eq!(readiness(&server).await, (503, starting));
    let mut early = server.connect().await;
    let request = format!("GET {OTHER} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    early
        .write_all(request.as_bytes())
        .await
        .expect("it is queued");
    assert_eq!(ask(&server, "/readyz").await.0, 503);
    server.node.start(app.app.clone());
    let (status, _) = parse(&send_raw(&mut early, b"").await);
    assert_eq!(status, 200, "who came too early is answered as well");
    let database = json!({ "reachable": true, "migrated": true });
    let ready = json!({ "status": "ready", "database": database, "draining": false });
    assert_eq!(readiness(&server).await, (200, ready));
}

#[tokio::test]
async fn a_node_that_stops_says_so_at_once_and_goes_on_for_a_while() {
    let app = with(|http| http.drain_delay = LONG).await;
    let mut server = TestServer::start(&app).await;
    let mut kept = server.connect().await;
    server.stop.told.cancel();
    let begun = Instant::now();
    while readiness(&server).await.0 == 200 {
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
    let (status, said) = readiness(&server).await;
    assert_eq!((status, &said["status"]), (503, &json!("draining")));
    assert_eq!(said["draining"], true);
    assert_eq!(ask(&server, "/livez").await.0, 200);
    assert_eq!(ask(&server, OTHER).await.0, 200, "new connections");
    // Without being asked to, it closes after the answer, so that the client goes elsewhere.
    let request = format!("GET {OTHER} HTTP/1.1\r\nhost: x\r\n\r\n");
    let answer = send_raw(&mut kept, request.as_bytes()).await;
    assert_eq!(parse(&answer).0, 200, "connections from before");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(!server.ended.is_finished());
    server.stop.at_once.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(10), &mut server.ended).await;
    ended.expect("it ends sooner").expect("no panic");
}

/// Until it takes no more connections it answers each of them, also those whose request was on its
/// way at that moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_in_is_answered() {
    let app = with(|http| http.drain_delay = Duration::from_millis(10)).await;
    // Those who come last learn a second later that nobody is there, so the ends are tried together.
    join_all((0..20).map(|_| end_while_asked(&app))).await;
}

async fn end_while_asked(app: &TestApp) {
    let mut server = TestServer::start(app).await;
    let address = server.address;
    let clients: Vec<_> = (0..8).map(|_| tokio::spawn(insist(address))).collect();
    server.stop.told.cancel();
    for client in clients {
        client.await.expect("every answer is whole");
    }
    let ended = tokio::time::timeout(Duration::from_secs(10), &mut server.ended).await;
    ended.expect("it ends").expect("no panic");
}

/// Asks, each time on a new connection, until there is nobody.
async fn insist(address: SocketAddr) {
    let request = b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    while let Ok(mut stream) = TcpStream::connect(address).await {
        stream.write_all(request).await.expect("it takes it");
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer).await;
        read.expect("no reset");
        assert_eq!(parse(&answer), (200, "alive\n".into()));
    }
}

#[tokio::test]
async fn health_has_no_other_methods() {
    let app = with(|_| {}).await;
    let server = TestServer::start(&app).await;
    for path in ["/livez", "/readyz"] {
        let mut stream = server.connect().await;
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let answer = send_raw(&mut stream, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
        assert!(answer.contains("\r\nallow: GET,HEAD\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_trusted_balancer_may_ask_on_as_many_connections_as_it_likes() {
    let app = with(|http| {
        http.max_connections_per_address = 1;
        http.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    })
    .await;
    let server = TestServer::start(&app).await;
    let mut open = Vec::new();
    for _ in 0..10 {
        let mut stream = server.connect().await;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .expect("it reads");
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).await.expect("an answer");
        assert_eq!(&begun, b"HTTP/1.1 200");
        open.push(stream);
    }
}

#[tokio::test]
async fn the_binary_drains_when_told_to_and_sooner_when_told_again() {
    let mut duly = Process::new();
    duly.variables = vec![
        ("DULY_HTTP__DRAIN_DELAY", "10m".into()),
        ("DULY_LOG__LEVEL", "info".into()),
    ];
    duly.serve(&[]);
    assert_eq!(duly.status("/readyz").await, 200);
    duly.signal(Signal::TERM);
    let begun = Instant::now();
    while duly.status("/readyz").await != 503 {
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
    assert_eq!(duly.status(OTHER).await, 200);
    duly.signal(Signal::TERM);
    let begun = Instant::now();
    assert!(duly.wait(), "it ends in order");
    assert!(begun.elapsed() < Duration::from_secs(20));
    let log = duly.log();
    assert!(log.contains(OTHER), "{log}");
    assert!(!log.contains("readyz"), "probes fill no log: {log}");
}

#[tokio::test]
async fn a_keyboard_is_not_kept_waiting() {
    let mut duly = Process::new();
    duly.variables = vec![("DULY_HTTP__DRAIN_DELAY", "10m".into())];
    duly.serve(&[]);
    let begun = Instant::now();
    duly.signal(Signal::INT);
    assert!(duly.wait(), "it ends in order");
    assert!(begun.elapsed() < Duration::from_secs(20));
}
