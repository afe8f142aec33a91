//! Hearing what the code of a job logs.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::{JobLog, LogLevel};

tokio::task_local! {
    static CAPTURE: Arc<Capture>;
}

/// What is logged by one attempt.
#[derive(Debug)]
pub(crate) struct Capture {
    began: Instant,
    log: Mutex<JobLog>,
}

impl Capture {
    pub(crate) fn new(began: Instant) -> Arc<Self> {
        Arc::new(Capture {
            began,
            log: Mutex::default(),
        })
    }

    /// Runs work whose lines are heard. Those of tasks that it starts are not.
    pub(crate) fn around<F: Future>(
        self: &Arc<Self>,
        work: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        CAPTURE.scope(self.clone(), work)
    }

    /// What was logged so far.
    pub(crate) fn take(&self) -> JobLog {
        std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hear(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let level = match *metadata.level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            _ => LogLevel::Info,
        };
        // Written out before the lock is taken: whoever is asked to show itself may log, too.
        let mut line = Line::default();
        event.record(&mut line);
        line.message.push_str(&line.fields);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.add(
            self.began.elapsed(),
            level,
            metadata.target(),
            &line.message,
        );
    }
}

/// Hears what jobs log, for the subscriber of the program: without it nothing is kept of that. Level info and up,
/// whatever else the program logs.
pub fn job_logs<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    let events = FilterFn::new(|metadata| metadata.is_event() && *metadata.level() <= Level::INFO);
    JobLogs.with_filter(events.with_max_level_hint(LevelFilter::INFO))
}

#[derive(Debug)]
struct JobLogs;

impl<S: Subscriber> Layer<S> for JobLogs {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // Whatever is not said by a job is nothing to it.
        let _ = CAPTURE.try_with(|capture| capture.hear(event));
    }
}

/// A line as it is written.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Line {
    fn field(&mut self, field: &Field, value: std::fmt::Arguments<'_>) {
        // Writing to a text cannot fail.
        let _ = match field.name() {
            "message" => self.message.write_fmt(value),
            name => write!(self.fields, " {name}={value}"),
        };
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.field(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.field(field, format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[tokio::test]
    async fn lines_of_a_job_are_heard_and_others_are_not() {
        let _guard =
            tracing::subscriber::set_default(tracing_subscriber::registry().with(job_logs()));
        let capture = Capture::new(Instant::now());
        tracing::info!("before");
        let work = async {
            tracing::info!(number = 7, name = "a b", "said");
            tracing::debug!("too fine");
            tokio::task::yield_now().await;
            let error = std::io::Error::other("broken");
            let error: &dyn std::error::Error = &error;
            tracing::error!(error);
        };
        capture.around(work).await;
        tracing::info!("after");
        let log = capture.take();
        let lines: Vec<_> = log
            .lines
            .iter()
            .map(|line| (line.level, line.text.as_str()))
            .collect();
        let expected = [
            (LogLevel::Info, "said number=7 name=a b"),
            (LogLevel::Error, " error=broken"),
        ];
        assert_eq!(lines, expected);
        assert!(log.lines[0].target.ends_with("capture::tests"));
        assert!(capture.take().is_empty());
    }
}
