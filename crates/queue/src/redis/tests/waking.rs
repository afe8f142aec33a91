//! Workers hear at once of what other processes push.

use std::sync::Arc;
use std::time::Duration;

use duly_redis::testing::{RedisCluster, RedisSentinels};
use tokio::sync::mpsc;

use super::house::{House, seeded};
use crate::redis::Keeping;
use crate::{Attempt, Job, JobError, Queue, Registry, Worker, WorkerOptions};

/// What is waited for comes within this.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(serde::Serialize, serde::Deserialize)]
struct Ring;

impl Job for Ring {
    const NAME: &'static str = "ring";
    type Context = mpsc::UnboundedSender<()>;

    async fn run(&self, bell: &Self::Context, _: Attempt) -> Result<(), JobError> {
        bell.send(()).map_err(JobError::fail)
    }
}

/// The queue as a process has it.
fn process(house: &House, url: &str) -> (Queue, Keeping) {
    let store = Arc::new(house.store_at(url));
    let (db, clock) = ((*house.db).clone(), house.clock.clone());
    let queue = Queue::with_store(db, store.clone(), clock, seeded());
    let keeping = store.keep_up(&queue);
    (queue, keeping)
}

/// One process pushes; a worker of another, which would not look by itself, runs it.
async fn assert_heard(url: &str) {
    let house = House::new().await;
    let ((web, _web), (working, _working)) = (process(&house, url), process(&house, url));
    let (bell, mut rung) = mpsc::unbounded_channel();
    let options = WorkerOptions {
        poll: Duration::from_secs(3600),
        ..WorkerOptions::default()
    };
    let known = Arc::new(Registry::new().with::<Ring>());
    let worker = Worker::start(working, known, bell, options);
    for _ in 0..3 {
        let mut tx = house.db.begin();
        web.push(&mut tx, &Ring).await.unwrap();
        tx.commit().await.unwrap();
        web.notify();
        let heard = tokio::time::timeout(PATIENCE, rung.recv()).await;
        assert_eq!(heard.unwrap(), Some(()));
    }
    worker.drain(PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_hears_of_what_others_push() {
    let house = House::new().await;
    assert_heard(&house.server.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_hears_of_what_others_push_by_a_cluster() {
    assert_heard(&RedisCluster::start().url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_hears_of_what_others_push_by_whom_sentinels_name() {
    assert_heard(&RedisSentinels::start().url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_pushed_that_died_is_handed_over_by_another() {
    let house = House::new().await;
    let url = house.server.url();
    let dead = Arc::new(house.store_at(&url));
    let (db, clock) = ((*house.db).clone(), house.clock.clone());
    let queue = Queue::with_store(db, dead, clock, seeded());
    let mut tx = house.db.begin();
    queue.push(&mut tx, &Ring).await.unwrap();
    tx.commit().await.unwrap();
    drop(queue);
    let (working, _working) = process(&house, &url);
    let (bell, mut rung) = mpsc::unbounded_channel();
    let options = WorkerOptions {
        poll: Duration::from_secs(3600),
        ..WorkerOptions::default()
    };
    let known = Arc::new(Registry::new().with::<Ring>());
    let worker = Worker::start(working, known, bell, options);
    let heard = tokio::time::timeout(PATIENCE, rung.recv()).await;
    assert_eq!(heard.unwrap(), Some(()));
    worker.drain(PATIENCE).await;
}
