use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use duly_db::testing::Cluster;
use duly_db::{Db, Engine, Error};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Executor as _};
use tokio::task::JoinSet;

use crate::way::Way;
use crate::{open, options, refusal, smoke};

const SESSION: &str = "pgbouncer-session";
const TRANSACTION: &str = "pgbouncer-transaction";

/// How often each set-up is tried: luck would run out.
const TRIES: usize = 10;

fn start(proxies: &[&str]) -> Option<Cluster> {
    let cluster = Cluster::start(Engine::Postgres, &["--without-replicas"])?;
    for proxy in proxies {
        let (_, mode) = proxy.split_once('-').unwrap();
        cluster.start_proxy("pgbouncer", &["--mode", mode]);
    }
    Some(cluster)
}

/// Starts a proxy again with other settings; PgBouncer goes by the last line about each.
fn configure(cluster: &Cluster, proxy: &str, settings: &str) {
    cluster.operate("kill", proxy);
    let file = cluster.folder().join(proxy).join("pgbouncer.ini");
    let mut text = std::fs::read_to_string(&file).unwrap();
    writeln!(text, "{settings}").unwrap();
    std::fs::write(&file, text).unwrap();
    cluster.operate("resume", proxy);
}

async fn plain(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    options.connect().await.unwrap()
}

/// Other clients of a pooler, each of which asks again and again and rests in between.
struct Load {
    clients: JoinSet<()>,
}

impl Load {
    async fn start(url: &str, clients: u64) -> Self {
        let asked = Arc::new(AtomicU64::new(0));
        let mut load = Load {
            clients: JoinSet::new(),
        };
        for client in 0..clients {
            let (asked, mut connection) = (asked.clone(), plain(url).await);
            load.clients.spawn(async move {
                for round in client.. {
                    let text = format!("SELECT pg_sleep(0.0003 * {})", round % 7);
                    connection.execute(sqlx::AssertSqlSafe(text)).await.unwrap();
                    asked.fetch_add(1, Ordering::Relaxed);
                    if round % 3 == 0 {
                        tokio::time::sleep(Duration::from_millis(round % 4)).await;
                    }
                }
            });
        }
        let begun = Instant::now();
        while asked.load(Ordering::Relaxed) < clients * 4 {
            assert!(begun.elapsed() < Duration::from_secs(20), "no load");
            tokio::task::yield_now().await;
        }
        load
    }
}

async fn assert_refused(url: &str, how: &str) {
    for _ in 0..TRIES {
        let reason = refusal(url).await;
        assert!(
            reason.contains("set pool_mode = session"),
            "{how}: {reason}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poolers_that_mix_up_connections_are_refused_at_the_start() {
    let Some(cluster) = start(&[TRANSACTION]) else {
        return;
    };
    let url = cluster.url(TRANSACTION);
    for settings in [
        "default_pool_size = 1",
        "default_pool_size = 4",
        "server_round_robin = 1",
        "pool_mode = statement",
    ] {
        configure(&cluster, TRANSACTION, settings);
        assert_refused(&url, settings).await;
        for clients in [1, 3, 12] {
            let load = Load::start(&url, clients).await;
            assert_refused(&url, &format!("{settings}, {clients} other clients")).await;
            drop(load);
        }
    }
    let tables = cluster.sql(
        "primary",
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
    );
    assert_eq!(tables, "0", "nothing was changed");
}

/// One PgBouncer uses one processor, so several of them may share an address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_such_poolers_behind_one_address_are_refused() {
    let Some(cluster) = start(&[SESSION, TRANSACTION]) else {
        return;
    };
    configure(&cluster, SESSION, "pool_mode = transaction");
    let url = cluster.url(TRANSACTION);
    let way = Way::to(&[cluster.url(SESSION), url.clone()]).await;
    assert_refused(&way.url(&url), "two poolers in turn").await;
}

/// A replica is asked for the same answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_behind_such_a_pooler_is_refused() {
    let Some(cluster) = start(&[TRANSACTION]) else {
        return;
    };
    let replicas = [cluster.url(TRANSACTION)];
    let opened = Db::open(options(&cluster.url("primary"), &replicas)).await;
    let Err(Error::Misconfigured(reason)) = opened else {
        panic!("{opened:?}");
    };
    assert!(reason.contains("set pool_mode = session"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_through_a_pooler_in_session_mode() {
    let Some(cluster) = start(&[SESSION]) else {
        return;
    };
    let url = cluster.url(SESSION);
    let load = Load::start(&url, 12).await;
    for _ in 0..TRIES {
        open(&url).await.unwrap().close().await;
    }
    let db = open(&url).await.unwrap();
    smoke::works(&db).await;
    db.close().await;
    drop(load);
    // No more connections than there have to be: four of the pool, one of the monitor.
    configure(&cluster, SESSION, "default_pool_size = 5");
    cluster.sql("primary", "DROP TABLE notes, versions, schema_migrations");
    let db = open(&url).await.unwrap();
    smoke::works(&db).await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_with_too_few_connections_is_named_as_such() {
    let Some(cluster) = start(&[SESSION]) else {
        return;
    };
    configure(&cluster, SESSION, "default_pool_size = 1");
    let opened = open(&cluster.url(SESSION)).await;
    let Err(Error::Unavailable(reason)) = opened else {
        panic!("{opened:?}");
    };
    assert!(reason.contains("default_pool_size"), "{reason}");
}
