use duly_db::Engine;
use duly_db::testing::Cluster;

use super::{FAILED, WRONG, assert_ended, assert_refused, duly};

/// The user and the password of the URLs made here.
const LOGIN: &str = "app:secret";

fn set(cluster: &Cluster, setting: &str, value: &str) {
    cluster.sql("primary", &format!("SET GLOBAL {setting} = {value}"));
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one server, one case after the other"
)]
fn a_mariadb_that_cannot_be_used_is_refused_with_what_to_do() {
    let Some(cluster) = Cluster::start(Engine::MariaDb, &["--durable"]) else {
        return;
    };
    for statement in [
        "CREATE DATABASE tasks CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE DATABASE latin CHARACTER SET latin1",
        "CREATE USER app@'127.0.0.1' IDENTIFIED BY 'secret'",
        "GRANT ALL ON tasks.* TO app@'127.0.0.1'",
        "GRANT ALL ON latin.* TO app@'127.0.0.1'",
        "CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'secret'",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON tasks.* TO reader@'127.0.0.1'",
        "CREATE USER stranger@'127.0.0.1' IDENTIFIED BY 'secret'",
    ] {
        cluster.sql("primary", statement);
    }
    let place = |login, database| cluster.url_of("primary", login, database);
    let usual = place(LOGIN, "tasks");
    let replica = cluster.url_of("replica1", LOGIN, "tasks");
    for (url, replicas, code, said) in [
        (
            place("app:wrong", "tasks"),
            "",
            WRONG,
            [
                "Access denied for user 'app'",
                "the password in the address right",
            ],
        ),
        (
            place("stranger:secret", "tasks"),
            "",
            WRONG,
            ["Access denied for user 'stranger'", "GRANT ALL ON duly.*"],
        ),
        (
            cluster.url("primary").replace("/tests", "/nowhere"),
            "",
            WRONG,
            ["Unknown database 'nowhere'", "CREATE DATABASE"],
        ),
        (
            format!("mysql://{LOGIN}@127.0.0.1:1/tasks"),
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
            ["encoded in latin1", "CHARACTER SET utf8mb4"],
        ),
        (
            replica.clone(),
            "",
            WRONG,
            ["this server is read-only", "name the primary"],
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
    for (setting, wrong, right) in [
        ("innodb_snapshot_isolation", "OFF", "ON"),
        ("sync_binlog", "0", "1"),
        ("innodb_flush_log_at_trx_commit", "2", "1"),
    ] {
        set(&cluster, setting, wrong);
        let said = [
            format!("{setting} is {wrong}"),
            format!("SET GLOBAL {setting} = {right}"),
        ];
        assert_refused(
            &duly(&usual, ""),
            WRONG,
            &said.each_ref().map(String::as_str),
        );
        set(&cluster, setting, right);
    }
    // Only the first table shows that somebody may make none.
    let reader = duly(&place("reader:secret", "tasks"), "");
    for command in ["migrate", "serve"] {
        assert_ended(
            &reader.run(&[command]),
            WRONG,
            &["CREATE command denied", "GRANT ALL ON duly.*"],
        );
    }
    let tables =
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema IN ('tasks', 'latin')";
    assert_eq!(cluster.sql("primary", tables), "0", "nothing was changed");
    let migrated = duly(&usual, &replica).say(&["migrate"]);
    assert!(migrated.contains("applied"), "{migrated}");
}
