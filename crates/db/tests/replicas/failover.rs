//! Another server becomes the primary, behind an address that moves there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use duly_db::status::{PrimaryState, ReplicaState};
use duly_db::{Db, Error};
use tokio::task::JoinSet;

use crate::fleet::{Fleet, OWNERS, PRIMARY, owner};
use crate::session::{Findings, Session, first_write, write_through};
use crate::way::Way;

/// No read takes longer, whatever happens meanwhile.
const LONGEST_READ: Duration = Duration::from_secs(2);

/// Sessions that read all the time.
struct Readers {
    sessions: JoinSet<Findings>,
    is_over: Arc<AtomicBool>,
}

impl Readers {
    fn start(fleet: &Fleet, db: &Db) -> Self {
        let longest = fleet.within(LONGEST_READ);
        let is_over = Arc::<AtomicBool>::default();
        let mut sessions = JoinSet::new();
        for number in [0, 1, 2, 3] {
            let (db, is_over) = (db.clone(), is_over.clone());
            sessions.spawn(async move {
                let mut session = Session::of(owner(number));
                while !is_over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    match session.read(&db).await {
                        Ok(_) | Err(Error::Unavailable(_)) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                    assert!(begun.elapsed() < longest, "{:?}", begun.elapsed());
                    tokio::task::yield_now().await;
                }
                session.findings
            });
        }
        Readers { sessions, is_over }
    }

    async fn end(mut self) -> Findings {
        self.is_over.store(true, Ordering::Relaxed);
        let mut all = Findings::default();
        while let Some(findings) = self.sessions.join_next().await {
            all.add(findings.unwrap());
        }
        all
    }
}

/// Writes directly on a server, past everything that would refuse it.
fn diverge(fleet: &Fleet, member: &str) {
    let schema = if fleet.is_postgres() { "" } else { "duly." };
    for table in [
        "notes SET number = number + 1000",
        "versions SET data = data + 1000",
    ] {
        fleet.sql(member, &format!("UPDATE {schema}{table}"));
    }
}

async fn refused(db: &Db) -> String {
    match Session::of(owner(9)).write(db).await {
        Err(Error::Unavailable(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

/// What a node is told that starts now.
async fn refused_at_start(fleet: &Fleet, primary: &str, replica: &str) {
    match Db::open(fleet.options(&fleet.url(primary), &[replica])).await {
        Err(Error::Misconfigured(reason)) => {
            assert!(reason.contains("was primary before"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promoted_replica_takes_over_and_the_former_primary_stays_out() {
    let Some(fleet) = Fleet::start().await else {
        return;
    };
    let url = fleet.url(PRIMARY);
    let way = Way::to(&url).await;
    let db = fleet.open_at(&way.url(&url), |_| {}).await;
    let mut session = Session::of(owner(0));
    session.read(&db).await.unwrap();
    fleet.hold("replica2").await;
    for number in 0..OWNERS {
        write_through(&fleet, &db, owner(number), &[]).await;
    }
    fleet
        .wait_for_version("replica1", owner(OWNERS - 1), 2)
        .await;

    let readers = Readers::start(&fleet, &db);
    fleet.operate("kill", PRIMARY);
    fleet.wait_for_primary(&db, PrimaryState::Down).await;
    fleet.operate("promote", "replica1");
    way.lead_to(&fleet.url("replica1"));
    first_write(&fleet, &db, &mut session).await;
    assert_eq!(session.read(&db).await.unwrap(), 3, "nothing was lost");
    assert_eq!(db.status().primary.state, PrimaryState::Up);

    // The former primary comes back and takes writes of its own.
    fleet.operate("resume", PRIMARY);
    diverge(&fleet, PRIMARY);
    way.lead_to(&url);
    way.cut();
    fleet.wait_for_primary(&db, PrimaryState::Refused).await;
    let reason = refused(&db).await;
    assert!(reason.contains("was primary before"), "{reason}");
    assert_eq!(session.read(&db).await.unwrap(), 3);
    refused_at_start(&fleet, PRIMARY, "replica1").await;

    way.lead_to(&fleet.url("replica1"));
    fleet.wait_for_primary(&db, PrimaryState::Up).await;
    first_write(&fleet, &db, &mut session).await;

    // The other replica follows the new primary, and gives the former one away as well.
    fleet.operate("rejoin", "replica2");
    fleet.wait_for(&db, "replica2", ReplicaState::Serving).await;
    write_through(&fleet, &db, owner(0), &["replica2"]).await;
    refused_at_start(&fleet, PRIMARY, "replica2").await;

    fleet.operate("rejoin", PRIMARY);
    way.lead_to(&url);
    way.cut();
    fleet.wait_for_primary(&db, PrimaryState::Refused).await;
    let reason = refused(&db).await;
    assert!(reason.contains("it is a replica"), "{reason}");
    write_to_leader(&fleet).await;
    session.read(&db).await.unwrap();
    readers.end().await.assert_clean();

    let readers = Readers::start(&fleet, &db);
    fleet.operate("kill", "replica1");
    fleet.operate("promote", PRIMARY);
    first_write(&fleet, &db, &mut session).await;
    session.read(&db).await.unwrap();
    session.findings.assert_clean();
    let all = readers.end().await;
    all.assert_clean();
    assert!(all.reads > 0);
}

/// A node writes to the server that takes changes, wherever the address of others leads.
async fn write_to_leader(fleet: &Fleet) {
    let db = Db::open(fleet.options(&fleet.url("replica1"), &[]))
        .await
        .unwrap();
    write_through(fleet, &db, owner(1), &[PRIMARY]).await;
    db.close().await;
}

/// A proxy that moves leaves connections where they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_a_former_primary_are_given_up() {
    let Some(fleet) = Fleet::start().await else {
        return;
    };
    let url = fleet.url(PRIMARY);
    let way = Way::to(&url).await;
    let db = fleet.open_at(&way.url(&url), |_| {}).await;
    let mut session = Session::of(owner(0));
    session.write(&db).await.unwrap();
    for replica in ["replica1", "replica2"] {
        fleet.wait_for_version(replica, owner(0), 2).await;
    }
    let mut open = db.begin();
    open.rows(crate::session::number_of(owner(1)))
        .await
        .unwrap();

    fleet.operate("freeze", PRIMARY);
    fleet.wait_for_primary(&db, PrimaryState::Down).await;
    fleet.operate("promote", "replica1");
    way.lead_to(&fleet.url("replica1"));
    first_write(&fleet, &db, &mut session).await;
    fleet.operate("thaw", PRIMARY);
    let late = open.commit().await;
    assert!(matches!(late, Err(Error::Unavailable(_))), "{late:?}");
    for _ in 0..50 {
        session.write(&db).await.unwrap();
        session.read(&db).await.unwrap();
    }
    session.findings.assert_clean();
    assert_eq!(
        fleet.version_at(PRIMARY, owner(0)),
        2,
        "nothing was written there"
    );
}
