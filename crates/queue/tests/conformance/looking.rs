//! What operators see of jobs.

use duly_queue::store::{Filter, JobRecord, Outcome, State};
use duly_queue::{JobId, QueueName};
use jiff::SignedDuration;

use crate::fixture::{Fixture, OPERATOR, Plan, WORKER, start};
use crate::kinds::{Owned, Task, Urgent};

fn ids(jobs: &[JobRecord]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}

/// One job in each state, in the order of [`State`]'s variants.
async fn one_of_each(fixture: &Fixture) -> [JobId; 6] {
    fixture.world.plan("fails", Plan::Fail("no such address"));
    let failed = fixture.push(&Task::new("fails")).await.id();
    let done = fixture.push(&Task::new("done")).await.id();
    fixture.run_due().await;
    let cancelled = fixture.push(&Task::new("cancelled")).await.id();
    let operations = fixture.queue.operations();
    operations.cancel(OPERATOR, &[cancelled]).await.unwrap();
    let running = fixture.push(&Task::new("running")).await.id();
    fixture.reserve_one().await;
    let ready = fixture.push(&Urgent::new("ready")).await.id();
    let later = start().checked_add(SignedDuration::from_hours(1)).unwrap();
    let scheduled = fixture.push_at(&Task::new("scheduled"), later).await;
    [ready, scheduled, running, failed, done, cancelled]
}

const STATES: [State; 6] = [
    State::Ready,
    State::Scheduled,
    State::Running,
    State::Failed,
    State::Done,
    State::Cancelled,
];

pub(crate) async fn jobs_are_listed_by_their_state(fixture: Fixture) {
    let jobs = one_of_each(&fixture).await;
    for (state, id) in STATES.into_iter().zip(jobs) {
        let listed = fixture.list(state, 10, None).await;
        assert_eq!(ids(&listed), [id], "{state:?}");
        assert_eq!(listed[0].state, state);
        assert_eq!(listed[0].pushed_at, start());
    }
    let [ready] = &fixture.list(State::Ready, 10, None).await[..] else {
        panic!("one is ready");
    };
    assert_eq!(
        (&ready.queue, ready.kind.as_str()),
        (&QueueName::URGENT, "urgent")
    );
    assert_eq!(
        (ready.attempts, ready.tries, ready.run_at),
        (0, 3, Some(start()))
    );
    let [running] = &fixture.list(State::Running, 10, None).await[..] else {
        panic!("one is running");
    };
    assert_eq!(
        (running.started_at, running.worker),
        (Some(start()), Some(WORKER))
    );
}

pub(crate) async fn jobs_are_found_by_what_is_known_of_them(fixture: Fixture) {
    fixture
        .world
        .plan("odd", Plan::Fail("no such \"address\" (550)"));
    let plain = fixture.push(&Task::new("plain")).await.id();
    fixture.advance(10);
    let ready = fixture.push(&Urgent::new("100% \"sure\" _")).await.id();
    fixture.advance(1);
    let owned = fixture.push(&Owned::new("ann 1")).await.id();
    let find = |filter: Filter| {
        let fixture = &fixture;
        async move { ids(&fixture.search(State::Ready, &filter, 10, None).await) }
    };
    let all = Filter::default;
    assert_eq!(find(all()).await, [plain, ready, owned]);
    let queue = Some(QueueName::URGENT);
    assert_eq!(find(Filter { queue, ..all() }).await, [ready]);
    let kind = Some("task".to_owned());
    assert_eq!(find(Filter { kind, ..all() }).await, [plain]);
    let tag = |tag: &str| Filter {
        tag: Some(tag.to_owned()),
        ..Filter::default()
    };
    assert_eq!(find(tag("plain")).await, [plain]);
    assert!(find(tag("plai")).await.is_empty(), "whole tags");
    let lane = Some("ann".to_owned());
    assert_eq!(find(Filter { lane, ..all() }).await, [owned]);
    let text = |text: &str| Filter {
        text: Some(text.to_owned()),
        ..Filter::default()
    };
    assert_eq!(find(text("100%")).await, [ready]);
    assert!(find(text("1_0")).await.is_empty(), "nothing is a wildcard");
    assert!(find(text("PLAIN")).await.is_empty(), "letter by letter");
    let since = Some(start() + SignedDuration::from_secs(10));
    assert_eq!(find(Filter { since, ..all() }).await, [ready, owned]);
    assert_eq!(
        find(Filter {
            until: since,
            ..all()
        })
        .await,
        [plain]
    );
    let failing = fixture.push(&Task::new("odd")).await.id();
    fixture.run_due().await;
    let found = fixture
        .search(State::Failed, &text("(550)"), 10, None)
        .await;
    assert_eq!(ids(&found), [failing], "errors are searched too");
}

pub(crate) async fn long_lists_come_in_pages(fixture: Fixture) {
    let mut pushed = Vec::new();
    for number in 0..11 {
        pushed.push(fixture.push(&Task(number.to_string())).await.id());
        // Some are due at the same instant.
        if number % 3 == 0 {
            fixture.advance(1);
        }
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = fixture.list(State::Ready, 4, after).await;
        seen.extend(ids(&page));
        after = page.last().map(JobRecord::cursor);
        if page.len() < 4 {
            break;
        }
    }
    // Those of one instant are in the order of their ids.
    pushed.sort();
    assert_eq!(seen, pushed);
}

pub(crate) async fn a_job_is_shown_whatever_its_state(fixture: Fixture) {
    let jobs = one_of_each(&fixture).await;
    let operations = fixture.queue.operations();
    for (state, id) in STATES.into_iter().zip(jobs) {
        let job = operations.job(id).await.unwrap().unwrap();
        assert_eq!((job.id, job.state), (id, state));
    }
    let long = fixture.push(&Task("x".repeat(5000))).await.id();
    let job = operations.job(long).await.unwrap().unwrap();
    assert_eq!(job.payload.len(), 5002, "whole");
    let listed = fixture.list(State::Ready, 10, None).await;
    let listed = listed.iter().find(|job| job.id == long).unwrap();
    assert_eq!(listed.payload.len(), 400, "lists have a part of it");
    let nobody = JobId(uuid::Uuid::nil());
    assert_eq!(operations.job(nobody).await.unwrap(), None);
}

pub(crate) async fn failures_that_look_alike_are_one_group(fixture: Fixture) {
    for (label, error) in [
        ("a", "mail 1 was refused: 550"),
        ("b", "mail 2 was refused: 421"),
        ("c", "timed out"),
    ] {
        fixture.world.plan(label, Plan::Fail(error));
        fixture.push(&Task::new(label)).await;
        fixture.run_due().await;
        fixture.advance(60);
    }
    let operations = fixture.queue.operations();
    let groups = operations
        .failure_groups(&Filter::default(), 10)
        .await
        .unwrap();
    let sizes: Vec<(u64, &str)> = groups
        .iter()
        .map(|it| (it.jobs, it.kind.as_str()))
        .collect();
    assert_eq!(sizes, [(1, "task"), (2, "task")], "the newest first");
    let refused = &groups[1];
    assert_eq!(refused.error, "mail 2 was refused: 421");
    assert_eq!(refused.first_at, start());
    assert_eq!(refused.last_at, start() + SignedDuration::from_secs(60));
    let filter = Filter {
        fingerprint: Some(refused.fingerprint.clone()),
        ..Filter::default()
    };
    let jobs = fixture.search(State::Failed, &filter, 10, None).await;
    assert_eq!(jobs.len(), 2);
    fixture.push(&Task::new("waits")).await;
    let jobs = fixture.search(State::Ready, &filter, 10, None).await;
    assert!(jobs.is_empty(), "whoever cancels these cancels nothing");
}

pub(crate) async fn the_oldest_job_that_waits_is_told(fixture: Fixture) {
    let later = start() + SignedDuration::from_hours(1);
    fixture.push_at(&Urgent::new("scheduled"), later).await;
    fixture.push(&Task::new("a")).await;
    fixture.advance(7);
    fixture.push(&Task::new("b")).await;
    let operations = fixture.queue.operations();
    let oldest = operations.oldest().await.unwrap();
    assert_eq!(oldest.get(&QueueName::DEFAULT), Some(&start()));
    assert_eq!(oldest.get(&QueueName::URGENT), None, "it is not due");
    let job = fixture.reserve(1).await.remove(0);
    fixture.settle(&job, Outcome::Done).await;
    let oldest = operations.oldest().await.unwrap();
    let second = start() + SignedDuration::from_secs(7);
    assert_eq!(oldest.get(&QueueName::DEFAULT), Some(&second));
}
