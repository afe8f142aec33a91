//! The limit that `make bench` compares with: hyper answering the same bytes to everyone.
//! `raw_hyper PORT BODY HEADERS` serves the content of one file, with the headers in the other:
//! `name: value`, one a line.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse::<u16>().ok());
    let body = arguments.next().and_then(|file| std::fs::read(file).ok());
    let headers = arguments.next().and_then(|file| headers(&file));
    let (Some(port), Some(body), Some(headers)) = (port, body, headers) else {
        return ExitCode::FAILURE;
    };
    let body = Bytes::from(body);
    let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await else {
        return ExitCode::FAILURE;
    };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (body, headers) = (body.clone(), headers.clone());
        tokio::spawn(async move {
            let service = service_fn(move |_: Request<hyper::body::Incoming>| {
                let mut response = Response::new(Full::new(body.clone()));
                *response.headers_mut() = headers.clone();
                std::future::ready(Ok::<_, Infallible>(response))
            });
            // A client that goes away is no concern of the limit.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn headers(file: &str) -> Option<HeaderMap> {
    let text = std::fs::read_to_string(file).ok()?;
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        let name: HeaderName = name.parse().ok()?;
        Some((name, HeaderValue::from_str(value).ok()?))
    };
    text.lines().map(header).collect()
}
