//! The programs for Supervisor, run by it.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{END, LONG, Place};

const SHIPPED: &str = include_str!("../../../../../deploy/supervisor/duly.conf");
const INSTALL: &str = "it starts (when it is missing: scripts/need supervisor)";
const WORKER: &str = "duly:duly-worker-0";

/// As many programs are kept running.
const PROGRAMS: usize = 4;

struct Supervisor {
    folder: TempDir,
    child: Child,
}

struct Program {
    name: String,
    state: String,
    /// While it runs.
    id: Option<Pid>,
}

impl Supervisor {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let programs = Place::new(folder.path()).fill(SHIPPED);
        let own = folder.path().display();
        let settings = format!(
            "[supervisord]\nnodaemon=true\nlogfile={own}/log\npidfile={own}/pid\n\
             [unix_http_server]\nfile={own}/socket\n\
             [supervisorctl]\nserverurl=unix://{own}/socket\n\
             [rpcinterface:supervisor]\n\
             supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
             {programs}"
        );
        std::fs::write(folder.path().join("all.conf"), settings).expect("a file");
        let said = std::fs::File::create(folder.path().join("said")).expect("a file");
        let errors = said.try_clone().expect("a file");
        let mut command = command("supervisord", &folder);
        let child = command.stdout(said).stderr(errors).spawn();
        Supervisor {
            child: child.expect(INSTALL),
            folder,
        }
    }

    /// Runs a command of `supervisorctl` and answers what it has said.
    fn control(&self, arguments: &[&str]) -> String {
        let mut command = command("supervisorctl", &self.folder);
        let output = command.args(arguments).output().expect(INSTALL);
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn programs(&self) -> Vec<Program> {
        let said = self.control(&["status"]);
        let programs = said.lines().filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [name, state, rest @ ..] = &words[..] else {
                return None;
            };
            let id = match rest {
                ["pid", id, ..] => id.trim_end_matches(',').parse().ok(),
                _ => None,
            };
            Some(Program {
                name: (*name).to_owned(),
                state: (*state).to_owned(),
                id: id.and_then(Pid::from_raw),
            })
        });
        programs.collect()
    }

    fn id(&self, name: &str) -> Option<Pid> {
        let programs = self.programs();
        let found = programs.iter().find(|program| program.name == name);
        found.and_then(|program| program.id)
    }

    fn ids(&self) -> Vec<Pid> {
        let programs = self.programs();
        programs.iter().filter_map(|program| program.id).collect()
    }

    fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < LONG, "{what}: {}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn until_all_are(&self, state: &str) {
        self.until(state, || {
            let programs = self.programs();
            programs.len() == PROGRAMS && programs.iter().all(|program| program.state == state)
        });
    }

    /// What it has said and what it has logged.
    fn log(&self) -> String {
        let read = |name| std::fs::read_to_string(self.folder.path().join(name));
        ["said", "log"]
            .map(|name| read(name).unwrap_or_default())
            .concat()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // It stops what it has started.
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _ = id.map(|id| kill_process(id, Signal::TERM));
        let _ = self.child.wait();
    }
}

fn command(program: &str, folder: &TempDir) -> Command {
    let mut command = Command::new(program);
    command.arg("-c").arg(folder.path().join("all.conf"));
    command.env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

#[test]
fn supervisor_starts_workers_again_and_stops_all_in_order() {
    let supervisor = Supervisor::start();
    supervisor.until_all_are("RUNNING");
    let killed = supervisor.id(WORKER).expect("it runs");
    kill_process(killed, Signal::KILL).expect("it runs");
    supervisor.until("another worker runs", || {
        supervisor.id(WORKER).is_some_and(|id| id != killed)
    });
    supervisor.until_all_are("RUNNING");

    let before = supervisor.ids();
    supervisor.control(&["restart", "duly:*"]);
    supervisor.until_all_are("RUNNING");
    let after = supervisor.ids();
    assert!(after.iter().all(|id| !before.contains(id)), "{after:?}");

    supervisor.control(&["stop", "duly:*"]);
    supervisor.until_all_are("STOPPED");
    let log = std::fs::read_to_string(supervisor.folder.path().join("log")).expect("a log");
    let in_order = |line: &&str| line.contains("stopped: ") && line.ends_with("(exit status 0)");
    assert_eq!(log.lines().filter(in_order).count(), 2 * PROGRAMS, "{log}");
    // One was killed, and not by Supervisor, which would have lost its patience.
    assert_eq!(log.matches("SIGKILL").count(), 1, "{log}");
}

#[test]
fn supervisor_gives_each_program_time_to_end() {
    let waits = SHIPPED
        .lines()
        .filter_map(|line| line.strip_prefix("stopwaitsecs="));
    let waits: Vec<u64> = waits.map(|text| text.parse().expect("seconds")).collect();
    let programs = SHIPPED.lines().filter(|line| line.starts_with("[program:"));
    assert_eq!(waits.len(), programs.count());
    assert!(waits.iter().all(|wait| *wait > END.as_secs()), "{waits:?}");
}
