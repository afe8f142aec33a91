//! A Cluster, where every step has to name its keys.

use std::time::Duration;

use duly_redis::testing::RedisCluster;

use super::house::{House, counts, failing, job, reserve, settle, totals, unique};
use crate::store::{
    By, Filter, JobStore, Listing, NewJob, Operations, Outcome, Retrying, Settled, State,
};
use crate::{Priority, Retried};

#[tokio::test]
async fn a_cluster_keeps_jobs_like_one_server() {
    let house = House::new().await;
    let cluster = RedisCluster::start();
    let store = house.store_at(&cluster.url());
    house.push_many(&store, 2).await;
    let owned = NewJob {
        lane: Some("ann".to_owned()),
        priority: Priority::Low,
        ..unique("a")
    };
    house.push(&store, owned.clone()).await;
    let again = NewJob {
        id: job("once").id,
        ..owned
    };
    assert!(matches!(
        house.push(&store, again).await,
        crate::Pushed::Duplicate(_)
    ));
    let later = NewJob {
        run_at: Some(super::house::start() + Duration::from_secs(60)),
        ..job("task")
    };
    house.push(&store, later).await;
    let jobs = reserve(&store, 10).await;
    assert_eq!(jobs.len(), 3);
    let held: Vec<_> = jobs.iter().map(|job| job.held).collect();
    assert!(
        store
            .renew(&held, super::house::LEASE)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(settle(&store, &jobs[0], Outcome::Done).await, Settled::Done);
    assert_eq!(settle(&store, &jobs[1], failing()).await, Settled::Failed);
    house.advance(60);
    store.sweep().await.unwrap();
    let seen = counts(&store).await;
    assert_eq!((seen.ready, seen.failed, seen.running), (2, 1, 0));
    let retried = store
        .retry(By("ann"), &[jobs[1].held.id], &Retrying::default())
        .await;
    assert_eq!(retried.unwrap(), [Retried::Queued]);
    let listing = Listing {
        state: State::Ready,
        filter: &Filter::default(),
        limit: 10,
        after: None,
    };
    let listed = store.list(&listing).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|job| job.id).collect();
    assert_eq!(store.cancel(By("ann"), &ids).await.unwrap().len(), 3);
    let totals = totals(&store).await;
    assert_eq!((totals.done, totals.cancelled, totals.expired), (1, 3, 1));
}
