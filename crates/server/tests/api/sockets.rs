//! The accept loop, on a real socket

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Process, TestApp, TestServer, send_raw};

const SHORT: Duration = Duration::from_millis(200);
const GET: &[u8] = b"GET /api/v1/me HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn half_sent_requests_are_closed() {
    let app = TestApp::with(|_| {}, |http| http.header_timeout = SHORT).await;
    let server = TestServer::start(&app).await;
    let began = Instant::now();
    let mut streams = Vec::new();
    for _ in 0..50 {
        let mut stream = server.connect().await;
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost:")
            .await
            .expect("it reads");
        streams.push(stream);
    }
    for stream in &mut streams {
        send_raw(stream, b"").await;
    }
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_body_that_never_comes_is_not_waited_for() {
    let app = TestApp::with(|_| {}, |http| http.body_timeout = SHORT).await;
    let server = TestServer::start(&app).await;
    let mut stream = server.connect().await;
    let answer = send_raw(
        &mut stream,
        b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
          content-length: 50\r\nconnection: close\r\n\r\n{\"email\"",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("body_timeout"), "{answer}");
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_no_more() {
    let app = TestApp::with(|_| {}, |http| http.max_connections_per_address = 3).await;
    let server = TestServer::start(&app).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = server.connect().await;
        stream.write_all(GET).await.expect("it reads");
        let mut byte = [0];
        stream.read_exact(&mut byte).await.expect("an answer");
        open.push(stream);
    }
    let mut refused = server.connect().await;
    assert_eq!(send_raw(&mut refused, b"").await, "");
    open.pop();
    // The place is free as soon as the server has seen the connection end.
    let answered = async {
        loop {
            let mut stream = server.connect().await;
            let mut byte = [0];
            if stream.write_all(GET).await.is_ok() && stream.read_exact(&mut byte).await.is_ok() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), answered)
        .await
        .expect("a place");
}

#[tokio::test]
async fn further_connections_wait_for_a_place() {
    let app = TestApp::with(|_| {}, |http| http.max_connections = 1).await;
    let server = TestServer::start(&app).await;
    let mut first = server.connect().await;
    first.write_all(GET).await.expect("it reads");
    let mut byte = [0];
    first.read_exact(&mut byte).await.expect("an answer");
    let mut second = server.connect().await;
    second.write_all(GET).await.expect("it is queued");
    let waiting = tokio::time::timeout(SHORT, second.read_exact(&mut byte)).await;
    assert!(waiting.is_err(), "there was no place");
    drop(first);
    tokio::time::timeout(Duration::from_secs(5), second.read_exact(&mut byte))
        .await
        .expect("a place")
        .expect("an answer");
}

#[tokio::test]
async fn a_server_out_of_file_handles_recovers() {
    let mut duly = Process::new();
    duly.most_files = Some(48);
    duly.serve(&[]);
    let address = duly.url.trim_start_matches("http://").to_owned();
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(TcpStream::connect(&address).await.expect("it listens"));
    }
    // It says so once it has run out.
    while !duly.log().contains("cannot take a connection") {
        tokio::task::yield_now().await;
    }
    drop(open);
    let mut client = duly.connect().await;
    client
        .send("GET", "/api/openapi.json", None)
        .await
        .expect("it runs");
}

#[tokio::test]
async fn what_is_under_way_is_answered_before_the_end() {
    let app = TestApp::new().await;
    let server = TestServer::start(&app).await;
    let mut idle = server.connect().await;
    idle.write_all(GET).await.expect("it reads");
    let mut byte = [0];
    idle.read_exact(&mut byte).await.expect("an answer");
    let mut busy = server.connect().await;
    let body = "{\"email\":\"ann@example.org\"}";
    let head = format!(
        "POST /api/v1/password/forgot HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    busy.write_all(head.as_bytes()).await.expect("it reads");
    let mut begun = [0; 12];
    busy.read_exact(&mut begun)
        .await
        .expect("the handler asks for the body");
    server.stop.now();
    send_raw(&mut idle, b"").await;
    let answer = send_raw(&mut busy, body.as_bytes()).await;
    assert!(answer.contains("HTTP/1.1 202 "), "{answer}");
    server.ended.await.expect("no panic");
    app.run_jobs().await;
}

#[tokio::test]
async fn what_is_known_is_answered_while_every_handler_is_held_up() {
    let app = TestApp::new().await;
    if app.looks() > 0 {
        // Who somebody is has to be asked of a shared database, and so of its runtime.
        return;
    }
    let ann = app.user("ann").await;
    ann.task(json!({ "title": "known" })).await;
    ann.get("/api/v1/tasks").await.expect(200);
    let server = TestServer::start(&app).await;
    let request = format!(
        "GET /api/v1/tasks HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: {}\r\n\r\n",
        ann.cookie()
    );
    // This thread is the runtime of all handlers: as long as it waits here, none of them moves.
    let mut streams = Vec::new();
    for _ in 0..4 {
        let mut stream = server.connect().await;
        stream.write_all(GET).await.expect("it reads");
        stream.read_exact(&mut [0]).await.expect("it was taken");
        streams.push(stream.into_std().expect("a socket"));
    }
    for mut stream in streams {
        stream.set_nonblocking(false).expect("a socket");
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a socket");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.contains("\"known\""), "{answer}");
    }
}

#[tokio::test]
async fn requests_that_could_be_read_two_ways_are_refused() {
    let app = TestApp::new().await;
    let server = TestServer::start(&app).await;
    for request in [
        "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
        "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "GET /api/v1/me HTTP/1.1\r\nhost: x\r\nbad name: x\r\n\r\n",
        "GET /api/v1/me\r\n\r\n",
    ] {
        let mut stream = server.connect().await;
        let answer = send_raw(&mut stream, request.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 ") || answer.is_empty(),
            "{request}: {answer}"
        );
    }
    let mut stream = server.connect().await;
    let long = format!(
        "GET / HTTP/1.1\r\nhost: x\r\ncookie: {}\r\n\r\n",
        "x".repeat(64 * 1024)
    );
    let answer = send_raw(&mut stream, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer:.100}");
}
