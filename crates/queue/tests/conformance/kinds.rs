//! Jobs that do what a test tells them.

use std::time::Duration;

use duly_queue::{Attempt, Backoff, Job, JobError, Priority, QueueName, Rate, Registry};
use serde::{Deserialize, Serialize};

use crate::fixture::World;

const WAITS: &[Duration] = &[Duration::from_secs(10), Duration::from_secs(60)];

pub(crate) fn registry() -> Registry<World> {
    Registry::new()
        .with::<Task>()
        .with::<Urgent>()
        .with::<Cleanup>()
        .with::<Once>()
        .with::<Short>()
        .with::<First>()
        .with::<Last>()
        .with::<Owned>()
        .with::<Paced>()
        .with::<Brief>()
}

macro_rules! scripted {
    ($(#[$doc:meta])* $kind:ident, $name:literal, $queue:expr, { $($more:item)* }) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        pub(crate) struct $kind(pub(crate) String);

        impl $kind {
            pub(crate) fn new(label: &str) -> Self {
                $kind(label.to_owned())
            }
        }

        impl Job for $kind {
            const NAME: &'static str = $name;
            const QUEUE: QueueName = $queue;
            const TRIES: u32 = 3;
            type Context = World;
            $($more)*
            async fn run(&self, world: &World, attempt: Attempt) -> Result<(), JobError> {
                world.run(&self.0, attempt).await
            }
        }
    };
}

scripted!(
    /// The usual job: three tries, 10 s and 60 s apart.
    Task, "task", QueueName::DEFAULT, {
        fn backoff() -> Backoff {
            Backoff::List(WAITS)
        }
        fn tags(&self) -> Vec<String> { vec!["test".to_owned(), self.0.clone()] }
    }
);
scripted!(Urgent, "urgent", QueueName::URGENT, {});
scripted!(Cleanup, "cleanup", QueueName::MAINTENANCE, {});
scripted!(
    /// One of each label at a time.
    Once, "once", QueueName::DEFAULT, {
        fn unique(&self) -> Option<String> { Some(self.0.clone()) }
    }
);
scripted!(
    /// Has very little time.
    Short, "short", QueueName::DEFAULT, {
        const TIMEOUT: Duration = Duration::from_millis(20);
    }
);
scripted!(
    /// Goes ahead of others.
    First, "first", QueueName::DEFAULT, {
        const PRIORITY: Priority = Priority::High;
    }
);
scripted!(
    /// Lets others pass.
    Last, "last", QueueName::DEFAULT, {
        const PRIORITY: Priority = Priority::Low;
    }
);
scripted!(
    /// Belongs to whom its label says, up to the first blank.
    Owned, "owned", QueueName::DEFAULT, {
        fn lane(&self) -> Option<String> {
            self.0.split(' ').next().map(str::to_owned)
        }
    }
);
scripted!(
    /// Starts six times a minute.
    Paced, "paced", QueueName::DEFAULT, {
        const RATE: Option<Rate> = Some(Rate::per_minute(6));
    }
);
scripted!(
    /// Is not tried for longer than a minute.
    Brief, "brief", QueueName::DEFAULT, {
        const RETRY_FOR: Option<Duration> = Some(Duration::from_secs(60));
        fn backoff() -> Backoff {
            Backoff::List(WAITS)
        }
    }
);
scripted!(
    /// A kind the registry does not know.
    Stranger, "stranger", QueueName::DEFAULT, {}
);
