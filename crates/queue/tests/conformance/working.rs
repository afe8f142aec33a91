//! The worker, live.

use std::sync::Arc;
use std::time::Duration;

use duly_queue::store::Outcome;
use duly_queue::{
    About, AttemptOutcome, Counts, DrainReport, Lease, Queue, QueueName, Worker, WorkerHandle,
    WorkerOptions,
};

use crate::failing::{Call, Disturbed};
use crate::fixture::{Fixture, PATIENCE, Plan, wait};
use crate::kinds::{Cleanup, Task, Urgent, registry};

/// A worker that learns of jobs by being notified, or not within the patience of a test.
fn options(slots: usize) -> WorkerOptions {
    let poll = Duration::from_secs(3600);
    WorkerOptions {
        slots,
        queues: QueueName::by_priority(),
        poll,
        about: About::default(),
    }
}

fn start(fixture: &Fixture, queue: &Queue, slots: usize) -> WorkerHandle {
    Worker::start(
        queue.clone(),
        Arc::new(registry()),
        fixture.world.clone(),
        options(slots),
    )
}

pub(crate) async fn a_pushed_job_is_run_when_the_queue_is_notified(fixture: Fixture) {
    let worker = start(&fixture, &fixture.queue, 4);
    for round in 1..=20 {
        fixture.push(&Task::new("a")).await;
        fixture.queue.notify();
        fixture.world.until_started(round).await;
    }
    assert_eq!(worker.drain(PATIENCE).await, DrainReport::default());
    assert_eq!(fixture.counts().await, Counts::default());
}

pub(crate) async fn no_more_jobs_run_at_once_than_there_are_slots(fixture: Fixture) {
    fixture.world.plan("a", Plan::Wait);
    for _ in 0..10 {
        fixture.push(&Task::new("a")).await;
    }
    let worker = start(&fixture, &fixture.queue, 3);
    fixture.world.until_started(3).await;
    worker.watch().takes_jobs().await;
    assert_eq!(worker.watch().busy(), (3, 3));
    assert_eq!(
        fixture.counts().await,
        Counts {
            running: 3,
            ready: 7,
            ..Counts::default()
        }
    );
    fixture.world.open();
    fixture.world.until_ended(10).await;
    assert_eq!(fixture.world.most_at_once(), 3);
    worker.drain(PATIENCE).await;
    assert_eq!(fixture.counts().await, Counts::default());
}

pub(crate) async fn leases_of_running_jobs_are_renewed(fixture: Fixture) {
    fixture.world.plan("a", Plan::Wait);
    fixture.push(&Task::new("a")).await;
    let store = Disturbed::around(fixture.store.clone());
    let lease = Lease {
        length: Duration::from_secs(15),
        renew_every: Duration::from_millis(5),
    };
    let worker = Worker::start_with_lease(
        fixture.queue_through(store.clone()),
        Arc::new(registry()),
        fixture.world.clone(),
        options(1),
        lease,
    );
    fixture.world.until_started(1).await;
    for _ in 0..5 {
        fixture.advance(10);
        // The one under way may have looked at the clock before.
        store.until_called(Call::Renew, 2).await;
    }
    assert!(fixture.reserve(1).await.is_empty(), "it is held after 50 s");
    fixture.world.open();
    worker.drain(PATIENCE).await;
    assert_eq!(fixture.counts().await, Counts::default());
    assert_eq!(fixture.world.attempts().len(), 1);
}

pub(crate) async fn a_job_that_was_taken_over_is_aborted(fixture: Fixture) {
    fixture.world.plan("a", Plan::Wait);
    fixture.push(&Task::new("a")).await;
    let store = Disturbed::around(fixture.store.clone());
    let lease = Lease {
        length: Duration::from_secs(15),
        renew_every: Duration::from_millis(5),
    };
    let queue = fixture.queue_through(store.clone());
    let registry = Arc::new(registry());
    let worker =
        Worker::start_with_lease(queue, registry, fixture.world.clone(), options(1), lease);
    fixture.world.until_started(1).await;
    // The worker cannot reach the store for longer than its lease.
    store.fail(Call::Renew, usize::MAX);
    store.fail(Call::Sweep, usize::MAX);
    store.until_called(Call::Renew, 2).await;
    fixture.advance(15);
    let successor = fixture.reserve_one().await;
    store.fail(Call::Renew, 0);
    fixture.world.until_ended(1).await;
    assert_eq!(worker.drain(PATIENCE).await, DrainReport::default());
    assert_eq!(
        fixture.counts().await,
        Counts {
            running: 1,
            ..Counts::default()
        }
    );
    fixture.settle(&successor, Outcome::Done).await;
}

pub(crate) async fn draining_finishes_what_runs(fixture: Fixture) {
    fixture.world.plan("a", Plan::Wait);
    for _ in 0..5 {
        fixture.push(&Task::new("a")).await;
    }
    let worker = start(&fixture, &fixture.queue, 2);
    fixture.world.until_started(2).await;
    let (report, ()) = tokio::join!(worker.drain(PATIENCE), async { fixture.world.open() });
    assert_eq!(report, DrainReport::default());
    let counts = fixture.counts().await;
    assert_eq!(counts.running, 0);
    let done = fixture.world.started().len();
    assert_eq!(
        counts.ready,
        u64::try_from(5 - done).unwrap(),
        "each is done or waits"
    );
}

pub(crate) async fn draining_gives_back_what_does_not_finish(fixture: Fixture) {
    fixture.world.plan("a", Plan::Wait);
    let id = fixture.push(&Task::new("a")).await.id();
    for round in 1..=5 {
        let worker = start(&fixture, &fixture.queue, 2);
        fixture.world.until_started(round).await;
        let report = worker.drain(Duration::ZERO).await;
        assert_eq!(
            report,
            DrainReport {
                unfinished: 1,
                abandoned: 0
            }
        );
        assert_eq!(
            fixture.counts().await,
            Counts {
                ready: 1,
                ..Counts::default()
            }
        );
    }
    let numbers: Vec<u32> = fixture
        .world
        .attempts()
        .iter()
        .map(|it| it.number)
        .collect();
    assert_eq!(numbers, [1, 1, 1, 1, 1], "no attempt was used up");
    // A worker may also have taken it again just before it heard of the stop.
    let attempts = fixture.queue.attempts(id).await.unwrap();
    assert!(attempts.len() >= 5);
    assert!(
        attempts
            .iter()
            .all(|it| it.outcome == Some(AttemptOutcome::Released))
    );
}

pub(crate) async fn a_less_important_queue_does_not_starve(fixture: Fixture) {
    for _ in 0..60 {
        fixture.push(&Urgent::new("urgent")).await;
    }
    fixture.push(&Cleanup::new("cleanup")).await;
    fixture.push(&Task::new("task")).await;
    let worker = start(&fixture, &fixture.queue, 1);
    fixture.world.until_started(62).await;
    worker.drain(PATIENCE).await;
    let started = fixture.world.started();
    let place = |label| started.iter().position(|it| it == label).unwrap();
    assert!(
        place("task") < 12,
        "within twelve slots, not {}",
        place("task")
    );
    assert!(
        place("cleanup") < 12,
        "within twelve slots, not {}",
        place("cleanup")
    );
}

pub(crate) async fn a_panic_does_not_end_the_worker(fixture: Fixture) {
    fixture.world.plan("a", Plan::Panic("out of cheese"));
    let worker = start(&fixture, &fixture.queue, 1);
    for round in 1..=3 {
        fixture.push(&Task::new("a")).await;
        fixture.push(&Task::new("b")).await;
        fixture.queue.notify();
        fixture.world.until_started(2 * round).await;
    }
    wait(worker.drain(PATIENCE), "the worker to drain").await;
    assert_eq!(
        fixture.counts().await,
        Counts {
            scheduled: 3,
            ..Counts::default()
        }
    );
}
