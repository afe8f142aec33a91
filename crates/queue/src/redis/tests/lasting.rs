//! A Redis that is killed and comes back with what it has written down.

use std::time::Duration;

use super::house::{House, counts, job, reserve, settle};
use crate::store::{JobStore, NewJob, Outcome, Settled};

const KEPT: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

#[tokio::test]
async fn jobs_that_wait_and_run_are_there_after_a_restart() {
    let house = House::with(&KEPT).await;
    let store = house.store();
    house.push_many(&store, 3).await;
    let later = NewJob {
        run_at: Some(super::house::start() + Duration::from_secs(3600)),
        ..job("task")
    };
    house.push(&store, later).await;
    let jobs = reserve(&store, 1).await;
    house.server.kill();
    assert!(store.settle(&[]).await.unwrap().is_empty());
    let done = jobs[0].settled(Outcome::Done, Duration::ZERO);
    assert!(
        store.settle(&[done]).await.is_err(),
        "it is kept and sent again"
    );
    house.server.resume();
    let counted = counts(&store).await;
    assert_eq!((counted.ready, counted.running), (2, 1));
    assert_eq!(counted.scheduled, 1);
    assert_eq!(settle(&store, &jobs[0], Outcome::Done).await, Settled::Done);
    assert_eq!(reserve(&store, 10).await.len(), 2);
    house.advance(3600);
    // Those whose worker died meanwhile are back, too.
    assert_eq!(reserve(&store, 10).await.len(), 3);
}

#[tokio::test]
async fn a_redis_that_has_forgotten_everything_is_used_anew() {
    let house = House::new().await;
    let store = house.store();
    house.push_many(&store, 1).await;
    store.relay().await.unwrap();
    house.server.say("FLUSHALL");
    house.server.say("SCRIPT FLUSH");
    assert_eq!(reserve(&store, 10).await.len(), 0);
    house.push_many(&store, 2).await;
    let jobs = reserve(&store, 10).await;
    assert_eq!(jobs.len(), 2);
    for job in &jobs {
        assert_eq!(settle(&store, job, Outcome::Done).await, Settled::Done);
    }
    assert!(store.operations().oldest().await.unwrap().is_empty());
}
