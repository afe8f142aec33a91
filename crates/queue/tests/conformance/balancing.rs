//! How slots are given to queues by what they need.

use std::sync::Arc;
use std::time::Duration;

use duly_queue::balance::{Balancer, Comparison, Mode, QueueSettings, Settings};
use duly_queue::store::{Outcome, Pause, Paused, WorkerId, WorkerRecord};
use duly_queue::{QueueName, Worker, WorkerOptions};
use jiff::Timestamp;
use uuid::Uuid;

use crate::fixture::{Fixture, OPERATOR, start, wait};
use crate::kinds::{Cleanup, Task, Urgent, registry};

/// Somebody with so many slots, who was heard of now.
async fn worker(fixture: &Fixture, number: u128, slots: u32) {
    let record = WorkerRecord {
        id: WorkerId(Uuid::from_u128(number)),
        host: "north".to_owned(),
        process: 1,
        version: "1.2.3".to_owned(),
        queues: QueueName::by_priority(),
        slots,
        running: Vec::new(),
        memory: 0,
        started_at: start(),
        heard_at: start(),
    };
    fixture.queue.operations().report(&record).await.unwrap();
}

fn balancer(fixture: &Fixture) -> Balancer {
    let queues = QueueName::by_priority();
    Balancer::new(fixture.queue.clone(), queues, Settings::default())
}

pub(crate) async fn a_decision_is_made_of_what_there_is_and_kept_with_it(fixture: Fixture) {
    worker(&fixture, 1, 8).await;
    let mut balancer = balancer(&fixture);
    balancer.tick().await.unwrap().unwrap();
    for number in 0..30 {
        fixture.push(&Urgent(number.to_string())).await;
    }
    fixture.push(&Task::new("a")).await;
    fixture.advance(3);
    for job in fixture.reserve(10).await {
        let done = job.settled(Outcome::Done, Duration::from_secs(2));
        fixture.store.settle(&[done]).await.unwrap();
    }
    let decision = balancer.tick().await.unwrap().unwrap();
    let urgent = decision.of(&QueueName::URGENT).unwrap();
    assert_eq!(urgent.observed.backlog, 20);
    assert_eq!(
        (urgent.observed.arrived, urgent.observed.finished),
        (30, 10)
    );
    assert_eq!(urgent.observed.run_time, Duration::from_secs(20));
    assert_eq!(urgent.observed.oldest_wait, Duration::from_secs(3));
    assert_eq!(decision.total_slots, 8);
    assert!(urgent.give >= 4, "{decision}");
    assert!(urgent.explain(8).contains("slots"), "{}", urgent.explain(8));
    let operations = fixture.queue.operations();
    let kept = operations.decisions(start(), 10).await.unwrap();
    assert_eq!(kept[0].decision, decision);
}

pub(crate) async fn nothing_is_kept_of_nothing(fixture: Fixture) {
    worker(&fixture, 1, 4).await;
    let mut balancer = balancer(&fixture);
    for _ in 0..5 {
        balancer.tick().await.unwrap().unwrap();
        fixture.advance(3);
    }
    let kept = fixture.queue.operations().decisions(start(), 10).await;
    assert_eq!(kept.unwrap().len(), 1, "only that it was decided at all");
}

pub(crate) async fn one_balancer_decides_and_the_next_goes_on_from_there(fixture: Fixture) {
    worker(&fixture, 1, 8).await;
    fixture.push(&Task::new("a")).await;
    let (mut first, mut second) = (balancer(&fixture), balancer(&fixture));
    first.tick().await.unwrap().unwrap();
    assert!(second.tick().await.unwrap().is_none(), "another leads");
    let job = fixture.reserve_one().await;
    let done = job.settled(Outcome::Done, Duration::from_secs(7));
    fixture.store.settle(&[done]).await.unwrap();
    fixture.advance(3);
    first.tick().await.unwrap().unwrap();
    fixture.advance(16);
    worker(&fixture, 1, 8).await;
    fixture.push(&Task::new("b")).await;
    let decision = second.tick().await.unwrap().unwrap();
    let of_queue = decision.of(&QueueName::DEFAULT).unwrap();
    assert_eq!(
        of_queue.run_time,
        Duration::from_secs(7),
        "it knows the speed"
    );
    assert!(first.tick().await.unwrap().is_none());
}

pub(crate) async fn a_paused_queue_is_given_nothing(fixture: Fixture) {
    worker(&fixture, 1, 4).await;
    fixture.push(&Task::new("a")).await;
    let pause = Pause {
        what: Paused::Queue(QueueName::DEFAULT),
        since: start(),
        until: None,
        by: OPERATOR.0.to_owned(),
        reason: String::new(),
    };
    let operations = fixture.queue.operations();
    operations.pause(OPERATOR, &pause).await.unwrap();
    let decision = balancer(&fixture).tick().await.unwrap().unwrap();
    let of_queue = decision.of(&QueueName::DEFAULT).unwrap();
    assert_eq!((of_queue.give, of_queue.at_most), (0, Some(0)));
}

pub(crate) async fn old_decisions_are_dropped(fixture: Fixture) {
    worker(&fixture, 1, 4).await;
    fixture.push(&Task::new("a")).await;
    balancer(&fixture).tick().await.unwrap().unwrap();
    fixture.advance(86_401);
    fixture.push(&Task::new("b")).await;
    balancer(&fixture).tick().await.unwrap().unwrap();
    let kept = fixture.queue.operations().decisions(start(), 10).await;
    assert_eq!(kept.unwrap().len(), 1);
}

/// A worker keeps to a plan: of six slots cleaning up has one, however much of it there is.
pub(crate) async fn a_worker_keeps_to_the_plan(fixture: Fixture) {
    for number in 0..20 {
        let label = number.to_string();
        fixture.world.plan(&label, crate::fixture::Plan::Wait);
        fixture.push(&Cleanup(label)).await;
    }
    worker(&fixture, 1, 6).await;
    let mut settings = Settings::default();
    let mut of_queue = settings.of(&QueueName::MAINTENANCE);
    of_queue.max = Some(1);
    settings.queues.insert(QueueName::MAINTENANCE, of_queue);
    assert_eq!(settings.mode, Mode::Auto);
    let queues = QueueName::by_priority();
    let mut balancer = Balancer::new(fixture.queue.clone(), queues, settings);
    balancer.tick().await.unwrap().unwrap();
    let operations = fixture.queue.operations();
    operations
        .leave(WorkerId(Uuid::from_u128(1)))
        .await
        .unwrap();
    let options = WorkerOptions {
        slots: 6,
        ..WorkerOptions::default()
    };
    let (known, world) = (Arc::new(registry()), fixture.world.clone());
    let worker = Worker::start(fixture.queue.clone(), known, world, options);
    // Before it has read the plan it may have taken some: then another job shows that it keeps to it.
    let busy = async {
        loop {
            let workers = operations.workers().await.unwrap();
            if workers.iter().any(|it| !it.running.is_empty()) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    wait(busy, "a worker at work").await;
    let counts = fixture.queue.counts().await.unwrap();
    assert_eq!(counts[&QueueName::MAINTENANCE].running, 1);
    fixture.world.open();
    worker.drain(Duration::from_secs(5)).await;
}

/// The default queue may have no more than so many slots.
fn at_most(max: u32) -> QueueSettings {
    QueueSettings {
        max: Some(max),
        ..QueueSettings::default_of(&QueueName::DEFAULT)
    }
}

pub(crate) async fn what_an_operator_says_of_a_queue_goes_before_the_settings(fixture: Fixture) {
    worker(&fixture, 1, 8).await;
    let operations = fixture.queue.operations();
    let mut balancer = balancer(&fixture);
    let queue = QueueName::DEFAULT;
    let said = at_most(2);
    operations
        .set_queue(OPERATOR, &queue, Some(&said))
        .await
        .unwrap();
    let known = operations.queue_settings().await.unwrap();
    assert_eq!(known, [(queue.clone(), said)].into());
    for number in 0..50 {
        fixture.push(&Task::new(&number.to_string())).await;
    }
    let decision = balancer.tick().await.unwrap().unwrap();
    let of_queue = decision.of(&queue).unwrap();
    assert_eq!((of_queue.settings, of_queue.at_most), (said, Some(2)));
    operations.set_queue(OPERATOR, &queue, None).await.unwrap();
    assert!(operations.queue_settings().await.unwrap().is_empty());
    fixture.advance(3);
    let decision = balancer.tick().await.unwrap().unwrap();
    assert_eq!(decision.of(&queue).unwrap().settings.max, None);
    let actions = operations.actions(10, None).await.unwrap();
    let mut told: Vec<&str> = actions
        .iter()
        .map(|action| action.detail.as_str())
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        ["1 to 2 slots, weight 2, target 30 s", "as configured"]
    );
}

pub(crate) async fn decisions_are_made_again_with_other_settings(fixture: Fixture) {
    worker(&fixture, 1, 8).await;
    let mut balancer = balancer(&fixture);
    for number in 0..200 {
        fixture.push(&Task::new(&number.to_string())).await;
    }
    for _ in 0..6 {
        for job in fixture.reserve(4).await {
            let done = job.settled(Outcome::Done, Duration::from_secs(2));
            fixture.store.settle(&[done]).await.unwrap();
        }
        balancer.tick().await.unwrap().unwrap();
        fixture.advance(3);
        worker(&fixture, 1, 8).await;
    }
    let (queue, mut settings) = (QueueName::DEFAULT, Settings::default());
    let again = |settings: Settings| {
        let queue = fixture.queue.clone();
        async move {
            let all = Timestamp::UNIX_EPOCH;
            Comparison::since(&queue, all, &settings, 3).await.unwrap()
        }
    };
    let same = again(settings.clone()).await;
    assert_eq!(same.decisions, 5, "the first is where the others begin");
    assert_eq!(same.points.len(), 3);
    for compared in same.queues.values() {
        assert_eq!(compared.before, compared.after);
    }
    settings.queues.insert(queue.clone(), at_most(2));
    let other = again(settings).await;
    let compared = other.queues[&queue];
    assert_eq!(compared.before, same.queues[&queue].before);
    assert!(compared.before.most > 2, "{compared:?}");
    assert!(
        compared.after.most <= 2 && compared.after.mean() <= 2.0,
        "{compared:?}"
    );
    assert!(other.points.iter().all(|point| point.after[&queue] <= 2));
}
