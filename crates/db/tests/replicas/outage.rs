//! The primary is away: reads go on, and nothing hangs.

use std::time::{Duration, Instant};

use duly_db::status::{PrimaryState, ReplicaState};
use duly_db::{Db, Error, versions};
use tokio::task::JoinSet;

use crate::fleet::{Fleet, OWNERS, PRIMARY, REPLICAS, owner};
use crate::session::{Session, first_write, write_through};
use crate::way::Way;

const SECOND: Duration = Duration::from_secs(1);

/// Writes that are all refused within two seconds.
async fn refused_writes(fleet: &Fleet, db: &Db, count: u128) {
    let mut writers = JoinSet::new();
    for number in 0..count {
        let db = db.clone();
        writers.spawn(async move {
            let begun = Instant::now();
            let answer = Session::of(owner(number % OWNERS)).write(&db).await;
            (answer, begun.elapsed())
        });
    }
    while let Some(ended) = writers.join_next().await {
        let (answer, took) = ended.unwrap();
        assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
        assert!(
            took < fleet.within(2 * SECOND),
            "it was said after {took:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_on_when_the_primary_is_killed() {
    let Some(fleet) = Fleet::start().await else {
        return;
    };
    let url = fleet.url(PRIMARY);
    let way = Way::to(&url).await;
    let db = fleet.open_at(&way.url(&url), |_| {}).await;
    let mut session = Session::of(owner(0));
    session.read(&db).await.unwrap();
    fleet.hold("replica2").await;
    session.write(&db).await.unwrap();
    fleet.wait_for_version("replica1", owner(0), 2).await;

    fleet.operate("kill", PRIMARY);
    // At once, while it is not yet known to be gone.
    for _ in 0..20 {
        assert_eq!(session.read(&db).await.unwrap(), 2);
    }
    refused_writes(&fleet, &db, 20).await;
    let noticed = fleet.wait_for_primary(&db, PrimaryState::Down).await;
    assert!(noticed < fleet.within(SECOND), "{noticed:?}");
    assert_ne!(db.status().primary.last_error, None);

    // Without a primary both are asked, however far behind.
    for replica in REPLICAS {
        fleet.wait_for(&db, replica, ReplicaState::Serving).await;
    }
    for _ in 0..200 {
        assert_eq!(session.read(&db).await.unwrap(), 2);
    }
    let connections = way.made();
    refused_writes(&fleet, &db, 200).await;
    let made = way.made() - connections;
    assert!(
        made < 20,
        "each caller asks the dead one: {made} connections"
    );

    // Only the one is left that lacks what the session has seen.
    fleet.operate("kill", "replica1");
    fleet.wait_for(&db, "replica1", ReplicaState::Evicted).await;
    let version = session.gate(&db).await.unwrap();
    assert_eq!(version.number(), 1, "nobody knows better");
    let mut conn = db.read_fresh();
    versions::current(&mut conn, owner(0)).await.unwrap();
    assert!(!conn.is_newest(), "whoever keeps it has to know");
    let refused = session.read_at(&db, version).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    Session::of(owner(1)).read(&db).await.unwrap();

    fleet.operate("resume", PRIMARY);
    first_write(&fleet, &db, &mut session).await;
    assert_eq!(session.read(&db).await.unwrap(), 3);
    let mut conn = db.read_fresh();
    versions::current(&mut conn, owner(0)).await.unwrap();
    assert!(conn.is_newest());
    session.findings.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_on_when_the_primary_is_frozen() {
    let Some(fleet) = Fleet::start().await else {
        return;
    };
    let db = fleet.open().await;
    let mut session = Session::of(owner(0));
    session.write(&db).await.unwrap();
    for replica in REPLICAS {
        fleet.wait_for_version(replica, owner(0), 2).await;
    }

    fleet.operate("freeze", PRIMARY);
    // More than there are connections, and all of them wait for an answer.
    let writers = refused_writes(&fleet, &db, 60);
    let readers = async {
        for _ in 0..20 {
            let begun = Instant::now();
            assert_eq!(session.read(&db).await.unwrap(), 2);
            assert!(
                begun.elapsed() < fleet.within(2 * SECOND),
                "{:?}",
                begun.elapsed()
            );
        }
    };
    tokio::join!(writers, readers);
    assert_eq!(db.status().primary.state, PrimaryState::Down);
    let begun = Instant::now();
    for _ in 0..20 {
        session.read(&db).await.unwrap();
    }
    refused_writes(&fleet, &db, 20).await;
    assert!(
        begun.elapsed() < fleet.within(SECOND),
        "it is known now: {:?}",
        begun.elapsed()
    );

    fleet.operate("thaw", PRIMARY);
    first_write(&fleet, &db, &mut session).await;
    session.read(&db).await.unwrap();
    session.findings.assert_clean();
    // A commit that nobody waited for may have happened, but never by half.
    for number in 0..OWNERS {
        let mut session = Session::of(owner(number));
        let version = session.gate(&db).await.unwrap().number();
        assert_eq!(session.read(&db).await.unwrap(), version);
    }
}

/// What was seen or written on a primary that has died since is not unseen when the replicas lack
/// it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_primary_had_is_not_forgotten() {
    let Some(fleet) = Fleet::start().await else {
        return;
    };
    let db = fleet
        .open_with(|options| options.replica_lag = 3600 * SECOND)
        .await;
    let elsewhere = fleet.open().await;
    for replica in REPLICAS {
        fleet.hold(replica).await;
        fleet.operate("freeze", replica);
        fleet.wait_for(&db, replica, ReplicaState::Evicted).await;
    }
    let (mut reader, mut writer) = (Session::of(owner(0)), Session::of(owner(1)));
    let before = reader.gate(&db).await.unwrap();
    write_through(&fleet, &elsewhere, owner(0), &[]).await;
    let shown = reader.read_at(&db, before).await.unwrap();
    assert_eq!(shown, 2, "the primary answers with what is newest");
    writer.write(&db).await.unwrap();

    for replica in REPLICAS {
        fleet.operate("thaw", replica);
        fleet.wait_for(&db, replica, ReplicaState::Serving).await;
    }
    fleet.operate("kill", PRIMARY);
    fleet.wait_for_primary(&db, PrimaryState::Down).await;
    for session in [&mut reader, &mut writer] {
        assert_eq!(session.gate(&db).await.unwrap(), before);
        let refused = session.read_at(&db, before).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    }
    Session::of(owner(2)).read(&db).await.unwrap();
}
