//! Storing jobs.

use std::time::Duration;

use duly_db::random::SystemRandom;
use duly_db::retry;
use duly_queue::store::{Outcome, Reserved};
use duly_queue::{Attempt, Error, Job, JobError, NewJobs, PAYLOAD_LIMIT, Pushed, UNIQUE_KEY_LIMIT};
use serde::{Deserialize, Serialize};

use crate::fixture::{Fixture, Plan, World, start};
use crate::kinds::{Once, Task};

pub(crate) async fn a_job_exists_when_its_transaction_commits_and_only_then(fixture: Fixture) {
    let mut tx = fixture.db.begin();
    fixture
        .queue
        .push(&mut tx, &Task::new("rolled back"))
        .await
        .unwrap();
    drop(tx);
    let mut tx = fixture.db.begin();
    fixture
        .queue
        .push(&mut tx, &Task::new("committed"))
        .await
        .unwrap();
    assert_eq!(
        fixture.counts().await.ready,
        0,
        "nothing is there before the commit"
    );
    tx.commit().await.unwrap();
    assert_eq!(fixture.run_due().await.done, 1);
    assert_eq!(fixture.world.started(), ["committed"]);
}

pub(crate) async fn a_job_that_is_too_large_is_refused(fixture: Fixture) {
    let mut tx = fixture.db.begin();
    // The quotes around the text, and the tags, count too.
    let tags = "test".len();
    let fits = "x".repeat((PAYLOAD_LIMIT - 2 - tags) / 2);
    fixture
        .queue
        .push(&mut tx, &Task(fits.clone()))
        .await
        .unwrap();
    let refused = fixture
        .queue
        .push(&mut tx, &Task(fits + "x"))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, Error::TooLarge { name: "task", .. }),
        "{refused}"
    );
    assert_eq!(
        refused.to_string(),
        "a task job of 262146 bytes is larger than the 262144 allowed"
    );
}

pub(crate) async fn a_unique_key_that_is_too_long_is_refused(fixture: Fixture) {
    let mut tx = fixture.db.begin();
    let longest = "k".repeat(UNIQUE_KEY_LIMIT);
    fixture
        .queue
        .push(&mut tx, &Once(longest.clone()))
        .await
        .unwrap();
    let refused = fixture
        .queue
        .push(&mut tx, &Once(longest + "k"))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, Error::KeyTooLong { bytes: 256, .. }),
        "{refused}"
    );
}

pub(crate) async fn a_unique_job_is_a_duplicate_while_one_waits_or_runs(fixture: Fixture) {
    let Pushed::New(first) = fixture.push(&Once::new("a")).await else {
        panic!("the first is new");
    };
    assert_eq!(
        fixture.push(&Once::new("a")).await,
        Pushed::Duplicate(first),
        "while it waits"
    );
    assert!(
        matches!(fixture.push(&Once::new("b")).await, Pushed::New(_)),
        "another key"
    );
    let jobs = fixture.reserve(2).await;
    assert_eq!(
        fixture.push(&Once::new("a")).await,
        Pushed::Duplicate(first),
        "while it runs"
    );
    for job in &jobs {
        fixture.settle(job, Outcome::Done).await;
    }
    assert!(
        matches!(fixture.push(&Once::new("a")).await, Pushed::New(_)),
        "when it is done"
    );
    assert_eq!(fixture.counts().await.ready, 1);
}

/// Has the same key as every [`Once`] of its label.
#[derive(Serialize, Deserialize)]
struct OtherOnce(String);

impl Job for OtherOnce {
    const NAME: &'static str = "other_once";
    type Context = World;
    fn unique(&self) -> Option<String> {
        Some(self.0.clone())
    }
    async fn run(&self, _: &World, _: Attempt) -> Result<(), JobError> {
        Ok(())
    }
}

pub(crate) async fn a_unique_key_belongs_to_its_kind(fixture: Fixture) {
    fixture.push(&Once::new("a")).await;
    assert!(matches!(
        fixture.push(&OtherOnce("a".to_owned())).await,
        Pushed::New(_)
    ));
}

pub(crate) async fn a_unique_key_is_free_again_after_a_failure(fixture: Fixture) {
    fixture.push(&Once::new("a")).await;
    fixture.world.plan("a", Plan::Fail("broken"));
    assert_eq!(fixture.run_due().await.failed, 1);
    assert!(matches!(
        fixture.push(&Once::new("a")).await,
        Pushed::New(_)
    ));
}

pub(crate) async fn a_unique_key_is_free_when_its_push_is_rolled_back(fixture: Fixture) {
    let mut tx = fixture.db.begin();
    let lost = fixture.queue.push(&mut tx, &Once::new("a")).await.unwrap();
    assert!(matches!(lost, Pushed::New(_)));
    drop(tx);
    let Pushed::New(kept) = fixture.push(&Once::new("a")).await else {
        panic!("nobody holds the key of a push that never was");
    };
    assert_eq!(
        fixture.push(&Once::new("a")).await,
        Pushed::Duplicate(kept),
        "but the one that is there does"
    );
    assert_eq!(fixture.counts().await.ready, 1);
}

pub(crate) async fn many_jobs_are_stored_as_each_alone_would_be(fixture: Fixture) {
    let queue = &fixture.queue;
    let Pushed::New(held) = fixture.push(&Once::new("held")).await else {
        panic!("the first is new");
    };
    let mut jobs = NewJobs::default();
    let later = start() + Duration::from_secs(60);
    queue.add(&mut jobs, &Once::new("held"), None).unwrap();
    queue.add(&mut jobs, &Once::new("twice"), None).unwrap();
    queue.add(&mut jobs, &Once::new("twice"), None).unwrap();
    queue
        .add(&mut jobs, &Task::new("later"), Some(later))
        .unwrap();
    for number in 0..200 {
        let job = Task::new(&number.to_string());
        queue.add(&mut jobs, &job, None).unwrap();
    }
    let mut tx = fixture.db.begin();
    let pushed = queue.push_all(&mut tx, jobs).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(pushed.len(), 204, "an answer for each");
    assert_eq!(pushed[0], Pushed::Duplicate(held));
    let Pushed::New(first) = pushed[1] else {
        panic!("the first of two is new");
    };
    assert_eq!(pushed[2], Pushed::Duplicate(first));
    let is_new = |pushed: &Pushed| matches!(pushed, Pushed::New(_));
    assert!(pushed[3..].iter().all(is_new));
    let counts = fixture.counts().await;
    assert_eq!((counts.ready, counts.scheduled), (202, 1));
    assert_eq!(fixture.run_due().await.done, 202);
}

pub(crate) async fn pushing_the_same_unique_job_at_once_stores_one(fixture: Fixture) {
    let pushes = (0..20).map(|_| {
        let (db, queue) = ((*fixture.db).clone(), fixture.queue.clone());
        tokio::spawn(async move {
            let push = || async {
                let mut tx = db.begin();
                let pushed = queue.push(&mut tx, &Once::new("a")).await?;
                tx.commit().await?;
                Ok::<_, Error>(pushed)
            };
            retry::on_conflict(&SystemRandom, push).await.unwrap()
        })
    });
    let pushes: Vec<_> = pushes.collect();
    let (mut new, mut ids) = (0, Vec::new());
    for push in pushes {
        let pushed = push.await.unwrap();
        new += usize::from(matches!(pushed, Pushed::New(_)));
        ids.push(pushed.id());
    }
    ids.dedup();
    assert_eq!((new, ids.len()), (1, 1));
    assert_eq!(fixture.counts().await.ready, 1);
}

pub(crate) async fn a_job_carries_the_span_that_pushed_it(fixture: Fixture) {
    const SPAN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let traced = fixture.queue.clone().carrying(|| Some(SPAN.to_owned()));
    let mut jobs = NewJobs::default();
    for label in ["b", "c"] {
        traced.add(&mut jobs, &Task::new(label), None).unwrap();
    }
    let mut tx = fixture.db.begin();
    traced.push(&mut tx, &Task::new("a")).await.unwrap();
    traced.push_all(&mut tx, jobs).await.unwrap();
    tx.commit().await.unwrap();
    let spans = |jobs: &[Reserved]| -> Vec<_> {
        let spans = jobs.iter().map(|job| job.trace_parent.clone());
        spans.map(Option::unwrap_or_default).collect()
    };
    let first = fixture.reserve(10).await;
    assert_eq!(spans(&first), [SPAN; 3]);
    for job in &first {
        let (after, error) = (Duration::ZERO, "no luck".to_owned());
        fixture.settle(job, Outcome::Retry { after, error }).await;
    }
    assert_eq!(
        spans(&fixture.reserve(10).await),
        [SPAN; 3],
        "the next attempt too"
    );
    fixture.push(&Task::new("d")).await;
    assert_eq!(fixture.reserve_one().await.trace_parent, None);
}
