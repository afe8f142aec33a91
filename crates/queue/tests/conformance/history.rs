//! What is kept of the attempts at jobs, and of what these log.

use std::time::Duration;

use duly_db::query;
use duly_queue::store::{Outcome, State};
use duly_queue::{
    AttemptOutcome, AttemptRecord, BYTES_KEPT, FINISHED_KEPT, JobId, LINES_KEPT, LogLevel, LogLine,
    job_logs,
};
use jiff::SignedDuration;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::fixture::{Fixture, OPERATOR, Plan, WORKER, start};
use crate::kinds::Task;

/// Has what jobs log kept, in this process.
fn listen() {
    let subscriber = tracing_subscriber::registry().with(job_logs());
    // Another test of the same process may have done it.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

async fn attempts(fixture: &Fixture, id: JobId) -> Vec<AttemptRecord> {
    fixture.queue.attempts(id).await.unwrap()
}

fn outcomes(attempts: &[AttemptRecord]) -> Vec<AttemptOutcome> {
    attempts.iter().filter_map(|it| it.outcome).collect()
}

/// How many attempts are recorded.
async fn recorded(fixture: &Fixture) -> u32 {
    // What has ended has been recorded when it can be seen.
    fixture.list(State::Done, 1, None).await;
    let count = query("SELECT COUNT(*) AS number FROM job_attempts");
    let row = fixture.db.read_fresh().optional_row(count).await.unwrap();
    row.unwrap().get("number").unwrap()
}

pub(crate) async fn every_attempt_at_a_job_that_was_done_is_kept(fixture: Fixture) {
    let id = fixture.push(&Task::new("a")).await.id();
    let first = fixture.reserve_one().await;
    let error = || "no luck".to_owned();
    let retry = Outcome::Retry {
        after: Duration::from_secs(5),
        error: error(),
    };
    fixture.settle(&first, retry).await;
    fixture.advance(7);
    let second = fixture.reserve_one().await;
    fixture.advance(2);
    fixture.settle(&second, Outcome::Done).await;
    let kept = attempts(&fixture, id).await;
    let [retried, done] = &kept[..] else {
        panic!("there were two: {kept:?}");
    };
    assert_eq!((retried.number, done.number), (1, 2));
    assert_eq!(
        outcomes(&kept),
        [AttemptOutcome::Retried, AttemptOutcome::Done]
    );
    assert_eq!((&retried.error, &done.error), (&Some(error()), &None));
    assert_eq!(retried.started_at, start());
    assert_eq!(done.started_at, start() + SignedDuration::from_secs(7));
    assert_eq!(done.ended_at, Some(start() + SignedDuration::from_secs(9)));
    assert_eq!((retried.worker, done.worker), (Some(WORKER), Some(WORKER)));
}

pub(crate) async fn what_a_job_logs_is_kept_with_its_attempts(fixture: Fixture) {
    listen();
    fixture.world.plan("a", Plan::LogAndRetry("no luck"));
    let id = fixture.push(&Task::new("a")).await.id();
    let silent = fixture.push(&Task::new("silent")).await.id();
    fixture.run_due().await;
    let [first] = &attempts(&fixture, id).await[..] else {
        panic!("there was one");
    };
    let line = |attempt: &AttemptRecord, index: usize| {
        let line = &attempt.log.lines[index];
        (line.level, line.text.clone())
    };
    assert_eq!(
        line(first, 0),
        (LogLevel::Warn, "about to fail".to_owned()),
        "while it waits"
    );
    fixture.advance(20);
    fixture.world.plan("a", Plan::Log(2));
    fixture.run_due().await;
    let kept = attempts(&fixture, id).await;
    assert_eq!(line(&kept[0], 0).1, "about to fail", "when it is done");
    assert_eq!(kept[0].error.as_deref(), Some("no luck"));
    let said = |number: usize| (LogLevel::Info, format!("said number={number}"));
    assert_eq!([line(&kept[1], 0), line(&kept[1], 1)], [said(0), said(1)]);
    assert!(attempts(&fixture, silent).await[0].log.is_empty());
    fixture.world.plan("b", Plan::LogAndRetry("hopeless"));
    let failed = fixture.push(&Task::new("b")).await.id();
    for _ in 0..3 {
        fixture.run_due().await;
        fixture.advance(100);
    }
    let kept = attempts(&fixture, failed).await;
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|it| it.log.lines.len() == 1), "of each one");
}

pub(crate) async fn no_more_is_kept_of_a_log_than_promised(fixture: Fixture) {
    listen();
    fixture.world.plan("a", Plan::Log(LINES_KEPT + 20));
    let id = fixture.push(&Task::new("a")).await.id();
    fixture.run_due().await;
    let log = attempts(&fixture, id).await.remove(0).log;
    assert_eq!((log.lines.len(), log.more), (LINES_KEPT, 20));
    let bytes: usize = log
        .lines
        .iter()
        .map(|it| it.text.len() + it.target.len())
        .sum();
    assert!(bytes <= BYTES_KEPT);
}

pub(crate) async fn of_jobs_that_are_not_kept_no_attempt_is(fixture: Fixture) {
    for number in 0..64 {
        fixture.push(&Task(number.to_string())).await;
    }
    for outcome in [
        Outcome::Retry {
            after: Duration::ZERO,
            error: "no luck".to_owned(),
        },
        Outcome::Done,
    ] {
        let jobs = fixture.reserve(64).await;
        assert_eq!(jobs.len(), 64);
        let ended = jobs
            .iter()
            .map(|job| job.settled(outcome.clone(), Duration::ZERO));
        let ended: Vec<_> = ended.collect();
        fixture.store.settle(&ended).await.unwrap();
    }
    let kept = fixture.list(State::Done, 100, None).await;
    assert!((8..=17).contains(&kept.len()), "{}", kept.len());
    for job in &kept {
        assert_eq!(
            outcomes(&attempts(&fixture, job.id).await),
            [AttemptOutcome::Retried, AttemptOutcome::Done]
        );
    }
    let kept = u32::try_from(kept.len()).unwrap();
    assert_eq!(recorded(&fixture).await, kept, "none of the others");
}

/// How many statements it takes to say that so many jobs are done, each of which has logged so many lines.
async fn statements(fixture: &Fixture, number: u32, lines: usize) -> u64 {
    for label in 0..number {
        fixture.push(&Task(label.to_string())).await;
    }
    let line = LogLine {
        after_ms: 3,
        level: LogLevel::Info,
        target: "test".to_owned(),
        text: "said".to_owned(),
    };
    let jobs = fixture.reserve(number).await;
    let ended = jobs.iter().map(|job| {
        let mut settlement = job.settled(Outcome::Done, Duration::from_millis(3));
        settlement.log.lines = vec![line.clone(); lines];
        settlement
    });
    let ended: Vec<_> = ended.collect();
    let before = fixture.db.counters().statements;
    fixture.store.settle(&ended).await.unwrap();
    fixture.db.counters().statements - before
}

pub(crate) async fn what_jobs_log_costs_one_statement_for_all_that_are_kept(fixture: Fixture) {
    let silent = statements(&fixture, 64, 0).await;
    assert_eq!(statements(&fixture, 128, 0).await, silent);
    let logged = statements(&fixture, 64, 2).await;
    assert!(logged <= silent + 1, "{silent} became {logged}");
    // Newer than all others.
    fixture.advance(1);
    assert_eq!(statements(&fixture, 128, 100).await, logged);
    let kept = fixture.list(State::Done, 200, None).await;
    let last = attempts(&fixture, kept[0].id).await.remove(0);
    assert_eq!(last.log.lines.len(), 100);
}

pub(crate) async fn attempts_go_with_their_jobs(fixture: Fixture) {
    fixture.world.plan("a", Plan::Retry("no luck"));
    fixture.push(&Task::new("a")).await;
    fixture.run_due().await;
    fixture.world.plan("a", Plan::Succeed);
    fixture.advance(20);
    fixture.run_due().await;
    assert_eq!(recorded(&fixture).await, 1);
    // As if many more had been done since.
    let mut tx = fixture.db.begin();
    let insert = query(
        "INSERT INTO finished_jobs (id, queue, name, payload, tags, priority, attempt, tries, \
         pushed_at, ended_at, cancelled) VALUES (?1, 'default', 'task', '', '[]', 0, 1, 3, ?2, ?2, ?3)",
    );
    let at = start() + SignedDuration::from_secs(60);
    for number in 0..u128::from(FINISHED_KEPT) {
        let id = uuid::Uuid::from_u128(number + 1);
        let insert = insert.clone().bind(id).bind(at).bind(false);
        tx.execute(insert).await.unwrap();
    }
    tx.commit().await.unwrap();
    fixture.store.sweep().await.unwrap();
    assert_eq!(recorded(&fixture).await, 0);
}

pub(crate) async fn a_job_that_was_cancelled_has_its_attempts(fixture: Fixture) {
    let running = fixture.push(&Task::new("running")).await.id();
    fixture.reserve_one().await;
    fixture.world.plan("waiting", Plan::Retry("no luck"));
    let waiting = fixture.push(&Task::new("waiting")).await.id();
    let untried = fixture.push(&Task::new("untried")).await.id();
    fixture.world.plan("untried", Plan::Retry("never"));
    let operations = fixture.queue.operations();
    operations.cancel(OPERATOR, &[untried]).await.unwrap();
    fixture.run_due().await;
    let both = [running, waiting];
    operations.cancel(OPERATOR, &both).await.unwrap();
    let of = async |id| outcomes(&attempts(&fixture, id).await);
    assert_eq!(of(running).await, [AttemptOutcome::Cancelled]);
    assert_eq!(of(waiting).await, [AttemptOutcome::Retried]);
    assert_eq!(of(untried).await, []);
}
