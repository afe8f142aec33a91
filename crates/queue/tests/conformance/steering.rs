//! What operators do with jobs.

use std::sync::Arc;
use std::time::Duration;

use duly_queue::store::{Outcome, Pause, Paused, Retrying, Settled, State};
use duly_queue::{Counts, JobId, Lease, QueueName, Retried, Totals, Worker, WorkerOptions};
use jiff::SignedDuration;

use crate::fixture::{Fixture, OPERATOR, Plan, start};
use crate::kinds::{Task, Urgent, registry};

fn pause(what: Paused, until: Option<i64>) -> Pause {
    Pause {
        what,
        since: start(),
        until: until.map(|seconds| start() + SignedDuration::from_secs(seconds)),
        by: OPERATOR.0.to_owned(),
        reason: "the mail server is being moved".to_owned(),
    }
}

pub(crate) async fn a_job_that_waits_is_cancelled(fixture: Fixture) {
    let kept = fixture.push(&Task::new("kept")).await.id();
    let gone = fixture.push(&Task::new("gone")).await.id();
    let operations = fixture.queue.operations();
    let unknown = JobId(uuid::Uuid::nil());
    let found = operations.cancel(OPERATOR, &[gone, unknown]).await.unwrap();
    assert_eq!(found, [gone]);
    assert!(
        operations
            .cancel(OPERATOR, &[gone])
            .await
            .unwrap()
            .is_empty()
    );
    fixture.run_due().await;
    assert_eq!(fixture.world.started(), ["kept"], "{kept}");
    let totals = fixture.queue.totals(start()).await.unwrap();
    let expected = Totals {
        done: 1,
        cancelled: 1,
        ..Totals::default()
    };
    assert_eq!(totals.get(&QueueName::DEFAULT), Some(&expected));
}

pub(crate) async fn a_job_that_runs_is_cancelled_and_aborted(fixture: Fixture) {
    fixture.world.plan("a", Plan::Hang);
    let id = fixture.push(&Task::new("a")).await.id();
    let lease = Lease {
        length: Duration::from_secs(15),
        renew_every: Duration::from_millis(5),
    };
    let worker = Worker::start_with_lease(
        fixture.queue.clone(),
        Arc::new(registry()),
        fixture.world.clone(),
        WorkerOptions::default(),
        lease,
    );
    fixture.world.until_started(1).await;
    let operations = fixture.queue.operations();
    assert_eq!(operations.cancel(OPERATOR, &[id]).await.unwrap(), [id]);
    fixture.world.until_ended(1).await;
    worker.drain(Duration::from_secs(5)).await;
    assert_eq!(
        fixture.counts().await,
        Counts::default(),
        "nothing comes back"
    );
    assert_eq!(fixture.list(State::Cancelled, 10, None).await[0].id, id);
}

pub(crate) async fn failed_jobs_are_tried_again_at_a_pace(fixture: Fixture) {
    let mut failed = Vec::new();
    for number in 0..6 {
        let label = number.to_string();
        fixture.world.plan(&label, Plan::Fail("broken"));
        failed.push(fixture.push(&Task(label)).await.id());
    }
    fixture.run_due().await;
    let retrying = Retrying {
        per_second: Some(2),
        payload: None,
    };
    let retried = fixture
        .queue
        .retry(OPERATOR, &failed, &retrying)
        .await
        .unwrap();
    assert_eq!(retried, [Retried::Queued; 6]);
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(fixture.reserve(10).await.len());
        fixture.clock.advance(SignedDuration::from_millis(500));
        taken.push(fixture.reserve(10).await.len());
        fixture.clock.advance(SignedDuration::from_millis(500));
    }
    assert_eq!(taken, [1; 6]);
}

pub(crate) async fn a_failed_job_is_tried_again_with_other_data(fixture: Fixture) {
    fixture.world.plan("wrong", Plan::Fail("broken"));
    let id = fixture.push(&Task::new("wrong")).await.id();
    fixture.run_due().await;
    let retrying = Retrying {
        per_second: None,
        payload: Some("\"right\"".to_owned()),
    };
    fixture
        .queue
        .retry(OPERATOR, &[id], &retrying)
        .await
        .unwrap();
    assert_eq!(fixture.run_due().await.done, 1);
    assert_eq!(fixture.world.started(), ["wrong", "right"]);
}

pub(crate) async fn a_failed_job_is_forgotten(fixture: Fixture) {
    fixture.world.plan("a", Plan::Fail("broken"));
    let failed = fixture.push(&Task::new("a")).await.id();
    fixture.run_due().await;
    let waiting = fixture.push(&Task::new("b")).await.id();
    let operations = fixture.queue.operations();
    let found = operations
        .forget(OPERATOR, &[failed, waiting])
        .await
        .unwrap();
    assert_eq!(found, [failed], "only what has failed");
    let expected = Counts {
        ready: 1,
        ..Counts::default()
    };
    assert_eq!(fixture.counts().await, expected);
    assert!(fixture.queue.attempts(failed).await.unwrap().is_empty());
}

pub(crate) async fn a_paused_queue_is_left_alone_until_it_is_resumed(fixture: Fixture) {
    fixture.push(&Task::new("a")).await;
    fixture.push(&Urgent::new("b")).await;
    let operations = fixture.queue.operations();
    let what = Paused::Queue(QueueName::DEFAULT);
    let paused = pause(what.clone(), None);
    operations.pause(OPERATOR, &paused).await.unwrap();
    operations.pause(OPERATOR, &paused).await.unwrap();
    assert_eq!(operations.pauses().await.unwrap(), [paused]);
    let taken = fixture.reserve(10).await;
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].queue, QueueName::URGENT);
    let wait = fixture.next_due().await.unwrap();
    assert!(!wait.is_zero(), "an idle worker does not turn in circles");
    assert!(operations.resume(OPERATOR, &what).await.unwrap());
    assert!(!operations.resume(OPERATOR, &what).await.unwrap());
    assert_eq!(fixture.reserve(10).await.len(), 1);
}

pub(crate) async fn a_pause_ends_by_itself(fixture: Fixture) {
    fixture.push(&Task::new("a")).await;
    let operations = fixture.queue.operations();
    let what = Paused::Queue(QueueName::DEFAULT);
    operations
        .pause(OPERATOR, &pause(what, Some(60)))
        .await
        .unwrap();
    fixture.advance(59);
    assert!(fixture.reserve(1).await.is_empty());
    fixture.advance(1);
    assert!(operations.pauses().await.unwrap().is_empty());
    assert_eq!(fixture.reserve(1).await.len(), 1);
}

pub(crate) async fn a_paused_kind_is_left_alone_and_others_are_not(fixture: Fixture) {
    fixture.push(&Task::new("a")).await;
    fixture.push(&Urgent::new("b")).await;
    let operations = fixture.queue.operations();
    let what = Paused::Kind("urgent".to_owned());
    operations
        .pause(OPERATOR, &pause(what.clone(), None))
        .await
        .unwrap();
    let taken = fixture.reserve(10).await;
    assert_eq!((taken.len(), taken[0].name.as_ref()), (1, "task"));
    operations.resume(OPERATOR, &what).await.unwrap();
    assert_eq!(fixture.reserve(10).await.len(), 1);
}

pub(crate) async fn what_runs_goes_on_while_its_queue_is_paused(fixture: Fixture) {
    fixture.push(&Task::new("a")).await;
    let job = fixture.reserve_one().await;
    let operations = fixture.queue.operations();
    let what = Paused::Queue(QueueName::DEFAULT);
    operations
        .pause(OPERATOR, &pause(what, None))
        .await
        .unwrap();
    assert!(fixture.renew(&job).await.is_empty());
    assert_eq!(fixture.settle(&job, Outcome::Done).await, Settled::Done);
}

pub(crate) async fn each_action_is_written_down(fixture: Fixture) {
    fixture.world.plan("a", Plan::Fail("broken"));
    let failed = fixture.push(&Task::new("a")).await.id();
    fixture.run_due().await;
    let waiting = fixture.push(&Task::new("b")).await.id();
    let operations = fixture.queue.operations();
    let what = Paused::Queue(QueueName::DEFAULT);
    operations
        .pause(OPERATOR, &pause(what.clone(), None))
        .await
        .unwrap();
    fixture.advance(1);
    operations.resume(OPERATOR, &what).await.unwrap();
    fixture.advance(1);
    operations.cancel(OPERATOR, &[waiting]).await.unwrap();
    fixture.advance(1);
    operations.forget(OPERATOR, &[failed]).await.unwrap();
    let actions = operations.actions(3, None).await.unwrap();
    let told: Vec<(&str, &str)> = actions
        .iter()
        .map(|it| (it.action.as_str(), it.target.as_str()))
        .collect();
    let (waiting, failed) = (waiting.to_string(), failed.to_string());
    let expected = [
        ("forget", failed.as_str()),
        ("cancel", waiting.as_str()),
        ("resume", "default"),
    ];
    assert_eq!(told, expected, "the newest first");
    assert!(actions.iter().all(|it| it.by == OPERATOR.0));
    let older = operations.actions(3, Some(actions[2].at)).await.unwrap();
    assert_eq!(older.len(), 1);
    assert_eq!(older[0].detail, "the mail server is being moved");
}

pub(crate) async fn what_is_unknown_is_not_found(fixture: Fixture) {
    let nobody = JobId(uuid::Uuid::nil());
    assert_eq!(fixture.retry(nobody).await, Retried::Unknown);
    let operations = fixture.queue.operations();
    assert!(operations.cancel(OPERATOR, &[]).await.unwrap().is_empty());
    assert!(
        operations
            .forget(OPERATOR, &[nobody])
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        operations.actions(10, None).await.unwrap().is_empty(),
        "nothing was done"
    );
}
