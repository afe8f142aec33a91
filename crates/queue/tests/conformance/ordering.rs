//! Who comes first in a queue, and how often.

use std::time::Duration;

use duly_queue::store::{Outcome, Settled, Want};
use duly_queue::{Counts, JobId, NewJobs, QueueName};
use jiff::SignedDuration;

use crate::fixture::{Fixture, LEASE, Plan, WORKER, start};
use crate::kinds::registry;
use crate::kinds::{Brief, First, Last, Owned, Paced, Task};

/// The labels of jobs in the order in which they are taken, one at a time.
async fn order(fixture: &Fixture, count: usize) -> Vec<String> {
    let mut labels = Vec::new();
    for _ in 0..count {
        let job = fixture.reserve(1).await.remove(0);
        labels.push(job.payload.trim_matches('"').to_owned());
    }
    labels
}

pub(crate) async fn a_job_of_high_priority_goes_ahead_and_one_of_low_lets_others_pass(
    fixture: Fixture,
) {
    fixture.push(&Last::new("last")).await;
    fixture.push(&Task::new("task")).await;
    fixture.advance(3000);
    fixture.push(&Task::new("later")).await;
    fixture.push(&First::new("first")).await;
    let order = order(&fixture, 4).await;
    assert_eq!(order, ["first", "task", "later", "last"]);
}

pub(crate) async fn a_job_of_high_priority_is_seen_soon_while_a_queue_is_emptied_at_full_speed(
    fixture: Fixture,
) {
    for number in 0..130 {
        fixture.push(&Task(number.to_string())).await;
    }
    assert_eq!(fixture.reserve(64).await.len(), 64);
    fixture.push(&First::new("first")).await;
    fixture.advance(1);
    let mut next = fixture.reserve(32).await;
    next.extend(fixture.reserve(32).await);
    assert_eq!(next.len(), 64);
    assert!(next.iter().any(|job| job.payload == "\"first\""));
}

pub(crate) async fn a_burst_is_taken_with_few_statements(fixture: Fixture) {
    for number in 0..128 {
        fixture.push(&Task(number.to_string())).await;
    }
    // As a worker asks that has no plan: every fourth slot is for a queue that is less important.
    let others = [
        QueueName::DEFAULT,
        QueueName::REMINDERS,
        QueueName::MAINTENANCE,
    ];
    let floors = others.iter().cycle().take(16);
    let mut shares: Vec<(QueueName, u32)> = floors.map(|queue| (queue.clone(), 1)).collect();
    shares.extend(QueueName::by_priority().into_iter().map(|all| (all, 64)));
    let kinds = registry().kinds();
    let want = Want {
        kinds: &kinds,
        shares: &shares,
        limit: 64,
        lease: LEASE,
        worker: WORKER,
    };
    // The first time leases are looked at, too.
    fixture.store.reserve(&want).await.unwrap();
    let before = fixture.db.counters().statements;
    assert_eq!(fixture.store.reserve(&want).await.unwrap().len(), 64);
    let statements = fixture.db.counters().statements - before;
    // What is paused, each queue once or twice for all kinds and once for each that has a rate, and what is taken.
    assert!(statements <= 25, "{statements}");
}

pub(crate) async fn a_job_of_low_priority_does_not_wait_for_ever(fixture: Fixture) {
    fixture.push(&Last::new("last")).await;
    fixture.advance(3601);
    fixture.push(&Task::new("task")).await;
    assert_eq!(order(&fixture, 2).await, ["last", "task"]);
}

pub(crate) async fn the_jobs_of_one_owner_do_not_delay_those_of_others(fixture: Fixture) {
    for number in 0..2 {
        fixture.push(&Owned(format!("ann {number}"))).await;
    }
    let mut many = NewJobs::default();
    for number in 2..50 {
        let job = Owned(format!("ann {number}"));
        fixture.queue.add(&mut many, &job, None).unwrap();
    }
    let mut tx = fixture.db.begin();
    fixture.queue.push_all(&mut tx, many).await.unwrap();
    tx.commit().await.unwrap();
    fixture.advance(3);
    fixture.push(&Owned::new("bob 0")).await;
    fixture.push(&Owned::new("bob 1")).await;
    fixture.push(&Task::new("nobody's")).await;
    let order = order(&fixture, 12).await;
    let place = |label: &str| order.iter().position(|taken| taken == label);
    // Ann's first four were due before.
    assert_eq!(place("bob 0"), Some(4), "{order:?}");
    assert!(place("nobody's").is_some_and(|it| it < 7), "{order:?}");
    assert!(place("bob 1").is_some_and(|it| it < 9), "{order:?}");
    assert_eq!(
        place("ann 3"),
        Some(3),
        "each owner's are in order: {order:?}"
    );
    let rest = fixture.reserve(100).await.len();
    assert_eq!(rest, 53 - 12, "nothing is held back when there is time");
}

pub(crate) async fn jobs_of_a_kind_start_no_oftener_than_their_rate_allows(fixture: Fixture) {
    for number in 0..20 {
        fixture.push(&Paced::new(&number.to_string())).await;
    }
    assert_eq!(fixture.reserve(4).await.len(), 4);
    assert_eq!(fixture.reserve(10).await.len(), 2, "six a minute");
    assert!(fixture.reserve(10).await.is_empty());
    fixture.advance(9);
    assert!(fixture.reserve(10).await.is_empty());
    fixture.advance(1);
    assert_eq!(fixture.reserve(10).await.len(), 1, "one each ten seconds");
    fixture.advance(3600);
    let again = fixture.reserve(20).await;
    assert_eq!(again.len(), 6, "a burst is not larger after a rest");
    assert!(again.iter().all(|job| job.attempt <= 2), "none lost a try");
}

pub(crate) async fn a_kind_that_has_to_wait_holds_up_no_other(fixture: Fixture) {
    for number in 0..20 {
        fixture.push(&Paced(number.to_string())).await;
    }
    fixture.push(&Task::new("free")).await;
    let names: Vec<String> = fixture
        .reserve(20)
        .await
        .into_iter()
        .map(|job| job.name.into_owned())
        .collect();
    assert_eq!(names.iter().filter(|name| *name == "paced").count(), 6);
    assert!(names.contains(&"task".to_owned()));
}

pub(crate) async fn a_rate_is_shared_by_all_who_take(fixture: Fixture) {
    for number in 0..40 {
        fixture.push(&Paced(number.to_string())).await;
    }
    let takers = (0..4).map(|_| fixture.reserve(5));
    let taken = futures_util::future::join_all(takers).await;
    let taken: usize = taken.iter().map(Vec::len).sum();
    assert!(taken <= 6, "{taken}");
    // Who found all jobs in the hands of others has taken none, and may now.
    let rest = fixture.reserve(10).await.len();
    assert_eq!(taken + rest, 6);
}

pub(crate) async fn a_job_is_not_tried_for_longer_than_it_may(fixture: Fixture) {
    fixture.world.plan("a", Plan::Retry("no luck"));
    let id = fixture.push(&Brief::new("a")).await.id();
    assert_eq!(fixture.run_due().await.retried, 1);
    fixture.advance(11);
    // The second wait would be a minute, and end after the minute it has.
    assert_eq!(fixture.run_due().await.failed, 1);
    let failed = fixture.failed().await;
    assert_eq!(
        (failed[0].id, failed[0].attempts),
        (id, 2),
        "of three tries"
    );
    let later = start().checked_add(SignedDuration::from_hours(1)).unwrap();
    let delayed = fixture.push_at(&Brief::new("b"), later).await;
    fixture.advance(3600);
    fixture
        .world
        .plan("b", Plan::RetryAfter(Duration::from_secs(40)));
    let report = fixture.run_due().await;
    assert_eq!(
        report.retried, 1,
        "its time began when it was due: {delayed}"
    );
}

pub(crate) async fn a_job_whose_worker_died_is_not_tried_for_longer_than_it_may(fixture: Fixture) {
    let id: JobId = fixture.push(&Brief::new("a")).await.id();
    let first = fixture.reserve_one().await;
    fixture.advance(15);
    let second = fixture.reserve_one().await;
    assert_eq!((second.held.id, second.attempt), (first.held.id, 2));
    fixture.advance(60);
    fixture.store.sweep().await.unwrap();
    let expected = Counts {
        failed: 1,
        ..Counts::default()
    };
    assert_eq!(fixture.counts().await, expected);
    assert_eq!(fixture.failed().await[0].id, id);
    assert_eq!(fixture.settle(&second, Outcome::Done).await, Settled::Late);
}
