//! Tasks are taken apart into years and put together again by the real binary, which is killed.

use std::io::{BufRead as _, BufReader};

use duly_db::Engine;
use duly_db::testing::Cluster;

use super::{FAILED, assert_ended, duly};
use crate::support::Process;

const COUNT: usize = 6000;

const BY_YEAR: [&str; 3] = ["db", "partition", "tasks"];
const UNDO: [&str; 4] = ["db", "partition", "tasks", "--undo"];

fn start(engine: Engine, statements: &[&str]) -> Option<(Cluster, Process)> {
    let cluster = Cluster::start(engine, &["--durable", "--without-replicas"])?;
    for statement in statements {
        cluster.sql("primary", statement);
    }
    let duly = duly(&cluster.url_of("primary", "app:secret", "tasks"), "");
    Some((cluster, duly))
}

fn fill(duly: &Process) {
    let email = "ann@example.org";
    duly.say(&["user", "create", "--name", "Ann", "--email", email]);
    let lines: Vec<String> = (0..COUNT)
        .map(|line| format!("Task {line} @home"))
        .collect();
    let file = duly.path().join("tasks.txt");
    std::fs::write(&file, lines.join("\n")).expect("a file");
    let file = file.to_str().expect("a path");
    duly.say(&["import", "--user", email, "--format", "todotxt", file]);
}

fn exported(duly: &Process) -> String {
    let all = duly.say(&["export", "--user", "ann@example.org"]);
    // The first line says when.
    all.split_once('\n').expect("tasks").1.to_owned()
}

/// Starts a conversion and kills it when it has copied some rows.
fn killed_halfway(duly: &Process, arguments: &[&str]) {
    let mut child = duly.spawn(arguments);
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let line = lines.next().expect("it tells").expect("text");
    assert!(
        line.starts_with("copying: ") && line.ends_with(&format!(" of {COUNT} rows")),
        "{line}"
    );
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

fn report(duly: &Process) -> String {
    String::from_utf8_lossy(&duly.run(&["doctor"]).stdout).into_owned()
}

fn assert_converts(duly: &Process) {
    let tasks = exported(duly);
    let interrupted = "`duly db partition tasks` runs or was interrupted";
    for (arguments, state) in [
        (&BY_YEAR[..], "partitioned by year"),
        (&UNDO[..], "one table"),
    ] {
        assert!(!report(duly).contains(interrupted));
        killed_halfway(duly, arguments);
        assert!(report(duly).contains(interrupted));
        let said = duly.say(arguments);
        assert_eq!(said, format!("The tasks are {state} now ({COUNT} rows).\n"));
        let again = duly.run(arguments);
        assert_ended(&again, FAILED, &[&format!("the tasks are {state} already")]);
        assert!(exported(duly) == tasks, "{state}: other tasks than before");
    }
    killed_halfway(duly, &BY_YEAR);
    let said = duly.say(&UNDO);
    assert!(
        said.contains("What an interrupted run had begun is removed"),
        "{said}"
    );
    let report = report(duly);
    assert!(!report.contains(interrupted), "{report}");
    assert!(
        report.contains("ok    partitions: every row is where it belongs"),
        "{report}"
    );
}

#[test]
fn tasks_are_partitioned_on_postgresql() {
    let statements = [
        "CREATE ROLE app LOGIN PASSWORD 'secret'",
        "CREATE DATABASE tasks OWNER app ENCODING 'UTF8' TEMPLATE template0",
    ];
    let Some((_cluster, duly)) = start(Engine::Postgres, &statements) else {
        return;
    };
    fill(&duly);
    assert_converts(&duly);
}

#[test]
fn tasks_are_partitioned_on_mariadb() {
    let statements = [
        "CREATE DATABASE tasks CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE USER app@'127.0.0.1' IDENTIFIED BY 'secret'",
        "GRANT ALL ON tasks.* TO app@'127.0.0.1'",
    ];
    let Some((cluster, duly)) = start(Engine::MariaDb, &statements) else {
        return;
    };
    fill(&duly);
    // Without either it must not make triggers.
    let refused = duly.run(&BY_YEAR);
    assert_ended(
        &refused,
        FAILED,
        &["log_bin_trust_function_creators", "nothing is lost"],
    );
    cluster.sql("primary", "SET GLOBAL log_bin_trust_function_creators = ON");
    assert_converts(&duly);
}
