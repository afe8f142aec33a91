//! Jobs that belong together.

use std::time::Duration;

use duly_queue::store::State;
use duly_queue::{BatchId, BatchKeeper, BatchRecord, BatchState, NewBatch};

use crate::fixture::{Fixture, OPERATOR, Plan};
use crate::kinds::Task;

fn keeper(fixture: &Fixture) -> BatchKeeper {
    BatchKeeper::new(fixture.queue.clone())
}

async fn tick(fixture: &Fixture, keeper: &BatchKeeper) {
    assert!(keeper.tick().await.unwrap(), "it leads");
    // Whoever looks now sees what has been pushed.
    fixture.queue.notify();
}

async fn record(fixture: &Fixture, batch: BatchId) -> BatchRecord {
    fixture.queue.batch_record(batch).await.unwrap().unwrap()
}

/// Done, failed, cancelled and pending.
async fn figures(fixture: &Fixture, batch: BatchId) -> [u64; 4] {
    let it = record(fixture, batch).await;
    [it.done, it.failed, it.cancelled, it.pending()]
}

async fn open(fixture: &Fixture, batch: NewBatch<'_>) -> BatchId {
    let mut tx = fixture.db.begin();
    let id = batch.open(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    fixture.queue.notify();
    id
}

async fn put(fixture: &Fixture, batch: BatchId, labels: &[&str]) {
    let mut tx = fixture.db.begin();
    for label in labels {
        let task = Task::new(label);
        fixture
            .queue
            .push_into(&mut tx, batch, &task)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    fixture.queue.notify();
}

async fn seal(fixture: &Fixture, batch: BatchId) {
    let mut tx = fixture.db.begin();
    fixture.queue.seal_batch(&mut tx, batch).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) async fn a_batch_ends_when_all_its_jobs_have_and_then_pushes_another(fixture: Fixture) {
    let keeper = keeper(&fixture);
    let new = fixture.queue.batch("letters").by("ann");
    let batch = open(&fixture, new.then(&Task::new("told")).unwrap()).await;
    fixture.world.plan("b", Plan::Fail("no paper"));
    put(&fixture, batch, &["a", "b"]).await;
    tick(&fixture, &keeper).await;
    assert_eq!(figures(&fixture, batch).await, [0, 0, 0, 2]);
    fixture.run_due().await;
    tick(&fixture, &keeper).await;
    assert_eq!(figures(&fixture, batch).await, [1, 1, 0, 0]);
    assert_eq!(
        record(&fixture, batch).await.state,
        BatchState::Running,
        "more may come"
    );
    put(&fixture, batch, &["c"]).await;
    seal(&fixture, batch).await;
    tick(&fixture, &keeper).await;
    assert_eq!(fixture.run_due().await.done, 1, "not told yet");
    tick(&fixture, &keeper).await;
    let ended = record(&fixture, batch).await;
    assert_eq!((ended.total, ended.done, ended.failed), (3, 2, 1));
    assert_eq!(
        (ended.state, ended.by.as_deref()),
        (BatchState::Finished, Some("ann"))
    );
    assert_eq!(ended.completion.as_deref(), Some("task"));
    assert!(ended.ended_at.is_some());
    assert_eq!(fixture.run_due().await.done, 1);
    assert_eq!(fixture.world.started().last().unwrap(), "told");
    tick(&fixture, &keeper).await;
    assert_eq!(fixture.run_due().await.done, 0, "once");
    let jobs = fixture.list(State::Failed, 10, None).await;
    assert!(jobs[0].tags.contains(&batch.tag()), "{:?}", jobs[0].tags);
}

pub(crate) async fn the_steps_of_a_chain_follow_each_other(fixture: Fixture) {
    let keeper = keeper(&fixture);
    let queue = &fixture.queue;
    fixture.world.plan("second", Plan::Fail("no paper"));
    let mut chain = queue.batch("chain").then(&Task::new("told")).unwrap();
    for label in ["first", "second", "third"] {
        chain = chain.step(&Task::new(label)).unwrap();
    }
    let chain = open(&fixture, chain).await;
    assert_eq!(figures(&fixture, chain).await, [0, 0, 0, 3]);
    for _ in 0..3 {
        fixture.run_due().await;
        tick(&fixture, &keeper).await;
    }
    assert_eq!(
        fixture.world.started(),
        ["first", "second"],
        "it waits for a job that failed"
    );
    assert_eq!(figures(&fixture, chain).await, [1, 1, 0, 1]);
    fixture.world.plan("second", Plan::Succeed);
    let failed = fixture.failed().await.remove(0);
    fixture.retry(failed.id).await;
    for _ in 0..4 {
        fixture.run_due().await;
        tick(&fixture, &keeper).await;
    }
    assert_eq!(
        fixture.world.started(),
        ["first", "second", "second", "third", "told"]
    );
    assert_eq!(figures(&fixture, chain).await, [3, 0, 0, 0]);
    assert_eq!(record(&fixture, chain).await.state, BatchState::Finished);
}

pub(crate) async fn a_batch_that_is_cancelled_starts_nothing_more(fixture: Fixture) {
    let keeper = keeper(&fixture);
    let batch = fixture
        .queue
        .batch("letters")
        .then(&Task::new("told"))
        .unwrap();
    let batch = open(&fixture, batch).await;
    put(&fixture, batch, &["a"]).await;
    fixture.run_due().await;
    put(&fixture, batch, &["b", "c"]).await;
    let queue = &fixture.queue;
    assert!(queue.cancel_batch(OPERATOR, batch).await.unwrap());
    assert!(!queue.cancel_batch(OPERATOR, batch).await.unwrap());
    assert_eq!(fixture.run_due().await.done, 0);
    tick(&fixture, &keeper).await;
    tick(&fixture, &keeper).await;
    assert_eq!(figures(&fixture, batch).await, [1, 0, 2, 0]);
    let ended = record(&fixture, batch).await;
    assert_eq!(ended.state, BatchState::Cancelled);
    assert!(ended.ended_at.is_some());
    assert_eq!(fixture.run_due().await.done, 0, "nobody is told");
}

pub(crate) async fn batches_are_listed_newest_first_and_forgotten_in_the_end(fixture: Fixture) {
    let keeper = keeper(&fixture);
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        let batch = open(&fixture, fixture.queue.batch(name)).await;
        seal(&fixture, batch).await;
        ids.push(batch);
        fixture.advance(1);
    }
    let listed = fixture.queue.batches(2, None).await.unwrap();
    let names: Vec<&str> = listed.iter().map(|batch| batch.name.as_str()).collect();
    assert_eq!(names, ["c", "b"]);
    let rest = fixture.queue.batches(2, Some(listed[1].id)).await.unwrap();
    assert_eq!(
        rest.iter().map(|batch| batch.id).collect::<Vec<_>>(),
        [ids[0]]
    );
    tick(&fixture, &keeper).await;
    assert_eq!(
        record(&fixture, ids[0]).await.state,
        BatchState::Finished,
        "it had no jobs"
    );
    fixture.advance(31 * 86_400);
    for _ in 0..3 {
        tick(&fixture, &keeper).await;
    }
    assert!(fixture.queue.batches(10, None).await.unwrap().is_empty());
}

pub(crate) async fn batches_of_many_jobs_are_looked_after_by_one_keeper(fixture: Fixture) {
    let (first, second) = (keeper(&fixture), keeper(&fixture));
    let batch = open(&fixture, fixture.queue.batch("letters")).await;
    let labels: Vec<String> = (0..1_100).map(|number| number.to_string()).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    put(&fixture, batch, &labels).await;
    seal(&fixture, batch).await;
    tick(&fixture, &first).await;
    assert!(!second.tick().await.unwrap(), "another leads");
    while fixture.run_due().await.done > 0 {}
    fixture.advance(15);
    tick(&fixture, &second).await;
    let ended = record(&fixture, batch).await;
    assert_eq!((ended.done, ended.state), (1_100, BatchState::Finished));
    let running = first.start();
    tokio::time::timeout(Duration::from_secs(20), running.stop())
        .await
        .unwrap();
}
