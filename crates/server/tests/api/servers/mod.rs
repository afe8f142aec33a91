//! Database servers that are set up wrong, as the operator meets them. Each is a private one with
//! the durability of a real one. Nothing here runs when the tests run on SQLite.

mod mysql;
mod page;
mod partitions;
mod postgres;

use std::process::Output;

use crate::support::Process;

/// What commands say about wrong settings, and about servers that must not be used.
const WRONG: i32 = 2;
/// What they say when something failed.
const FAILED: i32 = 1;

/// A folder whose Duly uses the given servers.
fn duly(url: &str, replicas: &str) -> Process {
    let mut duly = Process::new();
    duly.variables = vec![
        ("DULY_DATABASE__URL", url.to_owned()),
        ("DULY_DATABASE__REPLICAS", replicas.to_owned()),
    ];
    duly
}

/// Holds every command that opens the database to its exit code and to what it has to say.
fn assert_refused(duly: &Process, code: i32, said: &[&str]) {
    let found = duly.run(&["doctor"]);
    let report = String::from_utf8_lossy(&found.stdout);
    assert_eq!(found.status.code(), Some(FAILED), "{report}");
    let line = report
        .lines()
        .find(|line| line.starts_with("FAIL") && said.iter().all(|part| line.contains(part)));
    assert!(line.is_some(), "no line has {said:?}: {report}");
    for command in ["migrate", "serve"] {
        assert_ended(&duly.run(&[command]), code, said);
    }
}

fn assert_ended(output: &Output, code: i32, said: &[&str]) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    for part in said {
        assert!(error.contains(part), "no {part:?} in: {error}");
    }
    assert!(!error.contains("internal fault"), "{error}");
}
