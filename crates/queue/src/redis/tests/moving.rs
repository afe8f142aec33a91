//! From the database to Redis and back.

use std::time::Duration;

use super::house::{House, counts, failing, job, reserve, settle, unique};
use crate::store::{By, JobStore, NewJob, Operations, Outcome, State};
use crate::{Error, Priority, Pushed};

/// Jobs as they may be: ready, scheduled, tried before, failed, of an owner, unique.
async fn furnish(house: &House, store: &dyn JobStore) {
    for _ in 0..2 {
        house.push(store, job("task")).await;
    }
    let jobs = reserve(store, 2).await;
    settle(store, &jobs[0], failing()).await;
    let retry = Outcome::Retry {
        after: Duration::from_secs(100),
        error: "first".to_owned(),
    };
    settle(store, &jobs[1], retry).await;
    let owned = NewJob {
        lane: Some("ann".to_owned()),
        priority: Priority::High,
        ..job("task")
    };
    house.push(store, owned).await;
    house.push(store, unique("a")).await;
}

/// What is known of all jobs that wait or failed.
async fn known(operations: &dyn Operations) -> Vec<String> {
    let mut known = Vec::new();
    for state in [State::Ready, State::Scheduled, State::Failed] {
        let listing = crate::store::Listing {
            state,
            filter: &crate::store::Filter::default(),
            limit: 100,
            after: None,
        };
        for mut job in operations.list(&listing).await.unwrap() {
            let attempts = operations.attempts(job.id).await.unwrap();
            // Of the last attempt the list itself says something only where it was made.
            job.started_at = None;
            job.worker = None;
            known.push(format!("{job:?} {attempts:?}"));
        }
    }
    known
}

#[tokio::test]
async fn jobs_move_there_and_back_as_they_are() {
    let house = House::new().await;
    let (sql, redis) = (house.sql(), house.store());
    furnish(&house, &sql).await;
    let before = known(&sql).await;
    assert_eq!(before.len(), 4);
    assert_eq!(redis.move_in().await.unwrap(), 3);
    assert_eq!(known(&redis).await, before);
    assert_eq!(
        sql.counts()
            .await
            .unwrap()
            .values()
            .map(|it| it.ready)
            .sum::<u64>(),
        0
    );
    assert!(matches!(
        house.push(&redis, unique("a")).await,
        Pushed::Duplicate(_)
    ));
    assert_eq!(redis.move_out().await.unwrap(), 3);
    assert_eq!(known(&sql).await, before);
    assert_eq!(
        counts(&redis).await.ready,
        2,
        "those of the database are seen"
    );
    assert_eq!(house.server.say("HLEN {duly:queue:test}:jobs"), ":0");
    assert_eq!(redis.move_in().await.unwrap(), 3, "at once again");
    assert_eq!(known(&redis).await, before);
    let jobs = reserve(&redis, 10).await;
    assert_eq!(jobs.len(), 2);
    for job in &jobs {
        settle(&redis, job, Outcome::Done).await;
    }
    house.advance(100);
    let again = reserve(&redis, 10).await;
    assert_eq!(again[0].attempt, 2, "attempts go on counting");
    assert_eq!(again[0].held.fence.0, 2);
}

#[tokio::test]
async fn a_move_that_was_interrupted_is_begun_again() {
    let house = House::new().await;
    let (sql, redis) = (house.sql(), house.store());
    furnish(&house, &sql).await;
    let before = known(&sql).await;
    redis.move_to_outbox().await.unwrap();
    assert_eq!(redis.move_in().await.unwrap(), 0, "the rest is handed over");
    assert_eq!(known(&redis).await, before);
    let leaving = redis.read_leaving().await.unwrap();
    redis.keep_in_sql(&leaving).await.unwrap();
    assert_eq!(redis.move_out().await.unwrap(), 3);
    assert_eq!(known(&sql).await, before, "none is there twice");
}

#[tokio::test]
async fn nothing_moves_while_somebody_works() {
    let house = House::new().await;
    let (sql, redis) = (house.sql(), house.store());
    house.push(&sql, job("task")).await;
    house.push(&sql, job("task")).await;
    let held = reserve(&sql, 1).await;
    let refused = redis.move_in().await.unwrap_err();
    assert!(
        matches!(refused, Error::InUse { running: 1, .. }),
        "{refused}"
    );
    settle(&sql, &held[0], Outcome::Done).await;
    let worker = crate::store::WorkerRecord {
        id: crate::store::WorkerId(uuid::Uuid::from_u128(1)),
        host: String::new(),
        process: 1,
        version: String::new(),
        queues: Vec::new(),
        slots: 1,
        running: Vec::new(),
        memory: 0,
        started_at: super::house::start(),
        heard_at: super::house::start(),
    };
    sql.report(&worker).await.unwrap();
    let refused = redis.move_in().await.unwrap_err();
    assert!(
        matches!(refused, Error::InUse { workers: 1, .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("stop the workers"));
    house.advance(15);
    assert_eq!(redis.move_in().await.unwrap(), 1);
    reserve(&redis, 1).await;
    assert!(matches!(
        redis.move_out().await.unwrap_err(),
        Error::InUse { running: 1, .. }
    ));
    house.advance(15);
    assert_eq!(redis.move_out().await.unwrap(), 1, "its worker is dead");
    assert!(redis.cancel(By("ann"), &[]).await.unwrap().is_empty());
}
