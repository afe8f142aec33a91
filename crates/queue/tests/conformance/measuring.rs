//! What is kept of jobs that are done, and what is counted.

use std::sync::Arc;
use std::time::Duration;

use duly_db::query;
use duly_queue::store::{Outcome, State};
use duly_queue::{About, FINISHED_KEPT, QueueName, Totals, Worker, WorkerOptions};
use jiff::SignedDuration;

use crate::fixture::{Fixture, Plan, start, wait};
use crate::kinds::{Task, Urgent, registry};

pub(crate) async fn finished_jobs_are_kept_and_of_bursts_a_part(fixture: Fixture) {
    let one = fixture.push(&Task::new("one")).await.id();
    fixture.advance(2);
    fixture.run_due().await;
    let done = fixture.list(State::Done, 10, None).await;
    assert_eq!((done.len(), done[0].id), (1, one));
    assert_eq!((done[0].attempts, done[0].payload.as_str()), (1, "\"one\""));
    assert_eq!(
        done[0].ended_at,
        Some(start() + SignedDuration::from_secs(2))
    );
    for number in 0..200 {
        fixture.push(&Task(number.to_string())).await;
    }
    let mut settlements = Vec::new();
    for _ in 0..2 {
        let jobs = fixture.reserve(100).await;
        let done = jobs
            .iter()
            .map(|job| job.settled(Outcome::Done, Duration::ZERO));
        settlements.extend(done);
    }
    fixture.store.settle(&settlements).await.unwrap();
    let kept = fixture.list(State::Done, 100, None).await.len();
    assert!((10..=17).contains(&kept), "{kept}");
    assert_eq!(
        fixture.queue.totals(start()).await.unwrap()[&QueueName::DEFAULT].done,
        201
    );
}

pub(crate) async fn no_more_finished_jobs_are_kept_than_promised(fixture: Fixture) {
    fixture.push(&Task::new("first")).await;
    fixture.run_due().await;
    fixture.advance(1);
    // As if many more had been done since.
    let mut tx = fixture.db.begin();
    let insert = query(
        "INSERT INTO finished_jobs (id, queue, name, payload, tags, priority, attempt, tries, \
         pushed_at, ended_at, cancelled) VALUES (?1, 'default', 'task', '', '[]', 0, 1, 3, ?2, ?2, ?3)",
    );
    let at = start() + SignedDuration::from_secs(1);
    for number in 0..u128::from(FINISHED_KEPT) {
        let id = uuid::Uuid::from_u128(number + 1);
        let insert = insert.clone().bind(id).bind(at).bind(false);
        tx.execute(insert).await.unwrap();
    }
    tx.commit().await.unwrap();
    let count = query("SELECT COUNT(*) AS number FROM finished_jobs");
    for expected in [FINISHED_KEPT, FINISHED_KEPT] {
        fixture.store.sweep().await.unwrap();
        let row = fixture
            .db
            .read_fresh()
            .optional_row(count.clone())
            .await
            .unwrap();
        let number: u32 = row.unwrap().get("number").unwrap();
        assert_eq!(number, expected, "the oldest is gone, and no other");
    }
}

pub(crate) async fn waits_and_runs_are_measured_by_kind(fixture: Fixture) {
    for label in ["a", "b"] {
        fixture.push(&Task::new(label)).await;
    }
    fixture.push(&Urgent::new("c")).await;
    fixture.advance(4);
    for job in fixture.reserve(10).await {
        let outcome = match job.name.as_ref() {
            "urgent" => Outcome::Fail {
                error: "broken".to_owned(),
            },
            _ => Outcome::Done,
        };
        let settlement = job.settled(outcome, Duration::from_millis(250));
        fixture.store.settle(&[settlement]).await.unwrap();
    }
    let operations = fixture.queue.operations();
    let measured = operations.measures(60, start()).await.unwrap();
    assert_eq!(measured.len(), 2);
    let task = &measured[0];
    assert_eq!((task.start, task.kind.as_str()), (start(), "task"));
    let expected = Totals {
        done: 2,
        ..Totals::default()
    };
    assert_eq!(task.totals, expected);
    assert_eq!(task.wait.mean(), Some(Duration::from_secs(4)));
    assert_eq!(task.run.mean(), Some(Duration::from_millis(250)));
    assert_eq!(task.run.number(), 2);
    assert_eq!(measured[1].totals.failed, 1);
    assert_eq!(measured[1].queue, QueueName::URGENT);
}

pub(crate) async fn minutes_become_hours_and_hours_days(fixture: Fixture) {
    // 10:00 to 13:20, a job each ten minutes.
    for number in 0..20 {
        fixture.push(&Task(number.to_string())).await;
        fixture.run_due().await;
        fixture.advance(600);
    }
    let operations = fixture.queue.operations();
    let done = |grain| async move {
        let measured = operations.measures(grain, start() - SignedDuration::from_hours(24 * 99));
        let measured = measured.await.unwrap();
        let done = measured.iter().map(|it| it.totals.done);
        done.collect::<Vec<u64>>()
    };
    assert_eq!(done(60).await, [1; 20]);
    for _ in 0..2 {
        operations.roll_up().await.unwrap();
        assert_eq!(done(3600).await, [6, 6, 6], "the hours that are over, once");
        assert!(done(86_400).await.is_empty(), "the day is not over");
    }
    fixture.advance(86_400);
    operations.roll_up().await.unwrap();
    assert_eq!(done(3600).await, [6, 6, 6, 2]);
    assert_eq!(done(86_400).await, [20]);
    fixture.advance(3 * 86_400);
    operations.roll_up().await.unwrap();
    assert!(done(60).await.is_empty(), "minutes are kept for two days");
    fixture.advance(20 * 86_400);
    operations.roll_up().await.unwrap();
    assert!(done(3600).await.is_empty(), "hours for two weeks");
    assert_eq!(done(86_400).await, [20]);
    fixture.advance(90 * 86_400);
    operations.roll_up().await.unwrap();
    assert!(done(86_400).await.is_empty(), "days for ninety");
}

pub(crate) async fn workers_say_what_they_are_at(fixture: Fixture) {
    fixture.world.plan("a", Plan::Wait);
    let id = fixture.push(&Task::new("a")).await.id();
    let about = About {
        host: "north".to_owned(),
        version: "1.2.3",
        memory: || 17,
    };
    let options = WorkerOptions {
        slots: 3,
        about,
        ..WorkerOptions::default()
    };
    let (known, world) = (Arc::new(registry()), fixture.world.clone());
    let worker = Worker::start(fixture.queue.clone(), known, world, options);
    let operations = fixture.queue.operations();
    let at_work = async {
        loop {
            let workers = operations.workers().await.unwrap();
            let busy = workers.into_iter().find(|it| !it.running.is_empty());
            if let Some(worker) = busy {
                return worker;
            }
            tokio::task::yield_now().await;
        }
    };
    let seen = wait(at_work, "a worker that says what it is at").await;
    assert_eq!(
        (seen.host.as_str(), seen.version.as_str()),
        ("north", "1.2.3")
    );
    assert_eq!((seen.slots, seen.memory), (3, 17));
    assert_eq!(seen.process, std::process::id());
    assert_eq!(seen.queues, QueueName::by_priority());
    assert_eq!(
        (seen.running[0].id, seen.running[0].kind.as_ref()),
        (id, "task")
    );
    fixture.world.open();
    worker.drain(Duration::from_secs(5)).await;
    assert!(
        operations.workers().await.unwrap().is_empty(),
        "it has ended"
    );
}
