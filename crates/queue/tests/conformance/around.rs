//! What runs around every attempt.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use duly_queue::store::{Outcome, Reserved};
use duly_queue::{
    DrainReport, Ended, JobError, Middleware, RunReport, Worker, WorkerOptions, job_logs,
};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::fixture::{Fixture, Plan, wait};
use crate::kinds::{Task, registry};

type Heard = Arc<Mutex<Vec<String>>>;

/// Notes what it is told.
#[derive(Debug)]
struct Note(&'static str, Heard);

impl Note {
    fn note(&self, what: String) {
        self.1.lock().unwrap().push(format!("{} {what}", self.0));
    }
}

impl Middleware for Note {
    fn before(&self, job: &Reserved) -> Result<(), JobError> {
        self.note(format!("before {} {}", job.name, job.attempt));
        Ok(())
    }

    fn after(&self, job: &Reserved, ended: &Ended<'_>) {
        let outcome = match ended.outcome {
            Some(Outcome::Done) => "done".to_owned(),
            Some(Outcome::Retry { error, .. } | Outcome::Fail { error }) => error.clone(),
            Some(Outcome::Release) => "released".to_owned(),
            None => "aborted".to_owned(),
        };
        let lines = ended.log.lines.len();
        let panicked = if ended.panicked { " panicked" } else { "" };
        self.note(format!("after {} {outcome} {lines}{panicked}", job.attempt));
    }
}

/// Lets nobody through.
#[derive(Debug)]
struct Refuse;

impl Middleware for Refuse {
    fn before(&self, _: &Reserved) -> Result<(), JobError> {
        Err(JobError::retry_after("not now", Duration::from_secs(40)))
    }
}

/// Falls over when an attempt has ended.
#[derive(Debug)]
struct FallOver;

impl Middleware for FallOver {
    fn after(&self, _: &Reserved, _: &Ended<'_>) {
        panic!("fell over");
    }
}

fn listen() {
    let subscriber = tracing_subscriber::registry().with(job_logs());
    let _ = tracing::subscriber::set_global_default(subscriber);
}

pub(crate) async fn middleware_is_called_around_every_attempt(fixture: Fixture) {
    listen();
    let heard = Heard::default();
    let registry = registry()
        .around(Note("outer", heard.clone()))
        .around(Note("inner", heard.clone()));
    let run = async || {
        let run = fixture.queue.run_due(&registry, &fixture.world, 10);
        wait(run, "due jobs to run").await.unwrap();
        std::mem::take(&mut *heard.lock().unwrap())
    };
    fixture.world.plan("a", Plan::LogAndRetry("no luck"));
    fixture.push(&Task::new("a")).await;
    let expected = [
        "outer before task 1",
        "inner before task 1",
        "inner after 1 no luck 1",
        "outer after 1 no luck 1",
    ];
    assert_eq!(run().await, expected);
    fixture.world.plan("a", Plan::Panic("out of cheese"));
    fixture.advance(20);
    assert_eq!(
        run().await.last().unwrap(),
        "outer after 2 panicked: out of cheese 0 panicked"
    );
    fixture.world.plan("a", Plan::Succeed);
    fixture.advance(100);
    assert_eq!(run().await.last().unwrap(), "outer after 3 done 0");
}

pub(crate) async fn middleware_may_refuse_an_attempt(fixture: Fixture) {
    let heard = Heard::default();
    let registry = registry()
        .around(Note("outer", heard.clone()))
        .around(Refuse)
        .around(Note("inner", heard.clone()));
    fixture.push(&Task::new("a")).await;
    let run = fixture.queue.run_due(&registry, &fixture.world, 10);
    let report = wait(run, "due jobs to run").await.unwrap();
    assert_eq!(
        (report.retried, report.errors[0].1.as_str()),
        (1, "not now")
    );
    assert!(fixture.world.started().is_empty(), "its code did not run");
    assert_eq!(fixture.next_due().await, Some(Duration::from_secs(40)));
    let expected = [
        "outer before task 1",
        "inner after 1 not now 0",
        "outer after 1 not now 0",
    ];
    assert_eq!(*heard.lock().unwrap(), expected);
}

pub(crate) async fn middleware_that_panics_harms_no_attempt(fixture: Fixture) {
    let heard = Heard::default();
    let registry = registry()
        .around(Note("outer", heard.clone()))
        .around(FallOver);
    fixture.push(&Task::new("a")).await;
    let run = fixture.queue.run_due(&registry, &fixture.world, 10);
    let report = wait(run, "due jobs to run").await.unwrap();
    let done = RunReport {
        done: 1,
        ..RunReport::default()
    };
    assert_eq!(report, done);
    assert_eq!(
        heard.lock().unwrap().last().unwrap(),
        "outer after 1 done 0"
    );
}

pub(crate) async fn middleware_hears_of_an_attempt_that_was_aborted(fixture: Fixture) {
    let heard = Heard::default();
    let registry = registry().around(Note("it", heard.clone()));
    fixture.world.plan("a", Plan::Hang);
    fixture.push(&Task::new("a")).await;
    let (queue, world) = (fixture.queue.clone(), fixture.world.clone());
    let worker = Worker::start(queue, Arc::new(registry), world, WorkerOptions::default());
    fixture.world.until_started(1).await;
    let report = wait(worker.drain(Duration::ZERO), "the worker to drain").await;
    let unfinished = DrainReport {
        unfinished: 1,
        abandoned: 0,
    };
    assert_eq!(report, unfinished);
    assert_eq!(
        heard.lock().unwrap().last().unwrap(),
        "it after 1 aborted 0"
    );
}
