//! What systemd is told, at a socket like its own.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use duly_cache::testing::RedisServer;
use rustix::process::Signal;
use tempfile::TempDir;

use super::LONG;
use crate::support::Process;

/// Who wants to know.
struct Systemd {
    socket: UnixDatagram,
    folder: TempDir,
    /// Without those that say the same as the one before.
    heard: Vec<String>,
}

impl Systemd {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        socket.set_read_timeout(Some(LONG)).expect("a socket");
        Systemd {
            socket,
            folder,
            heard: Vec::new(),
        }
    }

    /// What it tells a process: where it listens, and how often it wants a sign of life.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let path = self.folder.path().join("notify");
        vec![
            ("NOTIFY_SOCKET", path.display().to_string()),
            ("WATCHDOG_USEC", "100000".into()),
        ]
    }

    /// The next notice.
    fn next(&mut self) -> String {
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes);
        let length = length.unwrap_or_else(|error| panic!("{error}: {:?}", self.heard));
        let notice = String::from_utf8(bytes[..length].to_vec()).expect("UTF-8");
        if self.heard.last() != Some(&notice) {
            self.heard.push(notice.clone());
        }
        notice
    }

    /// The first notice from now on that has this line.
    fn until(&mut self, line: &str) -> String {
        let begun = Instant::now();
        loop {
            let notice = self.next();
            if notice.lines().any(|of| of == line) {
                return notice;
            }
            assert!(begun.elapsed() < LONG, "{line}: {:?}", self.heard);
        }
    }

    fn has_heard(&self, line: &str) -> bool {
        let mut lines = self.heard.iter().flat_map(|notice| notice.lines());
        lines.any(|of| of == line)
    }
}

#[tokio::test]
async fn a_web_server_says_when_it_is_ready_that_it_lives_and_when_it_stops() {
    let (mut systemd, mut duly) = (Systemd::new(), Process::new());
    duly.variables = systemd.variables();
    duly.variables
        .push(("DULY_HTTP__DRAIN_DELAY", "10m".into()));
    duly.serve(&["--role", "web"]);
    let ready = systemd.until("READY=1");
    assert_eq!(ready, format!("READY=1\nSTATUS=serving on {}\n", duly.url));
    assert!(
        systemd.has_heard("EXTEND_TIMEOUT_USEC=100000"),
        "while it starts it is given time: {:?}",
        systemd.heard
    );
    assert_eq!(duly.status("/readyz").await, 200);
    let begun = Instant::now();
    for _ in 0..5 {
        let alive = systemd.until("WATCHDOG=1");
        assert!(!alive.contains("EXTEND_TIMEOUT_USEC"), "{alive}");
    }
    assert!(
        begun.elapsed() >= Duration::from_millis(100),
        "not all at once"
    );
    duly.signal(Signal::TERM);
    let stopping = systemd.until("STOPPING=1");
    let status = format!("STATUS=stopping; serving on {}", duly.url);
    assert!(stopping.contains(&status), "{stopping}");
    assert_eq!(duly.status("/livez").await, 200, "balancers have to notice");
    systemd.until("WATCHDOG=1");
    duly.signal(Signal::TERM);
    assert!(duly.wait(), "it ends in order");
    let said = systemd.heard.concat();
    assert_eq!(said.matches("READY=1").count(), 1, "{said}");
    assert_eq!(said.matches("STOPPING=1").count(), 1, "{said}");
}

#[test]
fn a_worker_is_ready_when_it_takes_jobs() {
    let redis = RedisServer::with(&["--maxmemory-policy", "noeviction"]);
    redis.kill();
    let (mut systemd, mut duly) = (Systemd::new(), Process::new());
    duly.variables = systemd.variables();
    duly.variables.push(("DULY_QUEUE__URL", redis.url()));
    let command = duly.command(&["work", "--slots", "3"]);
    duly.launch(command, " works on ");
    for _ in 0..2 {
        systemd.until("STATUS=jobs cannot be taken yet");
    }
    assert!(!systemd.has_heard("READY=1"), "{:?}", systemd.heard);
    redis.resume();
    let ready = systemd.until("READY=1");
    assert_eq!(ready, "READY=1\nSTATUS=working; 0 of 3 slots busy\n");
    duly.signal(Signal::TERM);
    systemd.until("STOPPING=1");
    assert!(duly.wait(), "it ends in order");
}

#[test]
fn a_worker_whose_time_is_over_says_that_it_stops() {
    let (mut systemd, mut duly) = (Systemd::new(), Process::new());
    duly.variables = systemd.variables();
    let command = duly.command(&["work", "--max-time", "1"]);
    duly.launch(command, " works on ");
    systemd.until("READY=1");
    systemd.until("STOPPING=1");
    assert!(duly.wait(), "it ends in order");
}

#[test]
fn a_scheduler_says_what_it_does() {
    let (mut systemd, mut duly) = (Systemd::new(), Process::new());
    duly.variables = systemd.variables();
    let command = duly.command(&["serve", "--role", "scheduler"]);
    duly.launch(command, " runs without answering requests");
    assert_eq!(systemd.until("READY=1"), "READY=1\nSTATUS=planning\n");
}

#[test]
fn a_watchdog_of_another_process_is_not_ours() {
    let (mut systemd, mut duly) = (Systemd::new(), Process::new());
    duly.variables = systemd.variables();
    duly.variables.push(("WATCHDOG_PID", "1".into()));
    duly.serve(&[]);
    systemd.until("READY=1");
    duly.signal(Signal::TERM);
    systemd.until("STOPPING=1");
    assert!(!systemd.has_heard("WATCHDOG=1"), "{:?}", systemd.heard);
}

#[test]
fn who_does_not_listen_stops_nobody() {
    let mut duly = Process::new();
    duly.variables = vec![("NOTIFY_SOCKET", "/nowhere/notify".into())];
    duly.serve(&[]);
    assert!(duly.stop());
}
