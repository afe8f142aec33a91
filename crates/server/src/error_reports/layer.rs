//! Hearing of errors.

use std::fmt;

use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::ErrorReports;
use crate::logging::{Line, Surroundings};

/// Tells of what Duly itself logs as an error.
pub(super) struct Errors {
    reports: ErrorReports,
    surroundings: Surroundings,
}

impl fmt::Debug for Errors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Errors")
    }
}

impl Errors {
    pub(super) fn of(reports: ErrorReports) -> Self {
        Errors {
            reports,
            surroundings: Surroundings::default(),
        }
    }

    /// It hears of nothing else, and of the spans that errors happen in.
    pub(super) fn filtered<S>(self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let heard = FilterFn::new(|metadata| {
            (metadata.is_span() && *metadata.level() <= Level::INFO)
                || (*metadata.level() == Level::ERROR && metadata.target().starts_with("duly"))
        });
        self.with_filter(heard.with_max_level_hint(LevelFilter::INFO))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Errors {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.surroundings.registered_with(dispatch);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Line::default();
        line.add_event(event, &context, &self.surroundings);
        let report = self.reports.origin.report(event.metadata(), line);
        self.reports.tell(report);
    }
}
