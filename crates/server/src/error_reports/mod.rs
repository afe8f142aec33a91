//! Telling a server that collects errors, by the protocol of Sentry
//! (<https://develop.sentry.dev/sdk/data-model/envelopes/>), of what went wrong: requests that failed by a fault of Duly,
//! jobs that failed for good, panics, and what the page tells of itself.
//!
//! Whatever the program logs as an error is told. Nothing waits for that server, and nothing fails with it.

mod browser;
mod layer;
mod panics;
mod report;
mod sending;

use duly_db::{SharedClock, SharedRandom};
use sentry_types::protocol::v7::Event;
use tokio::sync::{mpsc, oneshot};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

pub(crate) use self::browser::PAGE;
use self::layer::Errors;
use self::report::Origin;
use self::sending::{LAST_TIMEOUT, Message, Sending, WAITING};
use crate::config::ErrorReporting;

/// Errors that are told to somebody.
#[derive(Debug, Clone)]
pub(crate) struct ErrorReports {
    sender: mpsc::Sender<Message>,
    origin: Origin,
}

impl ErrorReports {
    /// Tells of errors from now on, in the Tokio runtime it is called in; nothing when nobody wants to know.
    pub(crate) fn start(
        settings: &ErrorReporting,
        clock: SharedClock,
        random: SharedRandom,
    ) -> Option<Self> {
        let dsn = settings.dsn.clone()?;
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(Sending::to(&dsn, clock.clone()).run(receiver));
        panics::log();
        let origin = Origin::of(&settings.environment, clock, random);
        Some(ErrorReports { sender, origin })
    }

    /// Hears what is logged.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        Errors::of(self.clone()).filtered()
    }

    /// Tells of an error, unless too many wait already.
    fn tell(&self, event: Event<'static>) {
        let _ = self.sender.try_send(Message::Report(Box::new(event)));
    }

    /// Tells what is left, if it is taken in time.
    pub(crate) async fn end(self) {
        let (told, all) = oneshot::channel();
        let end = async {
            let _ = self.sender.send(Message::End(told)).await;
            let _ = all.await;
        };
        let _ = tokio::time::timeout(LAST_TIMEOUT, end).await;
    }
}
