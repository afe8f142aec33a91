//! From Redis into SQL, with whoever does it dying between two steps.

use super::house::{House, counts, failing, job, reserve, settle, totals};
use crate::store::{By, JobStore, Operations, Outcome};

/// One that is done, one that failed at its second attempt, one that was cancelled.
async fn something_happens(house: &House, store: &crate::redis::RedisStore) {
    house.push_many(store, 3).await;
    let jobs = reserve(store, 2).await;
    settle(store, &jobs[0], Outcome::Done).await;
    let retry = Outcome::Retry {
        after: std::time::Duration::ZERO,
        error: "first".to_owned(),
    };
    settle(store, &jobs[1], retry).await;
    let rest = reserve(store, 10).await;
    for job in rest {
        if job.attempt == 2 {
            settle(store, &job, failing()).await;
        } else {
            let ids = [job.held.id];
            store.cancel(By("ann"), &ids).await.unwrap();
        }
    }
}

/// Everything is recorded once.
async fn assert_recorded(store: &crate::redis::RedisStore) {
    let totals = totals(store).await;
    assert_eq!((totals.done, totals.failed), (1, 1));
    assert_eq!((totals.retried, totals.cancelled), (1, 1));
    assert_eq!(counts(store).await.failed, 1);
    let actions = store.actions(10, None).await.unwrap();
    assert_eq!(actions.len(), 1);
    assert_eq!(actions[0].by, "ann");
    let measured = store.measures(60, super::house::start()).await.unwrap();
    assert_eq!(measured[0].run.number(), 3);
}

#[tokio::test]
async fn whoever_dies_before_the_commit_has_recorded_nothing() {
    let house = House::new().await;
    let (first, second) = (house.store(), house.store());
    something_happens(&house, &first).await;
    assert!(!first.read_stream().await.unwrap().is_empty());
    drop(first);
    assert_recorded(&second).await;
}

#[tokio::test]
async fn whoever_dies_after_the_commit_has_recorded_it_once() {
    let house = House::new().await;
    let (first, second) = (house.store(), house.store());
    something_happens(&house, &first).await;
    let happened = first.read_stream().await.unwrap();
    first.record(&happened).await.unwrap();
    assert_ne!(house.server.say("XLEN {duly:queue:test}:ended"), ":0");
    assert_recorded(&second).await;
    assert_eq!(house.server.say("XLEN {duly:queue:test}:ended"), ":0");
    // Whoever only seemed to be dead goes on.
    first.record(&happened).await.unwrap();
    first.cut_off(&happened).await.unwrap();
    assert_recorded(&second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_record_everything_once() {
    let house = House::new().await;
    let stores: Vec<_> = (0..4).map(|_| house.store()).collect();
    house.push_many(&stores[0], 150).await;
    for job in reserve(&stores[0], 100).await {
        settle(&stores[0], &job, Outcome::Done).await;
    }
    for job in reserve(&stores[0], 100).await {
        settle(&stores[0], &job, failing()).await;
    }
    let drains = stores.iter().map(crate::redis::RedisStore::drain);
    futures_util::future::try_join_all(drains).await.unwrap();
    let totals = totals(&stores[0]).await;
    assert_eq!((totals.done, totals.failed), (100, 50));
    assert_eq!(counts(&stores[0]).await.failed, 50);
}

#[tokio::test]
async fn what_cannot_be_recorded_stays() {
    let house = House::new().await;
    let store = house.store();
    house.push_many(&store, 1).await;
    let jobs = reserve(&store, 1).await;
    let mut tx = house.db.begin();
    tx.execute(duly_db::query("DROP TABLE job_drained"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    settle(&store, &jobs[0], failing()).await;
    assert!(store.drain().await.is_err());
    let mut tx = house.db.begin();
    let create =
        "CREATE TABLE job_drained (name VARCHAR(64) PRIMARY KEY, last_id VARCHAR(64) NOT NULL)";
    tx.execute(duly_db::query(create)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(counts(&store).await.failed, 1);
}

#[tokio::test]
async fn nothing_is_left_in_redis_of_a_job_that_has_ended() {
    let house = House::new().await;
    let store = house.store();
    let owned = crate::store::NewJob {
        lane: Some("ann".to_owned()),
        unique: Some("a".to_owned()),
        ..job("once")
    };
    house.push(&store, owned).await;
    something_happens(&house, &store).await;
    for job in reserve(&store, 10).await {
        settle(&store, &job, failing()).await;
    }
    store.sweep().await.unwrap();
    for key in ["data", "jobs", "unique", "attempts", "lanes"] {
        let left = house.server.say(&format!("HLEN {{duly:queue:test}}:{key}"));
        assert_eq!(left, ":0", "{key}");
    }
    assert_eq!(house.server.say("ZCARD {duly:queue:test}:leases"), ":0");
    let waiting = "ZCARD {duly:queue:test}:waiting:default";
    assert_eq!(house.server.say(waiting), ":0");
}
