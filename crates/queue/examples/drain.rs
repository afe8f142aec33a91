//! Pushes jobs that do nothing and runs them, for `bench/queue.mjs`.
//!
//! ```text
//! drain push ADDRESS NUMBER     stores so many jobs, a hundred in each transaction
//! drain work ADDRESS            runs jobs until none is left; answers how many, and its CPU time
//! drain idle ADDRESS            pushes one job after the other to an idle worker; answers how long each waited
//! ```
//!
//! With one more argument, the address of a Redis, jobs move there; those that are stored are handed over to it
//! before `push` ends.

#![expect(
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use duly_db::clock::SystemClock;
use duly_db::migrate::{Mode, run};
use duly_db::random::SystemRandom;
use duly_db::{Clock as _, Db, Location, Options};
use duly_queue::{Attempt, Job, JobError, Queue, Registry, Worker, WorkerOptions};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;

/// As many jobs are stored by one transaction.
const BATCH: usize = 100;

/// As many jobs are pushed one after the other.
const SINGLES: u32 = 200;

/// Says when it was started.
#[derive(Serialize, Deserialize)]
struct Nothing {
    number: u32,
    text: String,
}

#[derive(Clone)]
struct World(UnboundedSender<Instant>);

impl Job for Nothing {
    const NAME: &'static str = "nothing";
    type Context = World;

    async fn run(&self, world: &World, _: Attempt) -> Result<(), JobError> {
        world.0.send(Instant::now()).map_err(JobError::fail)
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let (what, address) = (arguments.next(), arguments.next());
    let address = address.ok_or("an address is missing")?;
    let options = Options::at(Location::parse(&address, &[])?);
    let db = Db::open(options).await?;
    let sets = [duly_db::versions::MIGRATIONS, duly_queue::MIGRATIONS];
    run(&db, &sets, SystemClock.now(), Mode::Apply).await?;
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let number = arguments.next_if(|argument| !argument.starts_with("redis"));
    let queue = match arguments.next() {
        Some(redis) => Queue::in_redis(db.clone(), redis.parse()?, "drain", clock, random),
        None => Queue::new(db.clone(), clock, random),
    };
    match what.as_deref() {
        Some("push") => {
            let number = number.ok_or("a number is missing")?.parse()?;
            push(&db, &queue, number).await?;
        }
        Some("work") => work(queue).await?,
        Some("idle") => idle(&db, queue).await?,
        _ => return Err("say push, work or idle".into()),
    }
    db.close().await;
    Ok(())
}

fn job(number: u32) -> Nothing {
    let text = "forty-five bytes of data, as it is measured".to_owned();
    Nothing { number, text }
}

async fn push(db: &Db, queue: &Queue, number: u32) -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u32> = (0..number).collect();
    for numbers in numbers.chunks(BATCH) {
        let mut tx = db.begin();
        for number in numbers {
            queue.push(&mut tx, &job(*number)).await?;
        }
        tx.commit().await?;
    }
    // Whoever counts sees what was pushed: so it has been handed over.
    queue.counts().await?;
    Ok(())
}

fn options() -> WorkerOptions {
    WorkerOptions {
        slots: 100,
        poll: Duration::from_millis(100),
        ..WorkerOptions::default()
    }
}

async fn work(queue: Queue) -> Result<(), Box<dyn Error>> {
    let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
    let known = Arc::new(Registry::new().with::<Nothing>());
    let worker = Worker::start(queue.clone(), known, World(started), options());
    let mut done = 0_u32;
    while let Ok(Some(_)) = tokio::time::timeout(Duration::from_millis(500), starts.recv()).await {
        done += 1;
    }
    worker.drain(Duration::from_secs(5)).await;
    println!("{{\"done\":{done}}}");
    Ok(())
}

async fn idle(db: &Db, queue: Queue) -> Result<(), Box<dyn Error>> {
    let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
    let known = Arc::new(Registry::new().with::<Nothing>());
    let worker = Worker::start(queue.clone(), known, World(started), options());
    let mut waits = Vec::new();
    for number in 0..SINGLES {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut tx = db.begin();
        queue.push(&mut tx, &job(number)).await?;
        let pushed = Instant::now();
        tx.commit().await?;
        queue.notify();
        let started = starts.recv().await.ok_or("the worker has ended")?;
        waits.push(started.duration_since(pushed).as_micros());
    }
    worker.drain(Duration::from_secs(5)).await;
    waits.sort_unstable();
    let at = |permille: usize| waits.get(waits.len() * permille / 1000).copied();
    println!(
        "{{\"p50\":{:?},\"p99\":{:?}}}",
        at(500).unwrap_or(0),
        at(990).unwrap_or(0)
    );
    Ok(())
}
