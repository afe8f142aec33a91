//! Pushes two jobs, runs them in a worker, and drains it: `cargo run -p duly-queue --example hello`

#![expect(clippy::print_stdout, reason = "an example talks")]

use std::sync::Arc;
use std::time::Duration;

use duly_db::clock::SystemClock;
use duly_db::migrate::{Mode, run};
use duly_db::random::SystemRandom;
use duly_db::{Clock, Db, Options};
use duly_queue::{Attempt, Job, JobError, Queue, Registry, Worker, WorkerOptions};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Greets someone. At most one greeting per name waits at a time.
#[derive(Serialize, Deserialize)]
struct Greet {
    name: String,
}

impl Job for Greet {
    const NAME: &'static str = "greet";
    const TIMEOUT: Duration = Duration::from_secs(5);
    type Context = mpsc::UnboundedSender<String>;

    fn unique(&self) -> Option<String> {
        Some(self.name.clone())
    }

    async fn run(&self, letters: &Self::Context, attempt: Attempt) -> Result<(), JobError> {
        if attempt.number == 1 && self.name == "Grace" {
            return Err(JobError::retry_after(
                "not at home",
                Duration::from_millis(100),
            ));
        }
        letters
            .send(format!(
                "Hello {}, at attempt {}",
                self.name, attempt.number
            ))
            .map_err(JobError::retry)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let db = Db::open(Options::file(folder.path().join("hello.db"))).await?;
    run(
        &db,
        &[duly_queue::MIGRATIONS],
        SystemClock.now(),
        Mode::Apply,
    )
    .await?;

    let queue = Queue::new(db.clone(), Arc::new(SystemClock), Arc::new(SystemRandom));
    let registry = Arc::new(Registry::new().with::<Greet>());
    let (letters, mut inbox) = mpsc::unbounded_channel();
    let worker = Worker::start(queue.clone(), registry, letters, WorkerOptions::default());

    // The jobs join whatever else the transaction changes: both happen, or neither.
    let mut tx = db.begin();
    for name in ["Ada", "Grace", "Ada"] {
        queue
            .push(
                &mut tx,
                &Greet {
                    name: name.to_owned(),
                },
            )
            .await?;
    }
    tx.commit().await?;
    queue.notify();

    for _ in 0..2 {
        println!("{}", inbox.recv().await.unwrap_or_default());
    }
    worker.drain(Duration::from_secs(5)).await;
    Ok(())
}
