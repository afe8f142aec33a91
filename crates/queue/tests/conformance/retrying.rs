//! What becomes of failures.

use std::time::Duration;

use duly_queue::store::{JobRecord, Outcome, State};
use duly_queue::{AttemptOutcome, Counts, FAILED_KEPT_DAYS, JobId, QueueName, Retried, Totals};

use crate::fixture::{Fixture, Plan, start};
use crate::kinds::{Once, Short, Task};

/// The wait until the next attempt, checked to be within a tenth of what was asked for.
async fn assert_waits(fixture: &Fixture, seconds: u64) {
    let wait = fixture.next_due().await.unwrap();
    let tenth = Duration::from_millis(seconds * 100);
    let asked = Duration::from_secs(seconds);
    assert!(
        wait >= asked - tenth && wait <= asked + tenth,
        "{wait:?} instead of {asked:?}"
    );
}

pub(crate) async fn a_failed_attempt_waits_as_its_backoff_says(fixture: Fixture) {
    fixture.world.plan("a", Plan::Retry("no luck"));
    let id = fixture.push(&Task::new("a")).await.id();
    let report = fixture.run_due().await;
    assert_eq!((report.retried, report.done), (1, 0));
    assert_eq!(report.errors, [(id, "no luck".to_owned())]);
    assert_waits(&fixture, 10).await;
    assert_eq!(fixture.run_due().await.retried, 0, "not before its time");
    fixture.advance(11);
    assert_eq!(fixture.run_due().await.retried, 1);
    assert_waits(&fixture, 60).await;
    fixture.world.plan("a", Plan::Succeed);
    fixture.advance(66);
    assert_eq!(fixture.run_due().await.done, 1);
    assert_eq!(fixture.counts().await, Counts::default());
    let attempts = fixture.queue.attempts(id).await.unwrap();
    let outcomes: Vec<_> = attempts.iter().filter_map(|it| it.outcome).collect();
    let expected = [
        AttemptOutcome::Retried,
        AttemptOutcome::Retried,
        AttemptOutcome::Done,
    ];
    assert_eq!(outcomes, expected, "it is among those that are kept");
}

pub(crate) async fn a_job_that_gave_way_is_run_again_within_its_attempt(fixture: Fixture) {
    fixture.world.plan("a", Plan::GiveWay(3));
    fixture.push(&Task::new("a")).await;
    let report = fixture.run_due().await;
    assert_eq!((report.done, report.retried), (1, 0));
    let attempts = fixture.world.attempts();
    assert_eq!(attempts.len(), 4);
    assert!(attempts.iter().all(|attempt| attempt.number == 1));
}

pub(crate) async fn a_job_that_gives_way_again_and_again_waits(fixture: Fixture) {
    fixture.world.plan("a", Plan::GiveWay(4));
    let id = fixture.push(&Task::new("a")).await.id();
    let report = fixture.run_due().await;
    assert_eq!((report.done, report.retried), (0, 1));
    assert_waits(&fixture, 10).await;
    fixture.advance(11);
    assert_eq!(fixture.run_due().await.done, 1);
    assert_eq!(report.errors[0].0, id);
    assert_eq!(fixture.world.attempts().len(), 5);
}

pub(crate) async fn a_job_may_say_itself_when_to_try_again(fixture: Fixture) {
    fixture
        .world
        .plan("a", Plan::RetryAfter(Duration::from_secs(777)));
    fixture.push(&Task::new("a")).await;
    assert_eq!(fixture.run_due().await.retried, 1);
    assert_eq!(fixture.next_due().await, Some(Duration::from_secs(777)));
}

pub(crate) async fn a_job_fails_after_its_tries_and_keeps_every_error(fixture: Fixture) {
    let id = fixture.push(&Task::new("a")).await.id();
    for error in ["first", "second", "third"] {
        fixture.world.plan("a", Plan::Retry(error));
        fixture.run_due().await;
        fixture.advance(100);
    }
    assert_eq!(
        fixture.run_due().await,
        duly_queue::RunReport::default(),
        "no fourth attempt"
    );
    let failed = fixture.failed().await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].id, id);
    assert_eq!(failed[0].queue, QueueName::DEFAULT);
    assert_eq!(failed[0].kind, "task");
    assert_eq!(failed[0].payload, "\"a\"");
    assert_eq!(failed[0].tags, ["test", "a"]);
    assert_eq!(
        (failed[0].attempts, failed[0].error.as_deref()),
        (3, Some("third"))
    );
    assert_eq!(failed[0].pushed_at, start());
    let attempts = fixture.queue.attempts(id).await.unwrap();
    let errors: Vec<_> = attempts
        .iter()
        .map(|it| it.error.as_deref().unwrap())
        .collect();
    assert_eq!(errors, ["first", "second", "third"]);
    let outcomes: Vec<_> = attempts.iter().map(|it| it.outcome.unwrap()).collect();
    let retried = AttemptOutcome::Retried;
    assert_eq!(outcomes, [retried, retried, AttemptOutcome::Failed]);
    assert!(attempts.iter().all(|it| it.ended_at == Some(it.started_at)));
}

pub(crate) async fn a_job_may_fail_at_once(fixture: Fixture) {
    fixture.world.plan("a", Plan::Fail("no such address"));
    let id = fixture.push(&Task::new("a")).await.id();
    assert_eq!(fixture.run_due().await.failed, 1);
    let failed = fixture.failed().await;
    assert_eq!((failed[0].id, failed[0].attempts), (id, 1));
    assert_eq!(failed[0].error.as_deref(), Some("no such address"));
}

pub(crate) async fn an_attempt_is_cancelled_when_its_time_is_over(fixture: Fixture) {
    fixture.world.plan("a", Plan::Hang);
    fixture.push(&Short::new("a")).await;
    let report = fixture.run_due().await;
    assert_eq!(report.retried, 1);
    assert_eq!(report.errors[0].1, "cancelled after 20ms, its timeout");
    fixture.world.until_ended(1).await;
}

pub(crate) async fn a_panic_ends_only_its_attempt(fixture: Fixture) {
    fixture.world.plan("a", Plan::Panic("out of cheese"));
    fixture.push(&Task::new("a")).await;
    fixture.push(&Task::new("b")).await;
    let report = fixture.run_due().await;
    assert_eq!((report.retried, report.done), (1, 1));
    assert_eq!(report.errors[0].1, "panicked: out of cheese");
}

pub(crate) async fn a_job_that_cannot_be_read_is_kept(fixture: Fixture) {
    let id = fixture.push(&Task::new("a")).await.id();
    let job = fixture.reserve_one().await;
    fixture.settle(&job, Outcome::Release).await;
    // What a newer release might have written.
    fixture.rewrite(r#"{"version":2}"#).await;
    assert_eq!(fixture.run_due().await.failed, 1);
    let failed = fixture.failed().await;
    assert_eq!(
        (failed[0].id, failed[0].payload.as_str()),
        (id, r#"{"version":2}"#)
    );
    assert!(
        failed[0]
            .error
            .as_deref()
            .unwrap()
            .starts_with("this release cannot read the job")
    );
}

pub(crate) async fn the_last_attempt_is_told_so(fixture: Fixture) {
    fixture.world.plan("a", Plan::RetryAfter(Duration::ZERO));
    let id = fixture.push(&Task::new("a")).await.id();
    fixture.run_due().await;
    let attempts = fixture.world.attempts();
    let told: Vec<_> = attempts.iter().map(|it| (it.number, it.last)).collect();
    assert_eq!(told, [(1, false), (2, false), (3, true)]);
    assert!(attempts.iter().all(|it| it.job == id));
}

pub(crate) async fn a_failed_job_can_be_retried(fixture: Fixture) {
    fixture.world.plan("a", Plan::Fail("broken"));
    let id = fixture.push(&Task::new("a")).await.id();
    let first = fixture.reserve_one().await;
    fixture
        .settle(
            &first,
            Outcome::Fail {
                error: "broken".to_owned(),
            },
        )
        .await;
    assert_eq!(fixture.retry(id).await, Retried::Queued);
    assert_eq!(fixture.retry(id).await, Retried::Unknown);
    let again = fixture.reserve_one().await;
    assert_eq!(
        (again.held.id, again.attempt),
        (id, 1),
        "with all its tries"
    );
    assert!(again.held.fence > first.held.fence, "but with a new token");
    fixture
        .settle(
            &again,
            Outcome::Fail {
                error: "still".to_owned(),
            },
        )
        .await;
    let attempts = fixture.queue.attempts(id).await.unwrap();
    let history: Vec<_> = attempts
        .iter()
        .map(|it| (it.number, it.error.as_deref().unwrap()))
        .collect();
    assert_eq!(history, [(1, "broken"), (1, "still")], "its history stays");
}

pub(crate) async fn retrying_a_failed_job_respects_its_unique_key(fixture: Fixture) {
    fixture.world.plan("a", Plan::Fail("broken"));
    let failed = fixture.push(&Once::new("a")).await.id();
    fixture.run_due().await;
    let newer = fixture.push(&Once::new("a")).await.id();
    let refused = fixture.retry(failed).await;
    assert_eq!(refused, Retried::Duplicate(newer));
    assert_eq!(
        fixture.counts().await,
        Counts {
            ready: 1,
            failed: 1,
            ..Counts::default()
        }
    );
    fixture.world.plan("a", Plan::Succeed);
    fixture.run_due().await;
    assert_eq!(fixture.retry(failed).await, Retried::Queued);
    assert_eq!(
        fixture.push(&Once::new("a")).await.id(),
        failed,
        "it holds the key again"
    );
}

pub(crate) async fn failed_jobs_are_listed_newest_first_by_pages(fixture: Fixture) {
    let mut pushed: Vec<JobId> = Vec::new();
    for number in 0..7 {
        let label = number.to_string();
        fixture.world.plan(&label, Plan::Fail("broken"));
        pushed.push(fixture.push(&Task(label)).await.id());
        // Two fail at the same instant.
        if number != 3 {
            fixture.run_due().await;
            fixture.advance(1);
        }
    }
    let mut listed = Vec::new();
    let mut cursor = None;
    loop {
        let page = fixture.list(State::Failed, 3, cursor).await;
        cursor = page.last().map(JobRecord::cursor);
        listed.extend(page.iter().map(|job| job.id));
        if page.len() < 3 {
            break;
        }
    }
    assert_eq!(listed.len(), 7);
    assert_eq!(listed[..2], [pushed[6], pushed[5]]);
    assert_eq!(listed[4..], [pushed[2], pushed[1], pushed[0]]);
}

pub(crate) async fn old_history_is_dropped(fixture: Fixture) {
    fixture.world.plan("a", Plan::Fail("broken"));
    let id = fixture.push(&Task::new("a")).await.id();
    fixture.run_due().await;
    let days = i64::try_from(FAILED_KEPT_DAYS).unwrap();
    fixture.advance(days * 86_400);
    fixture.store.sweep().await.unwrap();
    assert_eq!(fixture.counts().await.failed, 1);
    fixture.advance(1);
    fixture.store.sweep().await.unwrap();
    assert_eq!(fixture.counts().await, Counts::default());
    assert!(fixture.queue.attempts(id).await.unwrap().is_empty());
}

pub(crate) async fn totals_say_what_became_of_attempts(fixture: Fixture) {
    for _ in 0..2 {
        fixture.push(&Task::new("fine")).await;
    }
    fixture.world.plan("fails", Plan::Fail("broken"));
    fixture.push(&Task::new("fails")).await;
    fixture.world.plan("retries", Plan::Retry("no luck"));
    fixture.push(&Task::new("retries")).await;
    fixture.run_due().await;
    fixture.push(&Task::new("crashes")).await;
    fixture.reserve_one().await;
    fixture.advance(15);
    fixture.store.sweep().await.unwrap();
    for job in fixture.reserve(2).await {
        fixture.settle(&job, Outcome::Release).await;
    }
    let totals = fixture.queue.totals(start()).await.unwrap();
    let expected = Totals {
        done: 2,
        failed: 1,
        retried: 1,
        expired: 1,
        released: 2,
        cancelled: 0,
    };
    assert_eq!(totals.get(&QueueName::DEFAULT), Some(&expected));
    fixture.advance(60);
    let later = fixture.store.now().await.unwrap();
    assert!(
        fixture.queue.totals(later).await.unwrap().is_empty(),
        "only since then"
    );
}

pub(crate) async fn errors_are_stored_whatever_they_hold(fixture: Fixture) {
    fixture
        .world
        .plan("a", Plan::Fail("nul \0, mail 📧, rtl \u{202e}"));
    fixture.push(&Task::new("a")).await;
    assert_eq!(fixture.run_due().await.failed, 1);
    let failed = fixture.failed().await;
    assert_eq!(
        failed[0].error.as_deref(),
        Some("nul \u{fffd}, mail 📧, rtl \u{202e}")
    );
}
