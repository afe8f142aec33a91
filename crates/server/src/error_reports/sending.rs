//! Sending reports, one after the other.

use std::time::Duration;

use bytes::Bytes;
use duly_db::SharedClock;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};
use hyper::{Request, StatusCode};
use sentry_types::Dsn;
use sentry_types::protocol::v7::{Envelope, EnvelopeHeaders, Event};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use crate::outgoing::{self, Outgoing};

/// So many reports wait at most. What is more is not told: the log has it.
pub(super) const WAITING: usize = 100;

/// Who does not take a report within this time does not get it.
const PATIENCE: Duration = Duration::from_secs(10);

/// For what is left at the end of the process.
pub(super) const LAST_TIMEOUT: Duration = Duration::from_secs(2);

/// A server that has had enough, and does not say for how long, is left alone for so long.
const PAUSE: Duration = Duration::from_secs(60);

const CLIENT: &str = concat!("duly/", env!("CARGO_PKG_VERSION"));

/// What is handed over to who sends.
#[derive(Debug)]
pub(super) enum Message {
    /// Tell of this.
    Report(Box<Event<'static>>),
    /// All that came before was told.
    End(oneshot::Sender<()>),
}

/// Sends reports to one server.
pub(super) struct Sending {
    client: Outgoing,
    clock: SharedClock,
    url: String,
    auth: String,
    /// Nothing is told before.
    quiet_until: Option<Instant>,
    /// Whether the last report was not taken: that is said once.
    is_failing: bool,
}

impl Sending {
    pub(super) fn to(dsn: &Dsn, clock: SharedClock) -> Self {
        Sending {
            client: outgoing::client(),
            clock,
            url: dsn.envelope_api_url().into(),
            auth: dsn.to_auth(Some(CLIENT)).to_string(),
            quiet_until: None,
            is_failing: false,
        }
    }

    pub(super) async fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        while let Some(message) = messages.recv().await {
            match message {
                Message::End(told) => {
                    let _ = told.send(());
                }
                Message::Report(event) if self.may_tell() => self.tell(*event).await,
                Message::Report(_) => {}
            }
        }
    }

    fn may_tell(&self) -> bool {
        self.quiet_until.is_none_or(|until| Instant::now() >= until)
    }

    async fn tell(&mut self, event: Event<'static>) {
        match self.send(event).await {
            Ok(()) => self.is_failing = false,
            // An error that is logged would be told, and so on for ever.
            Err(error) if !self.is_failing => {
                tracing::warn!(error, "an error was not reported");
                self.is_failing = true;
            }
            Err(_) => {}
        }
    }

    async fn send(&mut self, event: Event<'static>) -> Result<(), String> {
        let headers = EnvelopeHeaders::new()
            .with_event_id(event.event_id)
            .with_sent_at(self.clock.now().into());
        let mut envelope = Envelope::new().with_headers(headers);
        envelope.add_item(event);
        let mut body = Vec::new();
        let written = envelope.to_writer(&mut body);
        written.map_err(|error| error.to_string())?;
        let request = Request::post(&self.url)
            .header(USER_AGENT, CLIENT)
            .header(CONTENT_TYPE, "application/x-sentry-envelope")
            .header("x-sentry-auth", &self.auth)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let answer = timeout(PATIENCE, self.client.request(request)).await;
        let answer = answer
            .map_err(|_| "no answer in time")?
            .map_err(|_| "nobody takes it")?;
        let status = answer.status();
        if let StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE = status {
            self.quiet_until = Some(Instant::now() + pause(answer.headers()));
        }
        match status.is_success() {
            true => Ok(()),
            false => Err(format!("the answer was {status}")),
        }
    }
}

/// For how long a server wants to be left alone.
fn pause(headers: &HeaderMap) -> Duration {
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let seconds = seconds.and_then(|text| text.trim().parse().ok());
    seconds.map_or(PAUSE, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_left_alone_for_as_long_as_it_says() {
        let mut headers = HeaderMap::new();
        assert_eq!(pause(&headers), PAUSE);
        headers.insert(RETRY_AFTER, "7".parse().expect("a value"));
        assert_eq!(pause(&headers), Duration::from_secs(7));
    }
}
