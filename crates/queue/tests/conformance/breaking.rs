//! Kinds that fail all at once.

use std::time::Duration;

use duly_queue::store::{Action, Outcome, Pause, Paused};
use duly_queue::{Breaker, BreakerSettings};
use jiff::SignedDuration;

use crate::fixture::{Fixture, OPERATOR, wait};
use crate::kinds::{Task, Urgent};

const SETTINGS: BreakerSettings = BreakerSettings {
    failures: 20,
    percent: 80,
    window: Duration::from_secs(300),
    pause: Duration::from_secs(300),
};

fn breaker(fixture: &Fixture) -> Breaker {
    Breaker::new(fixture.queue.clone(), SETTINGS)
}

async fn tick(breaker: &Breaker) -> Vec<Pause> {
    wait(breaker.tick(), "the breaker").await.unwrap()
}

fn kind() -> Paused {
    Paused::Kind("task".to_owned())
}

/// Runs so many jobs, each of which fails so.
async fn fail(fixture: &Fixture, number: usize, error: &str) {
    let outcome = Outcome::Retry {
        after: Duration::from_secs(3600),
        error: error.to_owned(),
    };
    run(fixture, number, &outcome).await;
}

async fn run(fixture: &Fixture, number: usize, outcome: &Outcome) {
    for label in 0..number {
        fixture.push(&Task(label.to_string())).await;
    }
    let jobs = fixture.reserve(u32::try_from(number).unwrap()).await;
    assert_eq!(jobs.len(), number);
    let ended = jobs
        .iter()
        .map(|job| job.settled(outcome.clone(), Duration::ZERO));
    let ended: Vec<_> = ended.collect();
    fixture.store.settle(&ended).await.unwrap();
}

async fn actions(fixture: &Fixture) -> Vec<Action> {
    let operations = fixture.queue.operations();
    operations.actions(10, None).await.unwrap()
}

pub(crate) async fn a_kind_that_fails_is_paused_and_goes_on_by_itself(fixture: Fixture) {
    let breaker = breaker(&fixture);
    fail(&fixture, 3, "refused").await;
    fail(&fixture, 17, "no answer from 10.0.0.7").await;
    let [pause] = &tick(&breaker).await[..] else {
        panic!("it fails");
    };
    assert_eq!((&pause.what, pause.by.as_str()), (&kind(), "Duly"));
    let now = fixture.store.now().await.unwrap();
    let end = now + SignedDuration::from_mins(5);
    assert_eq!(pause.until, Some(end));
    let reason = "20 of 20 attempts failed within 5 min, most of them so: no answer from 10.0.0.7";
    assert_eq!(pause.reason, reason);
    let operations = fixture.queue.operations();
    assert_eq!(
        operations.pauses().await.unwrap(),
        *std::slice::from_ref(pause)
    );
    let [action] = &actions(&fixture).await[..] else {
        panic!("it is written down");
    };
    assert_eq!(
        (action.by.as_str(), action.action.as_str()),
        ("Duly", "pause")
    );
    assert_eq!(
        (action.target.as_str(), action.detail.as_str()),
        ("task", reason)
    );
    fixture.push(&Task::new("waits")).await;
    fixture.push(&Urgent::new("goes on")).await;
    let other = fixture.reserve_one().await;
    assert_eq!(other.name, "urgent");
    fixture.settle(&other, Outcome::Done).await;
    assert!(tick(&breaker).await.is_empty(), "it is paused already");
    fixture.advance(301);
    assert!(tick(&breaker).await.is_empty(), "it is over");
    assert_eq!(fixture.reserve_one().await.name, "task");
}

pub(crate) async fn a_few_failures_among_many_successes_pause_nothing(fixture: Fixture) {
    let breaker = breaker(&fixture);
    run(&fixture, 100, &Outcome::Done).await;
    fail(&fixture, 30, "refused").await;
    assert!(tick(&breaker).await.is_empty());
    fixture.advance(60);
    fail(&fixture, 19, "refused").await;
    assert!(tick(&breaker).await.is_empty());
    fixture.advance(300);
    assert!(tick(&breaker).await.is_empty(), "nor 19 alone");
}

pub(crate) async fn what_goes_on_failing_is_paused_again_soon(fixture: Fixture) {
    let breaker = breaker(&fixture);
    fail(&fixture, 20, "refused").await;
    assert_eq!(tick(&breaker).await.len(), 1);
    fixture.advance(301);
    fail(&fixture, 1, "refused").await;
    assert!(tick(&breaker).await.is_empty());
    fail(&fixture, 1, "refused").await;
    assert_eq!(tick(&breaker).await.len(), 1, "a tenth is enough");
}

pub(crate) async fn what_an_operator_resumes_is_not_paused_for_the_same_failures(fixture: Fixture) {
    let breaker = breaker(&fixture);
    fail(&fixture, 40, "refused").await;
    assert_eq!(tick(&breaker).await.len(), 1);
    fixture.advance(5);
    let operations = fixture.queue.operations();
    assert!(operations.resume(OPERATOR, &kind()).await.unwrap());
    assert!(!operations.resume(OPERATOR, &kind()).await.unwrap(), "once");
    assert!(operations.pauses().await.unwrap().is_empty());
    for _ in 0..3 {
        assert!(tick(&breaker).await.is_empty());
        fixture.advance(60);
    }
    fail(&fixture, 20, "refused").await;
    assert_eq!(tick(&breaker).await.len(), 1, "but for new ones");
}

pub(crate) async fn one_breaker_pauses_and_leaves_others_pauses_alone(fixture: Fixture) {
    let (first, second) = (breaker(&fixture), breaker(&fixture));
    let theirs = Pause {
        what: kind(),
        since: fixture.store.now().await.unwrap(),
        until: None,
        by: OPERATOR.0.to_owned(),
        reason: "the mail server moves".to_owned(),
    };
    fail(&fixture, 20, "refused").await;
    let operations = fixture.queue.operations();
    operations.pause(OPERATOR, &theirs).await.unwrap();
    assert!(tick(&first).await.is_empty());
    assert_eq!(operations.pauses().await.unwrap(), [theirs]);
    operations.resume(OPERATOR, &kind()).await.unwrap();
    fixture.advance(61);
    assert!(tick(&first).await.is_empty());
    fail(&fixture, 20, "refused").await;
    assert!(tick(&second).await.is_empty(), "another leads");
    assert_eq!(tick(&first).await.len(), 1);
    assert_eq!(actions(&fixture).await.len(), 3);
    let running = second.start();
    wait(running.stop(), "the breaker to stop").await;
}
