//! Which replicas are asked, and why not.

use std::time::{Duration, Instant};

use duly_db::status::{PrimaryState, ReplicaState};
use duly_db::{Db, Error, query};
use tokio::task::JoinSet;

use crate::fleet::{Fleet, PRIMARY, REPLICAS, owner, until};
use crate::session::{Session, number_of, write_through};
use crate::way::Way;

const SECOND: Duration = Duration::from_secs(1);

fn reason(fleet: &Fleet, db: &Db, replica: &str) -> String {
    let eviction = fleet.replica(db, replica).last_eviction;
    eviction.map(|one| one.reason).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_no_use_is_not_asked_until_it_is() {
    let Some(fleet) = Fleet::start().await else {
        return;
    };
    let db = fleet.open().await;
    let mut session = Session::of(owner(0));

    fleet.hold("replica2").await;
    write_through(&fleet, &db, owner(0), &["replica1"]).await;
    fleet.wait_for(&db, "replica2", ReplicaState::Evicted).await;
    let said = reason(&fleet, &db, "replica2");
    assert!(said.ends_with("ms behind, 2000 are allowed"), "{said}");
    assert!(fleet.replica(&db, "replica2").lag_ms.unwrap() > 2000);
    fleet.release("replica2");
    fleet.wait_for(&db, "replica2", ReplicaState::Serving).await;

    fleet.operate("kill", "replica1");
    let noticed = fleet.wait_for(&db, "replica1", ReplicaState::Evicted).await;
    assert!(noticed < fleet.within(SECOND), "{noticed:?}");
    assert_ne!(reason(&fleet, &db, "replica1"), "");
    session.read(&db).await.unwrap();
    fleet.operate("resume", "replica1");
    fleet.wait_for(&db, "replica1", ReplicaState::Serving).await;

    fleet.operate("freeze", "replica2");
    let mut readers = JoinSet::new();
    for _ in 0..40 {
        let (db, mut session) = (db.clone(), session.clone());
        readers.spawn(async move {
            let begun = Instant::now();
            session.read(&db).await.unwrap();
            begun.elapsed()
        });
    }
    while let Some(took) = readers.join_next().await {
        let took = took.unwrap();
        assert!(took < fleet.within(SECOND), "a read hung for {took:?}");
    }
    fleet.wait_for(&db, "replica2", ReplicaState::Evicted).await;
    let said = reason(&fleet, &db, "replica2");
    assert!(said.contains("has not answered"), "{said}");
    fleet.operate("thaw", "replica2");
    fleet.wait_for(&db, "replica2", ReplicaState::Serving).await;

    fleet.operate("promote", "replica1");
    fleet.wait_for(&db, "replica1", ReplicaState::Evicted).await;
    let said = reason(&fleet, &db, "replica1");
    assert!(said.contains("it takes changes itself"), "{said}");
    session.write(&db).await.unwrap();
    session.read(&db).await.unwrap();
    assert_eq!(db.status().primary.state, PrimaryState::Up);
    assert_eq!(fleet.replica(&db, "replica1").evictions, 2);
    session.findings.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_primary_is_not_flooded_when_the_replicas_are_gone() {
    let Some(fleet) = Fleet::start().await else {
        return;
    };
    let db = fleet
        .open_with(|options| {
            options.primary_reads = 1;
            options.wait_timeout = SECOND;
        })
        .await;
    let version = Session::of(owner(0)).gate(&db).await.unwrap();
    for _ in 0..200 {
        db.read(owner(0), version)
            .rows(number_of(owner(0)))
            .await
            .unwrap();
    }
    for replica in REPLICAS {
        fleet.operate("kill", replica);
        fleet.wait_for(&db, replica, ReplicaState::Evicted).await;
    }
    for _ in 0..100 {
        db.read(owner(0), version)
            .rows(number_of(owner(0)))
            .await
            .unwrap();
    }
    let status = db.status();
    assert_eq!((status.reads.replica, status.reads.primary), (200, 100));
    let shares: f64 = status.replicas.iter().map(|one| one.share).sum();
    assert!((shares - 2.0 / 3.0).abs() < 0.01, "{shares}");
    let served: u64 = status.replicas.iter().map(|one| one.served).sum();
    assert_eq!(served, 200);

    let slow = match fleet.is_postgres() {
        true => "SELECT COUNT(pg_sleep(3)) AS number",
        false => "SELECT SLEEP(3) AS number",
    };
    let reader = db.clone();
    let slow = tokio::spawn(async move { reader.read(owner(0), version).rows(query(slow)).await });
    until("the slow read is on its way", || {
        db.status().pool.in_use > 0
    })
    .await;
    let refused = db.read(owner(0), version).rows(number_of(owner(0))).await;
    assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    assert_eq!(db.status().reads.primary_capped, 1);
    // The gate, which has no other place to go, is not held up by it.
    Session::of(owner(0)).gate(&db).await.unwrap();
    slow.await.unwrap().unwrap();
    db.read(owner(0), version)
        .rows(number_of(owner(0)))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_looked_at_once_the_database_is_closed() {
    let Some(fleet) = Fleet::start().await else {
        return;
    };
    let url = fleet.url(PRIMARY);
    let way = Way::to(&url).await;

    let db = fleet.open_at(&way.url(&url), |_| {}).await;
    let reader = db.read_fresh();
    Session::of(owner(0)).write(&db).await.unwrap();
    assert!(way.connections() > 0);
    drop((db, reader));
    until("all connections are closed", || way.connections() == 0).await;

    let db = fleet.open_at(&way.url(&url), |_| {}).await;
    let other = db.clone();
    db.close().await;
    until("all connections are closed", || way.connections() == 0).await;
    let refused = Session::of(owner(0)).gate(&other).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert_eq!(way.connections(), 0, "nor is it opened again");
}
