//! What becomes of streams when their node stops, and of clients that do not read.

use std::time::{Duration, Instant};

use duly_tracker::live::Limits;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{EVENTS, Listener, node_with};
use crate::support::{Client, TestApp, TestServer};

/// Much less than what a node waits for its clients at most.
const SOON: Duration = Duration::from_secs(5);

/// Listens on a connection of its own.
async fn listen(server: &TestServer, client: &Client) -> TcpStream {
    let mut stream = server.connect().await;
    let cookie = client.cookie();
    let request = format!("GET {EVENTS} HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    stream
}

/// Reads until the text is there.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read);
        if text.contains(end) {
            return text.into_owned();
        }
        let next = tokio::time::timeout(SOON, stream.read_buf(&mut read)).await;
        let count = next.expect("it is not silent").expect("it does not break");
        assert!(count > 0, "it ended: {}", String::from_utf8_lossy(&read));
    }
}

#[tokio::test]
async fn a_node_that_stops_ends_its_streams_at_once() {
    let app = TestApp::with(|_| {}, |http| http.drain_delay = Duration::from_secs(60)).await;
    let ann = app.user("ann").await;
    let server = TestServer::start(&app).await;
    let mut stream = listen(&server, &ann).await;
    let head = read_until(&mut stream, "event: hello").await;
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    let begun = Instant::now();
    server.stop.told.cancel();
    // The end of a body without a length (RFC 9112, 7.1).
    read_until(&mut stream, "0\r\n\r\n").await;
    // While balancers have not noticed yet, who comes is told what was missed, and to come again.
    ann.task(json!({ "title": "Pay rent" })).await;
    let mut again = Listener::of(ann.get(EVENTS).header("last-event-id", "1")).await;
    again.expect("resync").await;
    assert!(again.next().await.is_none());
    server.stop.now();
    server.ended.await.expect("no panic");
    assert!(begun.elapsed() < SOON);
}

#[tokio::test]
async fn who_listens_elsewhere_has_missed_nothing() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let server = TestServer::start(&app).await;
    let mut stream = listen(&server, &ann).await;
    let text = read_until(&mut stream, "\n\n").await;
    let text = match text.contains("\nid: ") {
        true => text,
        false => text + &read_until(&mut stream, "\n\n").await,
    };
    let id = text.lines().find_map(|line| line.strip_prefix("id: "));
    server.stop.now();
    let other = ann.at(node_with(&app, Limits::default()));
    other.task(json!({ "title": "Pay rent" })).await;
    let ask = other
        .get(EVENTS)
        .header("last-event-id", id.expect("an id"));
    Listener::of(ask).await.expect("resync").await;
    server.ended.await.expect("no panic");
}

/// As much is kept for them as the system keeps of any answer, and one number.
#[tokio::test]
async fn a_client_that_does_not_read_holds_nobody_up() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let server = TestServer::start(&app).await;
    let mut stream = listen(&server, &ann).await;
    for number in 0..200 {
        ann.task(json!({ "title": format!("Task {number}") })).await;
    }
    let last = ann.get("/api/v1/tasks?limit=1").await.expect(200);
    let tag = last.header("etag").trim_start_matches("W/\"");
    let version = tag.split('-').next().expect("a version");
    let text = read_until(&mut stream, &format!("\nid: {version}\n")).await;
    let events = text.matches("event: ").count();
    assert!(events < 100, "{events} events");
}
