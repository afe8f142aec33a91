//! The units: systemd finds nothing wrong with them, and what they start runs and ends in order.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use super::place::block;
use super::{END, Place, Unit};
use crate::support::Process;

const ALL: &str = include_str!("../../../../../deploy/systemd/duly.service");
const WEB: &str = include_str!("../../../../../deploy/systemd/duly-web.service");
const SCHEDULER: &str = include_str!("../../../../../deploy/systemd/duly-scheduler.service");
const WORKER: &str = include_str!("../../../../../deploy/systemd/duly-worker@.service");

const SOCKETS: [(&str, &str); 2] = [
    (
        "duly.socket",
        include_str!("../../../../../deploy/systemd/duly.socket"),
    ),
    (
        "duly-web.socket",
        include_str!("../../../../../deploy/systemd/duly-web.socket"),
    ),
];

const UNITS: [(&str, &str); 4] = [
    ("duly.service", ALL),
    ("duly-web.service", WEB),
    ("duly-scheduler.service", SCHEDULER),
    ("duly-worker@.service", WORKER),
];

/// How bad it may be what a unit may do: 2.5 of 10.
const MOST_EXPOSED: &str = "--threshold=25";

fn analyze(arguments: &[&str], units: &[PathBuf]) {
    let mut command = Command::new("systemd-analyze");
    let output = command.args(arguments).args(units).output();
    let output = output.expect("systemd-analyze (when it is missing: scripts/need systemd)");
    let error = String::from_utf8_lossy(&output.stderr);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{arguments:?}: {said}\n{error}");
    // It only warns of what it does not know.
    assert!(!error.contains("duly"), "{arguments:?}: {error}");
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::new(folder.path());
    let write = |(name, shipped): (&str, &str)| {
        let path = folder.path().join(name);
        std::fs::write(&path, place.fill(shipped)).expect("a file");
        path
    };
    let units = UNITS.map(write);
    analyze(&["verify"], &[&units[..], &SOCKETS.map(write)[..]].concat());
    for unit in units {
        analyze(&["security", "--offline=true", MOST_EXPOSED], &[unit]);
    }
}

#[test]
fn each_unit_is_started_again_and_has_time_to_end() {
    for (name, shipped) in UNITS {
        let unit = Unit::read(shipped, "1");
        assert_eq!(unit.get("Restart"), "always", "{name}");
        assert!(unit.stop_timeout() > END, "{name}");
        assert_eq!(unit.get("Type"), "notify", "{name}");
        assert_eq!(unit.get("WatchdogSec"), "30s", "{name}");
    }
    for (name, shipped) in SOCKETS {
        assert_eq!(
            Unit::read(shipped, "").get("FileDescriptorName"),
            "http",
            "{name}"
        );
    }
}

/// Starts what a unit says, beside a file of settings, and waits until it says this.
fn started(shipped: &str, ready: &str, (name, text): (&str, &str)) -> (Unit, Process) {
    let mut duly = Process::new();
    let filled = {
        let place = Place::new(duly.path());
        place.write(name, text);
        place.fill(shipped)
    };
    let unit = Unit::read(&filled, "1");
    duly.launch(unit.command(), ready);
    (unit, duly)
}

/// Tells it to stop, as systemd does.
fn assert_ends_in_time(unit: &Unit, duly: &mut Process) {
    let begun = Instant::now();
    duly.signal(unit.stop_signal());
    assert!(duly.wait(), "{}", duly.log());
    assert!(begun.elapsed() < unit.stop_timeout(), "{}", duly.log());
}

#[tokio::test]
async fn the_unit_for_everything_answers_and_ends_in_time() {
    let (unit, mut duly) = started(ALL, " runs on ", ("duly.env", "DULY_LOG__FORMAT=json\n"));
    assert_eq!(duly.status("/readyz").await, 200);
    assert_ends_in_time(&unit, &mut duly);
    assert!(duly.log().starts_with('{'), "{}", duly.log());
}

#[tokio::test]
async fn the_unit_for_the_web_server_answers_and_ends_in_time() {
    let (unit, mut duly) = started(WEB, " runs on ", ("duly.env", ""));
    assert_eq!(duly.status("/readyz").await, 200);
    assert_ends_in_time(&unit, &mut duly);
}

#[test]
fn the_unit_for_the_scheduler_runs_and_ends_in_time() {
    let ready = " runs without answering requests";
    let (unit, mut duly) = started(SCHEDULER, ready, ("duly.env", ""));
    assert_ends_in_time(&unit, &mut duly);
}

#[test]
fn the_unit_for_workers_serves_all_queues_when_nothing_else_is_said() {
    let ready = " works on urgent, default, reminders, maintenance with 4 slots";
    let (unit, mut duly) = started(WORKER, ready, ("worker-2.env", "QUEUES=urgent\n"));
    assert_ends_in_time(&unit, &mut duly);
}

#[test]
fn the_unit_for_workers_heeds_the_file_of_its_instance() {
    let ready = " works on urgent with 20 slots";
    let (unit, mut duly) = started(WORKER, ready, ("worker-1.env", block("ini")));
    assert_ends_in_time(&unit, &mut duly);
}
