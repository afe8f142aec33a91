//! Which kinds of jobs a program knows.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::job::assert_runnable;
use crate::middleware::{Layers, Middleware};
use crate::store::{Kind, Reserved};
use crate::{Attempt, Backoff, Job, JobError, QueueName, Rate};

type Running = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;

/// The kinds of jobs a program knows, by name. Jobs of other kinds are left for a program that
/// knows them, for example a newer release during an update.
#[derive(Debug)]
pub struct Registry<C> {
    handlers: BTreeMap<&'static str, Handler<C>>,
    layers: Layers,
}

/// How one kind of job is run.
#[derive(Debug)]
pub(crate) struct Handler<C> {
    pub(crate) queue: QueueName,
    pub(crate) timeout: Duration,
    pub(crate) backoff: Backoff,
    pub(crate) rate: Option<Rate>,
    pub(crate) run: fn(Arc<Reserved>, C, Attempt) -> Running,
}

impl<C> Default for Registry<C> {
    fn default() -> Self {
        Registry {
            handlers: BTreeMap::new(),
            layers: Layers::default(),
        }
    }
}

impl<C: Clone + Send + Sync + 'static> Registry<C> {
    /// Knows no kind yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind. One without tries or without a timeout does not compile:
    ///
    /// ```compile_fail
    /// # use duly_queue::{Attempt, Job, JobError, Registry};
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Never;
    /// impl Job for Never {
    ///     const NAME: &'static str = "never";
    ///     const TIMEOUT: std::time::Duration = std::time::Duration::ZERO;
    ///     type Context = ();
    ///     async fn run(&self, _: &(), _: Attempt) -> Result<(), JobError> { Ok(()) }
    /// }
    /// Registry::new().with::<Never>();
    /// ```
    ///
    /// # Panics
    /// When two kinds have the same name: jobs of one would be run as the other.
    #[must_use]
    pub fn with<J: Job<Context = C>>(mut self) -> Self {
        const { assert_runnable::<J>() };
        let handler = Handler {
            queue: J::QUEUE,
            timeout: J::TIMEOUT,
            backoff: J::backoff(),
            rate: J::RATE,
            run: run_job::<J>,
        };
        let earlier = self.handlers.insert(J::NAME, handler);
        assert!(earlier.is_none(), "two kinds of jobs are named {}", J::NAME);
        self
    }

    /// Has this run around every attempt, inside whatever was added before. The span of the attempt is there
    /// already, see [`Middleware`].
    #[must_use]
    pub fn around(mut self, middleware: impl Middleware) -> Self {
        self.layers.push(middleware);
        self
    }

    pub(crate) fn layers(&self) -> &Layers {
        &self.layers
    }

    /// The names of the known kinds.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.handlers.keys().copied().collect()
    }

    /// The known kinds, as a store is told them.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        let kinds = self.handlers.iter();
        kinds
            .map(|(&name, handler)| Kind {
                name,
                rate: handler.rate,
            })
            .collect()
    }

    /// Where jobs of a kind wait.
    #[must_use]
    pub fn queue_of(&self, name: &str) -> Option<&QueueName> {
        self.handlers.get(name).map(|handler| &handler.queue)
    }

    /// The queues the known kinds wait in, most important first.
    #[must_use]
    pub fn queues(&self) -> Vec<QueueName> {
        let mut queues = QueueName::by_priority();
        for handler in self.handlers.values() {
            if !queues.contains(&handler.queue) {
                queues.push(handler.queue.clone());
            }
        }
        queues.retain(|queue| {
            self.handlers
                .values()
                .any(|handler| handler.queue == *queue)
        });
        queues
    }

    pub(crate) fn handler(&self, name: &str) -> Option<&Handler<C>> {
        self.handlers.get(name)
    }
}

fn run_job<J: Job>(reserved: Arc<Reserved>, context: J::Context, attempt: Attempt) -> Running {
    Box::pin(async move {
        // A newer release may have written it: kept among the failed jobs, it can be retried.
        let job: J = serde_json::from_str(&reserved.payload).map_err(|error| {
            JobError::fail(format!("this release cannot read the job: {error}"))
        })?;
        job.run(&context, attempt).await
    })
}
