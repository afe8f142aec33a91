//! Taking jobs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use duly_queue::store::{JobStore, Outcome, Settlement, Want};
use duly_queue::{Counts, QueueName};
use jiff::SignedDuration;

use crate::fixture::{Fixture, LEASE, WORKER, known, start};
use crate::kinds::{Cleanup, Stranger, Task, Urgent};

async fn push_many(fixture: &Fixture, count: usize) {
    let mut tx = fixture.db.begin();
    for number in 0..count {
        fixture
            .queue
            .push(&mut tx, &Task(number.to_string()))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}

/// Takes jobs, seven at a time, until there are none, and answers what it took.
async fn take_all(store: Arc<dyn JobStore>) -> Vec<String> {
    let mut taken = Vec::new();
    loop {
        let want = Want {
            kinds: &[known("task")],
            shares: &[(QueueName::DEFAULT, 7)],
            limit: 7,
            lease: LEASE,
            worker: WORKER,
        };
        let jobs = store.reserve(&want).await.unwrap();
        if jobs.is_empty() {
            return taken;
        }
        taken.extend(jobs.into_iter().map(|job| job.payload));
    }
}

pub(crate) async fn each_job_is_taken_once_however_many_take(fixture: Fixture) {
    push_many(&fixture, 300).await;
    let takers: Vec<_> = (0..8)
        .map(|_| tokio::spawn(take_all(fixture.store.clone())))
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    assert_eq!(taken.len(), 300, "none was taken twice");
    assert_eq!(
        taken.into_iter().collect::<BTreeSet<_>>().len(),
        300,
        "all were taken"
    );
}

pub(crate) async fn more_jobs_than_any_batch_holds_are_all_taken(fixture: Fixture) {
    const COUNT: usize = 9_000;
    push_many(&fixture, COUNT).await;
    let mut done = 0;
    loop {
        let jobs = fixture.reserve(1_000).await;
        if jobs.is_empty() {
            break;
        }
        let settlements: Vec<Settlement> = jobs
            .iter()
            .map(|job| job.settled(Outcome::Done, Duration::ZERO))
            .collect();
        done += fixture.store.settle(&settlements).await.unwrap().len();
    }
    assert_eq!(done, COUNT);
    assert_eq!(fixture.counts().await, Counts::default());
}

pub(crate) async fn a_delayed_job_waits_for_its_time(fixture: Fixture) {
    let later = start().checked_add(SignedDuration::from_hours(1)).unwrap();
    fixture.push_at(&Task::new("later"), later).await;
    assert_eq!(fixture.next_due().await, Some(Duration::from_secs(3600)));
    assert_eq!(
        fixture.counts().await,
        Counts {
            scheduled: 1,
            ..Counts::default()
        }
    );
    fixture.advance(3599);
    assert!(fixture.reserve(1).await.is_empty());
    fixture.advance(1);
    assert_eq!(fixture.next_due().await, Some(Duration::ZERO));
    assert_eq!(fixture.reserve_one().await.payload, "\"later\"");
    assert_eq!(
        fixture.next_due().await,
        Some(LEASE),
        "when its lease may be over"
    );
}

pub(crate) async fn queues_are_served_in_the_order_asked_for(fixture: Fixture) {
    fixture.push(&Cleanup::new("third")).await;
    fixture.push(&Task::new("second")).await;
    fixture.push(&Urgent::new("first")).await;
    fixture.run_due().await;
    assert_eq!(fixture.world.started(), ["first", "second", "third"]);
}

pub(crate) async fn within_a_queue_the_one_due_first_comes_first(fixture: Fixture) {
    fixture.push(&Task::new("second")).await;
    fixture.advance(1);
    fixture.push(&Task::new("third")).await;
    fixture
        .push_at(&Task::new("first"), start() - SignedDuration::from_secs(1))
        .await;
    fixture.run_due().await;
    assert_eq!(fixture.world.started(), ["first", "second", "third"]);
}

pub(crate) async fn a_kind_nobody_here_knows_is_left_alone(fixture: Fixture) {
    let stranger = fixture.push(&Stranger::new("new")).await.id();
    fixture.push(&Task::new("known")).await;
    assert_eq!(fixture.run_due().await.done, 1);
    assert_eq!(
        fixture.next_due().await,
        None,
        "it does not keep a worker awake"
    );
    assert_eq!(
        fixture.counts().await,
        Counts {
            ready: 1,
            ..Counts::default()
        }
    );
    assert!(fixture.queue.attempts(stranger).await.unwrap().is_empty());
    let newer = crate::kinds::registry().with::<Stranger>();
    let report = fixture
        .queue
        .run_due(&newer, &fixture.world, 10)
        .await
        .unwrap();
    assert_eq!(report.done, 1, "a node that knows it runs it");
}

pub(crate) async fn the_attempt_is_stored_before_the_job_is_handed_out(fixture: Fixture) {
    let id = fixture.push(&Task::new("a")).await.id();
    let job = fixture.reserve_one().await;
    assert_eq!((job.attempt, job.tries), (1, 3));
    let attempts = fixture.queue.attempts(id).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].number, 1);
    assert_eq!(attempts[0].started_at, start());
    assert_eq!((attempts[0].ended_at, attempts[0].outcome), (None, None));
}

pub(crate) async fn counts_tell_the_states_apart(fixture: Fixture) {
    let later = start().checked_add(SignedDuration::from_hours(1)).unwrap();
    fixture.push_at(&Task::new("scheduled"), later).await;
    fixture.push(&Task::new("running")).await;
    fixture.reserve_one().await;
    fixture.push(&Task::new("failing")).await;
    let failing = fixture.reserve_one().await;
    fixture
        .settle(
            &failing,
            Outcome::Fail {
                error: "broken".to_owned(),
            },
        )
        .await;
    fixture.push(&Task::new("ready")).await;
    fixture.push(&Urgent::new("ready")).await;
    let counts = fixture.queue.counts().await.unwrap();
    let one_each = Counts {
        ready: 1,
        scheduled: 1,
        running: 1,
        failed: 1,
    };
    assert_eq!(counts.get(&QueueName::DEFAULT), Some(&one_each));
    let ready = Counts {
        ready: 1,
        ..Counts::default()
    };
    assert_eq!(counts.get(&QueueName::URGENT), Some(&ready));
    assert_eq!(counts.get(&QueueName::MAINTENANCE), None);
}
