use std::time::{Duration, Instant};

use duly_db::Engine;
use duly_db::testing::Cluster;

use super::{FAILED, WRONG, assert_refused, duly};

/// The user and the password of the URLs made here.
const LOGIN: &str = "duly_app:secret";

fn start(options: &[&str]) -> Option<Cluster> {
    let cluster = Cluster::start(Engine::Postgres, options)?;
    for statement in [
        "CREATE ROLE duly_app LOGIN PASSWORD 'secret'",
        "CREATE DATABASE tasks OWNER duly_app ENCODING 'UTF8' TEMPLATE template0",
    ] {
        cluster.sql("primary", statement);
    }
    Some(cluster)
}

/// Changes a setting of the whole server.
fn set(cluster: &Cluster, setting: &str, value: &str) {
    cluster.sql("primary", &format!("ALTER SYSTEM SET {setting} = {value}"));
    cluster.sql("primary", "SELECT pg_reload_conf()");
    let begun = Instant::now();
    while cluster.sql("primary", &format!("SHOW {setting}")) != value {
        assert!(begun.elapsed() < Duration::from_secs(20), "{setting}");
    }
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one server, one case after the other"
)]
fn a_postgresql_that_cannot_be_used_is_refused_with_what_to_do() {
    let Some(cluster) = start(&["--durable"]) else {
        return;
    };
    for (name, encoding) in [("latin", "LATIN1"), ("unknown", "SQL_ASCII")] {
        cluster.sql("primary", &format!(
            "CREATE DATABASE {name} OWNER duly_app ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
        ));
    }
    cluster.sql("primary", "CREATE DATABASE hasty OWNER duly_app");
    cluster.sql(
        "primary",
        "ALTER DATABASE hasty SET synchronous_commit = off",
    );
    cluster.sql("primary", "CREATE ROLE reader LOGIN PASSWORD 'secret'");
    let place = |login, database| cluster.url_of("primary", login, database);
    let usual = place(LOGIN, "tasks");
    let replica = cluster.url_of("replica1", LOGIN, "tasks");
    for (url, replicas, code, said) in [
        (
            place("duly_app:wrong", "tasks"),
            "",
            WRONG,
            [
                "password authentication failed",
                "the password in the address right",
            ],
        ),
        (
            place(LOGIN, "nowhere"),
            "",
            WRONG,
            ["\"nowhere\" does not exist", "CREATE DATABASE"],
        ),
        (
            format!("postgres://{LOGIN}@127.0.0.1:1/tasks"),
            "",
            FAILED,
            [
                "127.0.0.1:1/tasks: Connection refused",
                "look whether the server runs",
            ],
        ),
        (
            place(LOGIN, "latin"),
            "",
            WRONG,
            ["encoded in LATIN1", "ENCODING 'UTF8'"],
        ),
        (
            place(LOGIN, "unknown"),
            "",
            WRONG,
            ["encoded in SQL_ASCII", "ENCODING 'UTF8'"],
        ),
        (
            place(LOGIN, "hasty"),
            "",
            WRONG,
            ["synchronous_commit is off", "set it to on"],
        ),
        (
            place("reader:secret", "tasks"),
            "",
            WRONG,
            [
                "reader may not create tables",
                "GRANT ALL ON SCHEMA public TO reader",
            ],
        ),
        (
            replica.clone(),
            "",
            WRONG,
            ["this server is a replica", "name the primary"],
        ),
        (
            usual.clone(),
            usual.as_str(),
            WRONG,
            ["this server is no replica", "database.replicas"],
        ),
    ] {
        assert_refused(&duly(&url, replicas), code, &said);
    }
    for (setting, said) in [
        ("fsync", "fsync is off"),
        ("full_page_writes", "full_page_writes is off"),
    ] {
        set(&cluster, setting, "off");
        assert_refused(&duly(&usual, ""), WRONG, &[said, "set it to on"]);
        set(&cluster, setting, "on");
    }
    let tables = "SELECT count(*) FROM pg_stat_all_tables WHERE schemaname = 'public'";
    assert_eq!(cluster.sql("primary", tables), "0", "nothing was changed");
    let migrated = duly(&usual, &replica).say(&["migrate"]);
    assert!(migrated.contains("applied"), "{migrated}");
}

#[test]
fn a_pooler_that_mixes_up_connections_is_refused_with_the_remedy() {
    let Some(cluster) = start(&["--durable", "--without-replicas"]) else {
        return;
    };
    cluster.start_proxy("pgbouncer", &["--mode", "transaction"]);
    let url = cluster.url("pgbouncer-transaction");
    assert_refused(
        &duly(&url, ""),
        WRONG,
        &["pool_mode = transaction", "set pool_mode = session"],
    );
    cluster.start_proxy("pgbouncer", &["--mode", "session"]);
    let mut process = duly(&cluster.url("pgbouncer-session"), "");
    process.serve(&[]);
    assert!(process.stop());
}
