use duly_db::Engine;
use duly_db::testing::Cluster;

use crate::way::Way;
use crate::{login, refusal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_does_not_become_utc_is_refused_by_postgresql() {
    let Some(cluster) = Cluster::start(Engine::Postgres, &["--without-replicas"]) else {
        return;
    };
    let url = cluster.url("primary");
    let way = Way::rewriting(std::slice::from_ref(&url), "TimeZone\0UTC", "TimeZone\0PRC").await;
    let reason = refusal(&way.url(&url)).await;
    assert!(reason.contains("time zone PRC"), "{reason}");
    assert!(reason.contains("pass on TimeZone"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_does_not_become_utc_is_refused_by_mariadb() {
    let Some(cluster) = Cluster::start(Engine::MariaDb, &["--without-replicas"]) else {
        return;
    };
    let url = cluster.url("primary");
    let database = cluster.url_of("primary", &login(&url), "duly");
    cluster.sql("primary", "CREATE DATABASE duly CHARACTER SET utf8mb4");
    let way = Way::rewriting(&[url], "time_zone='+00:00'", "time_zone='+01:00'").await;
    let reason = refusal(&way.url(&database)).await;
    assert!(reason.contains("time zone +01:00"), "{reason}");
    assert!(reason.contains("pass on SET time_zone"), "{reason}");
}
