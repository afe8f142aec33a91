//! Somebody who listens, as a browser does.

use std::future::IntoFuture as _;
use std::time::{Duration, Instant};

use axum::body::BodyDataStream;
use axum::response::Response;
use futures_util::StreamExt as _;
use serde_json::Value;

use crate::support::{Answer, Ask, Client};

pub const EVENTS: &str = "/api/v1/events";

/// Whatever does not come within this time does not come.
const LONG: Duration = Duration::from_secs(20);

pub struct Listener {
    body: BodyDataStream,
}

#[derive(Debug)]
pub struct Event {
    name: String,
    id: Option<String>,
    pub data: Value,
}

impl Event {
    #[track_caller]
    pub fn version(&self) -> i64 {
        let id = self.id.as_deref().expect("an id");
        id.parse().expect("a number")
    }
}

/// The answer to who may not listen.
pub async fn refused(client: &Client) -> Answer {
    let answer = tokio::time::timeout(LONG, client.get(EVENTS).into_future()).await;
    answer.expect("the answer has an end")
}

impl Listener {
    pub async fn open(client: &Client) -> Self {
        Self::of(client.get(EVENTS)).await
    }

    pub async fn of(ask: Ask) -> Self {
        Self::to(ask.open().await)
    }

    pub fn to(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        Listener {
            body: response.into_body().into_data_stream(),
        }
    }

    /// What is sent next; each event is sent whole.
    pub async fn text(&mut self) -> String {
        self.sent().await.expect("it goes on")
    }

    async fn sent(&mut self) -> Option<String> {
        let next = tokio::time::timeout(LONG, self.body.next()).await;
        let bytes = next.expect("it is not silent")?.expect("it does not break");
        Some(String::from_utf8(bytes.to_vec()).expect("text"))
    }

    /// The next event; nothing at the end.
    pub async fn next(&mut self) -> Option<Event> {
        let begun = Instant::now();
        loop {
            if let Some(event) = read(&self.sent().await?) {
                return Some(event);
            }
            assert!(begun.elapsed() < LONG, "there is no event");
        }
    }

    /// The next event, which is of this name.
    pub async fn expect(&mut self, name: &str) -> Event {
        let event = self.next().await.expect("it goes on");
        assert_eq!(event.name, name, "{event:?}");
        event
    }

    /// Expects the end, and that it is said before.
    pub async fn expect_end(&mut self) {
        let event = self.expect("end").await;
        assert_eq!(event.data["reason"], "unauthenticated");
        assert!(event.id.is_none(), "nothing is missed after it");
        assert!(self.next().await.is_none());
    }

    /// Expects that nothing comes before the next sign of life.
    pub async fn expect_nothing(&mut self) {
        assert_eq!(self.text().await, ":\n\n");
    }
}

/// As browsers read it (HTML, 9.2.6); comments are no events.
fn read(text: &str) -> Option<Event> {
    assert!(text.ends_with("\n\n"), "{text:?}");
    let field = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(found, _)| *found == name);
        values.next().map(|(_, value)| value.to_owned())
    };
    Some(Event {
        name: field("event")?,
        id: field("id"),
        data: serde_json::from_str(&field("data")?).expect("JSON"),
    })
}
