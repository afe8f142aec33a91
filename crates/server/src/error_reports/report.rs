//! A line of the log, as such servers want to hear of it.

use std::borrow::Cow;
use std::fmt;

use duly_db::random::new_id;
use duly_db::{SharedClock, SharedRandom};
use duly_queue::fingerprint;
use sentry_types::protocol::v7::{Event, Exception, Frame, Map, Stacktrace, TraceContext, User};
use serde_json::Value;
use tracing::Metadata;

use super::browser;
use crate::logging::Line;

/// No text is longer, in characters.
const LONGEST: usize = 1_000;

/// The longest value of a tag that is kept, in characters.
const LONGEST_TAG: usize = 200;

/// Where errors come from.
#[derive(Clone)]
pub(super) struct Origin {
    environment: String,
    host: String,
    clock: SharedClock,
    random: SharedRandom,
}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Origin")
    }
}

impl Origin {
    pub(super) fn of(environment: &str, clock: SharedClock, random: SharedRandom) -> Self {
        let name = rustix::system::uname();
        Origin {
            environment: environment.to_owned(),
            host: name.nodename().to_string_lossy().into_owned(),
            clock,
            random,
        }
    }

    /// What is told of a line.
    pub(super) fn report(&self, metadata: &Metadata<'_>, mut line: Line) -> Event<'static> {
        let message = line.take_text("message").unwrap_or_default();
        // Which kind of error it is, and what it says.
        let (kind, text) = match (line.take_text("error"), line.take_text("code")) {
            (Some(error), _) => (message, error),
            (None, Some(code)) => (code, message),
            (None, None) => (metadata.target().to_owned(), message),
        };
        let (kind, text) = (without_addresses(&kind), without_addresses(&text));
        let trace = trace(&mut line);
        let user = line.take_text("user_id").map(|id| User {
            id: Some(id),
            ..User::default()
        });
        let (platform, stacktrace) = match line.take_text("stack") {
            Some(stack) => ("javascript", stacktrace(browser::frames(&stack))),
            None => ("rust", stacktrace(vec![place(metadata)])),
        };
        let alike = vec![Cow::Owned(fingerprint(&kind, &text))];
        let exception = Exception {
            ty: kind,
            value: Some(text),
            module: metadata.module_path().map(str::to_owned),
            stacktrace: Some(stacktrace),
            ..Exception::default()
        };
        Event {
            fingerprint: Cow::Owned(alike),
            logger: Some(metadata.target().to_owned()),
            exception: vec![exception].into(),
            contexts: trace
                .map(|trace| ("trace".to_owned(), trace.into()))
                .into_iter()
                .collect(),
            user,
            tags: tags(line),
            ..self.event(platform)
        }
    }

    /// What is said of every error.
    pub(super) fn event(&self, platform: &'static str) -> Event<'static> {
        let now = self.clock.now();
        Event {
            event_id: new_id(&*self.random, now),
            timestamp: now.into(),
            platform: platform.into(),
            server_name: Some(self.host.clone().into()),
            environment: Some(self.environment.clone().into()),
            release: Some(concat!("duly@", env!("CARGO_PKG_VERSION")).into()),
            ..Event::default()
        }
    }
}

fn stacktrace(frames: Vec<Frame>) -> Stacktrace {
    Stacktrace {
        frames,
        ..Stacktrace::default()
    }
}

/// Where it was logged.
fn place(metadata: &Metadata<'_>) -> Frame {
    Frame {
        module: metadata.module_path().map(str::to_owned),
        filename: metadata.file().map(str::to_owned),
        lineno: metadata.line().map(u64::from),
        in_app: Some(true),
        ..Frame::default()
    }
}

/// The trace an error happened in.
fn trace(line: &mut Line) -> Option<TraceContext> {
    let (trace, span) = (line.take_text("trace_id")?, line.take_text("span_id")?);
    Some(TraceContext {
        trace_id: trace.parse().ok()?,
        span_id: span.parse().ok()?,
        ..TraceContext::default()
    })
}

/// What else is said of it.
fn tags(line: Line) -> Map<String, String> {
    let text = |value| match value {
        Value::String(text) => without_addresses(&text),
        other => other.to_string(),
    };
    let fields = line.into_fields();
    let tags = fields.map(|(name, value)| (name.to_owned(), text(value)));
    tags.filter(|(_, value)| value.chars().count() <= LONGEST_TAG)
        .collect()
}

/// The beginning of a text without what may be somebody's address or a name and a password.
fn without_addresses(text: &str) -> String {
    let word = |word: &str| match word.trim_end() {
        address if address.contains('@') => word.replace(address, "[address]"),
        _ => word.to_owned(),
    };
    let words = text.split_inclusive(char::is_whitespace).map(word);
    words.collect::<String>().chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_not_told() {
        let said = without_addresses("550 <ann@example.org>: no such\nuser ann@example.org ");
        assert_eq!(said, "550 [address] no such\nuser [address] ");
        assert_eq!(without_addresses(&"ä".repeat(2_000)).chars().count(), 1_000);
    }
}
