use std::time::{Duration, Instant};

use duly_db::testing::Cluster;
use duly_db::{Db, Engine, Error, query};

use crate::{login, options};

/// The recipe looks every half second. This leaves room for a busy machine.
const NOTICED: Duration = Duration::from_secs(2);

async fn write(db: &Db, id: i64) -> Result<(), Error> {
    let mut tx = db.begin();
    tx.execute(query("INSERT INTO notes (id) VALUES (?1)").bind(id))
        .await?;
    tx.commit().await
}

/// Waits until the condition holds.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_follow_the_primary_through_haproxy() {
    let Some(cluster) = Cluster::start(Engine::MariaDb, &[]) else {
        return;
    };
    cluster.start_proxy("haproxy", &[]);
    cluster.sql(
        "primary",
        "CREATE DATABASE duly CHARACTER SET utf8mb4; \
         CREATE TABLE duly.notes (id BIGINT PRIMARY KEY)",
    );
    let count = |member: &str| cluster.sql(member, "SELECT COUNT(*) FROM duly.notes");
    let login = login(&cluster.url("primary"));
    let through = |member: &str| cluster.url_of(member, &login, "duly");
    let replicas = [through("replica1"), through("replica2")];
    until("they follow", || {
        ["replica1", "replica2"].iter().all(|member| {
            let asked = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'notes'";
            cluster.sql(member, asked) == "1"
        })
    })
    .await;
    let db = Db::open(options(&through("haproxy"), &replicas))
        .await
        .unwrap();
    for id in 0..50 {
        write(&db, id).await.unwrap();
    }
    until("nothing is missing", || count("replica1") == "50").await;

    cluster.operate("kill", "primary");
    let begun = Instant::now();
    let refused = write(&db, 50).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert!(begun.elapsed() < NOTICED, "it is said soon");
    cluster.operate("promote", "replica1");
    let begun = Instant::now();
    let mut next = 51;
    while let Err(error) = write(&db, next).await {
        assert!(error.is_transient(), "{error:?}");
        assert!(begun.elapsed() < NOTICED, "{error:?}");
        next += 1;
    }
    let first = next;
    for id in first + 1..first + 50 {
        write(&db, id).await.unwrap();
    }
    assert_eq!(count("replica1"), "100", "what was refused is not there");

    // The former primary comes back and says that it takes changes. Nobody is led there.
    cluster.operate("resume", "primary");
    let back = Instant::now();
    let mut written = 100;
    while back.elapsed() < NOTICED {
        write(&db, first + written).await.unwrap();
        written += 1;
    }
    assert_eq!(count("replica1"), written.to_string());
    assert_eq!(count("primary"), "50");
    db.close().await;
}
