//! Leases and fencing tokens.

use std::time::Duration;

use duly_queue::store::{Outcome, Settled, Swept, Want};
use duly_queue::{ATTEMPTS_KEPT, AttemptOutcome, Counts, QueueName};

use crate::fixture::{Fixture, LEASE, WORKER, known};
use crate::kinds::{Stranger, Task};

pub(crate) async fn a_job_comes_back_when_its_lease_is_over(fixture: Fixture) {
    let id = fixture.push(&Task::new("a")).await.id();
    let first = fixture.reserve_one().await;
    fixture.advance(14);
    assert!(fixture.reserve(1).await.is_empty(), "it is held");
    fixture.advance(1);
    let second = fixture.reserve_one().await;
    assert_eq!(
        (first.attempt, second.attempt),
        (1, 2),
        "a crash counts as an attempt"
    );
    assert!(second.held.fence > first.held.fence);
    let attempts = fixture.queue.attempts(id).await.unwrap();
    assert_eq!(attempts[0].outcome, Some(AttemptOutcome::Expired));
    assert!(attempts[0].error.as_deref().unwrap().contains("lease"));
    assert_eq!(attempts[1].outcome, None);
}

pub(crate) async fn a_renewed_lease_is_kept(fixture: Fixture) {
    fixture.push(&Task::new("a")).await;
    let job = fixture.reserve_one().await;
    for _ in 0..10 {
        fixture.advance(14);
        assert!(fixture.renew(&job).await.is_empty());
        assert!(fixture.reserve(1).await.is_empty());
    }
    assert_eq!(fixture.settle(&job, Outcome::Done).await, Settled::Done);
}

pub(crate) async fn a_late_worker_can_change_nothing(fixture: Fixture) {
    let outcomes = [
        Outcome::Done,
        Outcome::Retry {
            after: Duration::from_secs(1),
            error: "late".to_owned(),
        },
        Outcome::Fail {
            error: "late".to_owned(),
        },
        Outcome::Release,
    ];
    for outcome in outcomes {
        fixture.push(&Task::new("a")).await;
        let late = fixture.reserve_one().await;
        fixture.advance(15);
        // Given back, but not taken by anyone yet.
        fixture.store.sweep().await.unwrap();
        assert_eq!(fixture.settle(&late, outcome.clone()).await, Settled::Late);
        assert_eq!(fixture.renew(&late).await, [late.held]);
        let successor = fixture.reserve_one().await;
        assert_eq!(fixture.settle(&late, outcome).await, Settled::Late);
        assert_eq!(fixture.renew(&late).await, [late.held]);
        assert_eq!(
            fixture.counts().await,
            Counts {
                running: 1,
                ..Counts::default()
            }
        );
        assert_eq!(
            fixture.settle(&successor, Outcome::Done).await,
            Settled::Done
        );
        assert_eq!(fixture.counts().await, Counts::default());
    }
}

pub(crate) async fn a_token_is_never_valid_again_after_a_release(fixture: Fixture) {
    let id = fixture.push(&Task::new("a")).await.id();
    let released = fixture.reserve_one().await;
    assert_eq!(
        fixture.settle(&released, Outcome::Release).await,
        Settled::Released
    );
    let successor = fixture.reserve_one().await;
    assert_eq!(
        (released.attempt, successor.attempt),
        (1, 1),
        "a release uses up no attempt"
    );
    assert_eq!(
        fixture.settle(&released, Outcome::Done).await,
        Settled::Late
    );
    assert_eq!(
        fixture.settle(&successor, Outcome::Release).await,
        Settled::Released
    );
    let outcomes: Vec<_> = fixture
        .queue
        .attempts(id)
        .await
        .unwrap()
        .iter()
        .map(|attempt| attempt.outcome)
        .collect();
    assert_eq!(
        outcomes,
        [
            Some(AttemptOutcome::Released),
            Some(AttemptOutcome::Released)
        ]
    );
}

pub(crate) async fn a_job_that_kills_its_worker_fails_after_its_tries(fixture: Fixture) {
    let id = fixture.push(&Task::new("poison")).await.id();
    for attempt in 1..=3 {
        assert_eq!(fixture.reserve_one().await.attempt, attempt);
        fixture.advance(15);
    }
    assert!(fixture.reserve(1).await.is_empty(), "no fourth attempt");
    assert_eq!(
        fixture.counts().await,
        Counts {
            failed: 1,
            ..Counts::default()
        }
    );
    let failed = fixture.failed().await;
    assert_eq!((failed[0].id, failed[0].attempts), (id, 3));
    let error = failed[0].error.as_deref().unwrap();
    assert!(error.contains("lease"), "{error}");
    let attempts = fixture.queue.attempts(id).await.unwrap();
    assert_eq!(attempts.len(), 3);
    assert!(
        attempts
            .iter()
            .all(|it| it.outcome == Some(AttemptOutcome::Expired))
    );
}

pub(crate) async fn settling_twice_changes_nothing(fixture: Fixture) {
    fixture.push(&Task::new("a")).await;
    let job = fixture.reserve_one().await;
    let retry = Outcome::Retry {
        after: Duration::from_secs(100),
        error: "no".to_owned(),
    };
    assert_eq!(fixture.settle(&job, retry.clone()).await, Settled::Retried);
    fixture.advance(10);
    assert_eq!(fixture.settle(&job, retry).await, Settled::Late);
    assert_eq!(
        fixture.next_due().await,
        Some(Duration::from_secs(90)),
        "not put off again"
    );
    fixture.advance(90);
    let job = fixture.reserve_one().await;
    assert_eq!(fixture.settle(&job, Outcome::Done).await, Settled::Done);
    assert_eq!(fixture.settle(&job, Outcome::Done).await, Settled::Late);
    let totals = fixture.queue.totals(crate::fixture::start()).await.unwrap();
    let totals = totals.get(&QueueName::DEFAULT).unwrap();
    assert_eq!((totals.done, totals.retried), (1, 1), "counted once");
}

pub(crate) async fn a_swept_job_of_an_unknown_kind_comes_back_too(fixture: Fixture) {
    fixture.push(&Stranger::new("a")).await;
    let want = Want {
        kinds: &[known("stranger")],
        shares: &[(QueueName::DEFAULT, 1)],
        limit: 1,
        lease: LEASE,
        worker: WORKER,
    };
    assert_eq!(fixture.store.reserve(&want).await.unwrap().len(), 1);
    assert_eq!(
        fixture.store.sweep().await.unwrap(),
        Swept::default(),
        "it is held"
    );
    fixture.advance(15);
    let swept = fixture.store.sweep().await.unwrap();
    assert_eq!(
        swept,
        Swept {
            given_back: 1,
            failed: 0
        }
    );
    assert_eq!(fixture.store.reserve(&want).await.unwrap()[0].attempt, 2);
}

pub(crate) async fn only_the_newest_attempts_are_kept(fixture: Fixture) {
    let id = fixture.push(&Task::new("a")).await.id();
    let rounds = ATTEMPTS_KEPT + 5;
    for _ in 0..rounds {
        fixture.advance(1);
        let job = fixture.reserve_one().await;
        fixture.settle(&job, Outcome::Release).await;
    }
    let attempts = fixture.queue.attempts(id).await.unwrap();
    assert_eq!(attempts.len(), usize::try_from(ATTEMPTS_KEPT).unwrap());
    let newest = attempts.last().unwrap().started_at;
    assert_eq!(
        newest.duration_since(crate::fixture::start()).as_secs(),
        i64::from(rounds)
    );
}
