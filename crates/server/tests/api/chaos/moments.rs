//! Freezing a process, and letting it get on by a moment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};

use super::PATIENCE;

/// The shortest time a process gets on between two looks at it.
const MOMENT: Duration = Duration::from_micros(300);

/// Freezes a process, and waits until the last of its threads stands still: a busy machine takes its time.
pub fn freeze(pid: Pid) -> WaitStatus {
    kill_process(pid, Signal::STOP).expect("it runs");
    let stopped = || waitpid(Some(pid), WaitOptions::UNTRACED).expect("it is a child");
    let (_, status) = tokio::task::block_in_place(stopped).expect("it was waited for");
    status
}

pub fn thaw(pid: Pid) {
    kill_process(pid, Signal::CONT).expect("it runs");
}

/// Thaws a process, and waits until each of its threads that has something to do was given a processor: on a busy
/// machine a moment by the clock may be none for the process.
pub fn thaw_for_a_moment(pid: Pid) {
    let before = threads(pid);
    thaw(pid);
    let is_served = |id: &u32, now: &Thread| {
        !now.wants_to_run || before.get(id).is_none_or(|it| now.turns > it.turns)
    };
    tokio::task::block_in_place(|| {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "it never has a processor");
            std::thread::sleep(MOMENT);
            if threads(pid).iter().all(|(id, now)| is_served(id, now)) {
                return;
            }
        }
    });
}

struct Thread {
    wants_to_run: bool,
    /// How many times it was given a processor.
    turns: u64,
}

/// The threads of a process, by their ids, as proc(5) has them.
fn threads(pid: Pid) -> BTreeMap<u32, Thread> {
    let folder = PathBuf::from(format!("/proc/{}/task", pid.as_raw_nonzero()));
    let Ok(entries) = folder.read_dir() else {
        return BTreeMap::new();
    };
    let thread = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.ok()?;
        let id = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let times = std::fs::read_to_string(entry.path().join("schedstat")).ok()?;
        // The name before it may hold anything.
        let (_, after_name) = stat.rsplit_once(") ")?;
        let wants_to_run = after_name.starts_with('R');
        let turns = times.split_whitespace().nth(2)?.parse().ok()?;
        Some((
            id,
            Thread {
                wants_to_run,
                turns,
            },
        ))
    };
    entries.filter_map(thread).collect()
}
