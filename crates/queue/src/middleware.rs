//! Code that runs around every attempt at every job.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tracing::{Span, field};

use crate::JobError;
use crate::log::JobLog;
use crate::store::{Outcome, Reserved};

/// Code that runs around every attempt at every job a [`crate::Registry`] knows: whatever is to be seen, counted
/// or refused for all of them alike. Hand it to [`crate::Registry::around`].
///
/// Nothing here is asynchronous, and nothing is kept for an attempt but its span, so that an attempt costs no more
/// than what is done in it. Each method has a default that does nothing.
///
/// ```
/// use duly_queue::store::{Outcome, Reserved};
/// use duly_queue::{Ended, Middleware, Registry};
///
/// #[derive(Debug)]
/// struct ReportErrors;
///
/// impl Middleware for ReportErrors {
///     fn after(&self, job: &Reserved, ended: &Ended<'_>) {
///         if let Some(Outcome::Fail { error } | Outcome::Retry { error, .. }) = ended.outcome {
///             eprintln!("{} after {:?}: {error}", job.name, ended.ran);
///             for line in &ended.log.lines {
///                 eprintln!("  {}", line.text);
///             }
///         }
///     }
/// }
///
/// let registry: Registry<()> = Registry::new().around(ReportErrors);
/// ```
pub trait Middleware: Debug + Send + Sync + 'static {
    /// What the attempt runs inside. The span of what came earlier is the current one meanwhile, and so the parent.
    fn span(&self, job: &Reserved) -> Span {
        let _ = job;
        Span::none()
    }

    /// Called inside the span before the job's code.
    ///
    /// # Errors
    /// What it answers is the end of the attempt, as if the job's code had said so: later, or never. The attempt
    /// counts.
    fn before(&self, job: &Reserved) -> Result<(), JobError> {
        let _ = job;
        Ok(())
    }

    /// Called inside the span when the attempt has ended, however it ended, before that is stored. Those that
    /// came first are called last.
    fn after(&self, job: &Reserved, ended: &Ended<'_>) {
        let _ = (job, ended);
    }
}

/// How an attempt ended, as its [`Middleware`] is told.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// What its worker will say to the store; [`None`] when it was aborted, because the worker stops, or an
    /// operator or another worker has taken the job.
    pub outcome: Option<&'a Outcome>,
    /// Whether it ended by a panic. The outcome has the message.
    pub panicked: bool,
    /// How long it ran.
    pub ran: Duration,
    /// What it has logged, if the program listens: see [`crate::job_logs`].
    pub log: &'a JobLog,
}

/// All that runs around attempts, the outermost first.
#[derive(Debug, Clone)]
pub(crate) struct Layers(Arc<Vec<Arc<dyn Middleware>>>);

impl Default for Layers {
    fn default() -> Self {
        Layers(Arc::new(vec![Arc::new(JobSpan)]))
    }
}

impl Layers {
    pub(crate) fn push(&mut self, middleware: impl Middleware) {
        Arc::make_mut(&mut self.0).push(Arc::new(middleware));
    }

    /// The innermost span.
    pub(crate) fn span(&self, job: &Reserved) -> Span {
        let mut innermost = Span::none();
        for middleware in self.0.iter() {
            let span = innermost.in_scope(|| middleware.span(job));
            if !span.is_none() {
                innermost = span;
            }
        }
        innermost
    }

    pub(crate) fn before(&self, job: &Reserved) -> Result<(), JobError> {
        self.0
            .iter()
            .try_for_each(|middleware| middleware.before(job))
    }

    /// Whoever panics here harms nobody: the attempt has ended, and that is stored.
    pub(crate) fn after(&self, job: &Reserved, ended: &Ended<'_>) {
        for middleware in self.0.iter().rev() {
            let call = AssertUnwindSafe(|| middleware.after(job, ended));
            if catch_unwind(call).is_err() {
                tracing::error!(job.id = %job.held.id, ?middleware, "middleware of jobs panicked");
            }
        }
    }
}

/// A span for each attempt, so that lines of the log say which job they are of, and traces show it.
#[derive(Debug)]
struct JobSpan;

impl Middleware for JobSpan {
    fn span(&self, job: &Reserved) -> Span {
        tracing::info_span!(
            "job",
            job.id = %job.held.id,
            job.name = &*job.name,
            job.queue = %job.queue,
            job.attempt = job.attempt,
            job.outcome = field::Empty,
        )
    }

    fn after(&self, _: &Reserved, ended: &Ended<'_>) {
        let outcome = match ended.outcome {
            Some(Outcome::Done) => "done",
            Some(Outcome::Retry { .. }) => "retried",
            Some(Outcome::Fail { .. }) => "failed",
            Some(Outcome::Release) => "released",
            None => "aborted",
        };
        Span::current().record("job.outcome", outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Fence, Held};
    use crate::{JobId, Priority, QueueName};
    use tracing_subscriber::registry::{LookupSpan as _, Registry};

    #[derive(Debug)]
    struct Inner;

    impl Middleware for Inner {
        fn span(&self, _: &Reserved) -> Span {
            tracing::info_span!("inner")
        }
    }

    #[derive(Debug)]
    struct WithoutSpan;

    impl Middleware for WithoutSpan {}

    #[test]
    fn spans_stand_in_each_other() {
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry());
        let mut layers = Layers::default();
        layers.push(WithoutSpan);
        layers.push(Inner);
        layers.push(WithoutSpan);
        let job = Reserved {
            held: Held {
                id: JobId(uuid::Uuid::nil()),
                fence: Fence(1),
            },
            queue: QueueName::DEFAULT,
            name: "task".into(),
            payload: String::new(),
            attempt: 1,
            tries: 3,
            priority: Priority::Normal,
            waited: Duration::ZERO,
            trace_parent: None,
        };
        let span = layers.span(&job);
        let names = span.with_subscriber(|(id, subscriber)| {
            let registry: &Registry = subscriber.downcast_ref().unwrap();
            let span = registry.span(id).unwrap();
            span.scope().map(|span| span.name()).collect::<Vec<_>>()
        });
        assert_eq!(names, Some(vec!["inner", "job"]));
    }
}
