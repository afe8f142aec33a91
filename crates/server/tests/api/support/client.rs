//! Somebody who sends requests.

use std::future::{Future, IntoFuture};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use duly_server::app::App;
use duly_server::http::answer;
use http_body_util::BodyExt as _;
use serde_json::Value;

use super::Answer;

/// Somebody who sends requests, perhaps with a session or a token.
#[derive(Debug, Clone)]
pub struct Client {
    app: Arc<App>,
    /// Where they are.
    pub address: IpAddr,
    session: Option<String>,
    token: Option<String>,
}

impl Client {
    pub fn new(app: Arc<App>, address: IpAddr) -> Self {
        Client {
            app,
            address,
            session: None,
            token: None,
        }
    }

    /// The same person at another node.
    pub fn at(&self, node: Arc<App>) -> Self {
        Client {
            app: node,
            ..self.clone()
        }
    }

    /// With the session that an answer has set.
    pub fn with_session_of(&self, answer: &Answer) -> Self {
        let cookie = answer.header("set-cookie");
        let value = cookie.split(';').next().expect("a cookie").to_owned();
        Client {
            session: Some(value),
            token: None,
            ..self.clone()
        }
    }

    /// With an API token.
    pub fn with_token(&self, token: &str) -> Self {
        Client {
            session: None,
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The cookie, as a header.
    pub fn cookie(&self) -> &str {
        self.session.as_deref().expect("a session")
    }

    pub fn get(&self, path: &str) -> Ask {
        self.ask("GET", path)
    }

    pub fn delete(&self, path: &str) -> Ask {
        self.ask("DELETE", path)
    }

    pub fn post(&self, path: &str, body: Value) -> Ask {
        self.ask("POST", path).json(&body)
    }

    pub fn patch(&self, path: &str, body: Value) -> Ask {
        self.ask("PATCH", path).json(&body)
    }

    /// A request as a browser sends it from our own page.
    pub fn ask(&self, method: &str, path: &str) -> Ask {
        let ask = Ask {
            client: self.clone(),
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        match (&self.session, &self.token) {
            (Some(session), _) => ask
                .header("cookie", session)
                .header("sec-fetch-site", "same-origin"),
            (_, Some(token)) => ask.header("authorization", &format!("Bearer {token}")),
            (None, None) => ask,
        }
    }

    /// Makes an API token with these abilities and answers a client that uses it.
    pub async fn token(&self, abilities: &[&str]) -> Client {
        let body = serde_json::json!({ "name": "test", "abilities": abilities });
        let made = self.post("/api/v1/tokens", body).await.expect(201);
        self.with_token(made.json()["token"].as_str().expect("a token"))
    }

    /// Writes a task down and answers it.
    pub async fn task(&self, body: Value) -> Value {
        self.post("/api/v1/tasks", body).await.expect(201).json()
    }

    /// The titles of a list of tasks.
    pub async fn titles(&self, query: &str) -> Vec<String> {
        let list = self
            .get(&format!("/api/v1/tasks?{query}"))
            .await
            .expect(200)
            .json();
        let tasks = list["data"].as_array().expect("a list");
        tasks
            .iter()
            .map(|task| task["title"].as_str().expect("text").to_owned())
            .collect()
    }
}

/// A request that is being put together; await it to send it.
#[derive(Debug)]
pub struct Ask {
    client: Client,
    method: String,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Ask {
    /// Adds a header, or replaces it.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.raw_header(name, value.as_bytes())
    }

    pub fn raw_header(mut self, name: &str, value: &[u8]) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_vec()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().as_bytes())
    }

    pub fn body(self, kind: &str, body: &[u8]) -> Self {
        let mut ask = self.header("content-type", kind);
        ask.body = body.to_vec();
        ask
    }

    /// Sends it, and does not wait for the body.
    pub async fn open(self) -> Response {
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        let request = request
            .body(Body::from(self.body))
            .expect("a valid request");
        answer(&self.client.app, request, self.client.address).await
    }

    async fn send(self) -> Answer {
        let (parts, body) = self.open().await.into_parts();
        let body = body
            .collect()
            .await
            .expect("a whole body")
            .to_bytes()
            .to_vec();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
        .checked()
    }
}

impl IntoFuture for Ask {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
