//! Makes the history that `bench/history.mjs` looks at: `history ADDRESS NUMBER` lets so many jobs pass through in the
//! last ninety days, most of them done, some tried again, some failed, and leaves some that wait and run.
//!
//! Prints one JSON object when half of them have passed, and one at the end.

#![expect(
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duly_db::clock::SystemClock;
use duly_db::migrate::{Mode, run};
use duly_db::random::{SystemRandom, new_id};
use duly_db::{Clock, Db, Durability, Location, Options};
use duly_queue::store::{JobStore as _, Kind, NewJob, Outcome, Want, WorkerId};
use duly_queue::{JobId, Priority, QueueName, SqlStore};
use jiff::{SignedDuration, Timestamp};

/// As many jobs pass through between two moves of the clock.
const CHUNK: u32 = 1_000;
const BATCH: u32 = 100;
const LEASE: Duration = Duration::from_secs(900);

/// As many wait in the end, wait for their time, and run.
const LEFT: (u32, u32, u32) = (10_000, 5_000, 100);

const KINDS: [&str; 8] = [
    "send_reminder",
    "plan_reminders",
    "send_digest",
    "purge_trash",
    "export",
    "import",
    "send_webhook",
    "rebuild_search",
];

/// What they fail of.
const WRONGS: [&str; 5] = [
    "the mail server is down",
    "no such mailbox",
    "the answer took too long",
    "the file is damaged",
    "not allowed",
];

#[derive(Debug)]
struct Moved(Mutex<Timestamp>);

impl Moved {
    fn to(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct History {
    db: Db,
    clock: Arc<Moved>,
    store: SqlStore,
    worker: WorkerId,
    pushed: u32,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: history ADDRESS NUMBER";
    let address = arguments.next().ok_or(usage)?;
    let number: u32 = arguments.next().ok_or(usage)?.parse()?;
    let mut options = Options::at(Location::parse(&address, &[])?);
    options.durability = Durability::None;
    let db = Db::open(options).await?;
    let now = SystemClock.now();
    let sets = [duly_db::versions::MIGRATIONS, duly_queue::MIGRATIONS];
    run(&db, &sets, now, Mode::Apply).await?;
    let clock = Arc::new(Moved(Mutex::new(now)));
    let random = Arc::new(SystemRandom);
    let mut history = History {
        store: SqlStore::new(db.clone(), clock.clone(), random),
        worker: WorkerId(new_id(&SystemRandom, now)),
        db,
        clock,
        pushed: 0,
    };
    let chunks = number.div_ceil(CHUNK);
    let step = SignedDuration::from_hours(90 * 24) / i32::try_from(chunks)?;
    for chunk in 0..chunks {
        let before = step * i32::try_from(chunks - chunk)?;
        history.clock.to(now - before);
        history.pass(CHUNK).await?;
        if chunk + 1 == chunks / 2 {
            println!("{{\"passed\":{}}}", history.pushed);
            // Whoever looks at the size now says so by a line.
            std::io::stdin().read_line(&mut String::new())?;
        }
    }
    history.clock.to(now);
    history.leave().await?;
    println!("{{\"passed\":{}}}", history.pushed);
    history.db.close().await;
    Ok(())
}

impl History {
    fn job(&self, number: u32, run_at: Option<Timestamp>) -> NewJob {
        let kind = KINDS.get(usize::try_from(number).unwrap_or(0) % KINDS.len());
        let user = number % 5_000;
        NewJob {
            id: JobId(new_id(&SystemRandom, self.clock.now())),
            queue: match number % 3 {
                0 => QueueName::REMINDERS,
                1 => QueueName::DEFAULT,
                _ => QueueName::MAINTENANCE,
            },
            name: kind.copied().unwrap_or("export").into(),
            payload: format!("{{\"user\":{user},\"number\":{number}}}"),
            tries: 3,
            unique: None,
            tags: vec![format!("user:{user}"), format!("task:{number}")],
            run_at,
            priority: Priority::Normal,
            lane: Some(format!("user {user}")),
            retry_for: None,
            trace_parent: None,
        }
    }

    async fn push(&mut self, number: u32, run_at: Option<Timestamp>) -> Result<(), Box<dyn Error>> {
        let jobs = (self.pushed..self.pushed + number).map(|number| self.job(number, run_at));
        let jobs: Vec<NewJob> = jobs.collect();
        let mut tx = self.db.begin();
        self.store.push_all(&mut tx, jobs).await?;
        tx.commit().await?;
        self.pushed += number;
        Ok(())
    }

    /// Takes so many at most; answers how many there were.
    async fn take(&self, limit: u32, ends: bool) -> Result<usize, Box<dyn Error>> {
        let kinds = KINDS.map(|name| Kind { name, rate: None });
        let queues = QueueName::by_priority().into_iter();
        let shares: Vec<(QueueName, u32)> = queues.map(|queue| (queue, limit)).collect();
        let want = Want {
            kinds: &kinds,
            shares: &shares,
            limit,
            lease: LEASE,
            worker: self.worker,
        };
        let taken = self.store.reserve(&want).await?;
        let ended = taken.iter().enumerate().map(|(number, job)| {
            let wrong = WRONGS.get(number % WRONGS.len());
            let error = wrong.copied().unwrap_or_default().to_owned();
            let after = Duration::ZERO;
            let outcome = match (number, job.attempt) {
                (0, 1) if job.payload.contains('7') => Outcome::Fail { error },
                (1 | 2, 1) => Outcome::Retry { after, error },
                _ => Outcome::Done,
            };
            job.settled(
                outcome,
                Duration::from_millis(u64::try_from(number).unwrap_or(1)),
            )
        });
        let ended: Vec<_> = ended.collect();
        if ends {
            self.store.settle(&ended).await?;
        }
        Ok(taken.len())
    }

    /// Pushes so many, and works until none is left.
    async fn pass(&mut self, number: u32) -> Result<(), Box<dyn Error>> {
        self.push(number, None).await?;
        // The later ones of an owner stand a second behind the earlier.
        while self.take(BATCH, true).await? > 0 {}
        self.store.operations().roll_up().await?;
        self.store.sweep().await?;
        Ok(())
    }

    async fn leave(&mut self) -> Result<(), Box<dyn Error>> {
        let (ready, scheduled, running) = LEFT;
        self.push(ready + running, None).await?;
        let later = self.clock.now() + SignedDuration::from_hours(24);
        self.push(scheduled, Some(later)).await?;
        self.take(running, false).await?;
        Ok(())
    }
}
