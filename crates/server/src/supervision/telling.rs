//! Telling whoever keeps this process running how it is, from its start to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::SetOnce;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Doing;
use super::notices::{Notices, watchdog};
use crate::node::{Node, Stage};

/// How often the status is told when no signs of life are expected.
const UNWATCHED: Duration = Duration::from_secs(15);

/// Tells until it is dropped.
#[derive(Debug)]
pub(crate) struct Telling {
    doing: Arc<SetOnce<Doing>>,
    _task: Option<AbortOnDropHandle<()>>,
}

impl Telling {
    /// From now on the process does what it is for.
    pub(crate) fn ready(&self, doing: Doing) {
        // Nobody says it twice; if so, it is said.
        let _ = self.doing.set(doing);
    }
}

/// Tells that the process starts, when it is ready, that it lives, and when it begins to stop; nothing when nobody
/// wants to know. `threads` are the runtimes that have to move for it to live, beside the one this is called on.
pub(crate) fn tell(node: Arc<Node>, told: CancellationToken, threads: Vec<Handle>) -> Telling {
    let doing = Arc::new(SetOnce::new());
    let task = Notices::from_environment().map(|notices| {
        let watchdog = watchdog();
        let signs = Signs {
            notices,
            is_expected: watchdog.is_some(),
            every: watchdog.map_or(UNWATCHED, |within| within / 2),
            threads,
            node,
            doing: doing.clone(),
        };
        AbortOnDropHandle::new(tokio::spawn(signs.give(told)))
    });
    Telling { doing, _task: task }
}

/// What was said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It starts.
    Nothing,
    Ready,
    Stopping,
}

/// What a process tells of itself.
struct Signs {
    notices: Notices,
    is_expected: bool,
    every: Duration,
    threads: Vec<Handle>,
    node: Arc<Node>,
    doing: Arc<SetOnce<Doing>>,
}

impl Signs {
    /// This is a task like all others, so that there is no sign of life when tasks do not run any more.
    async fn give(self, told: CancellationToken) {
        let mut beats = interval(self.every.max(Duration::from_millis(1)));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stage = Told::Nothing;
        loop {
            tokio::select! {
                _ = beats.tick() => {
                    all_move(&self.threads).await;
                    self.beat(stage);
                }
                () = self.begins(), if stage == Told::Nothing => {
                    stage = Told::Ready;
                    self.send("READY=1", stage);
                }
                () = told.cancelled(), if stage != Told::Stopping => {
                    stage = Told::Stopping;
                    self.send("STOPPING=1", stage);
                }
            }
        }
    }

    async fn begins(&self) {
        self.doing.wait().await.begins().await;
    }

    fn beat(&self, stage: Told) {
        let mut lines = Vec::new();
        if self.is_expected {
            lines.push("WATCHDOG=1".to_owned());
        }
        // A migration of much data takes long, which is no reason to be killed over it.
        if stage == Told::Nothing {
            let within = self.every.saturating_mul(2).as_micros();
            lines.push(format!("EXTEND_TIMEOUT_USEC={within}"));
        }
        self.send(&lines.join("\n"), stage);
    }

    fn send(&self, lines: &str, stage: Told) {
        let status = self.status(stage);
        let lines = format!("{lines}\nSTATUS={status}\n");
        self.notices.send(lines.trim_start());
    }

    fn status(&self, stage: Told) -> String {
        let is_lost = || self.node.readiness().status == Stage::Unreachable;
        match (self.doing.get(), stage) {
            (None, Told::Stopping) => "stopping".into(),
            (None, _) => "opening the database".into(),
            (Some(_), Told::Nothing) => "jobs cannot be taken yet".into(),
            (Some(doing), Told::Stopping) => format!("stopping; {doing}"),
            (Some(doing), Told::Ready) if is_lost() => format!("no database answers; {doing}"),
            (Some(doing), Told::Ready) => doing.to_string(),
        }
    }
}

/// Comes back once each of these runtimes has run a task.
async fn all_move(threads: &[Handle]) {
    for thread in threads {
        // One that has ended, at the end of the process, cannot be held up.
        let _ = thread.spawn(async {}).await;
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::path::Path;
    use std::sync::mpsc;

    use super::*;
    use crate::config;
    use crate::http::Threads;

    fn signs(path: &Path, threads: Vec<Handle>) -> Signs {
        let defaults = config::load(Some(Path::new("/dev/null")), std::iter::empty());
        Signs {
            notices: Notices::to(path.as_os_str()).unwrap(),
            is_expected: true,
            every: Duration::from_millis(5),
            threads,
            node: Node::starting(defaults.unwrap().config.http),
            doing: Arc::default(),
        }
    }

    #[test]
    fn one_thread_that_hangs_ends_the_signs_of_life() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let receiver = UnixDatagram::bind(&path).unwrap();
        let mut bytes = [0; 256];
        let threads = Threads::start().unwrap();
        let signs = signs(&path, threads.runtimes());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let _task = runtime.spawn(signs.give(CancellationToken::new()));
        receiver
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        for _ in 0..3 {
            let length = receiver.recv(&mut bytes).expect("it lives");
            assert!(bytes[..length].starts_with(b"WATCHDOG=1\n"));
        }
        let (free, held) = mpsc::channel::<()>();
        let (say, hangs) = mpsc::channel();
        let last = threads.runtimes().pop().unwrap();
        last.spawn(async move {
            say.send(()).unwrap();
            let _ = held.recv();
        });
        hangs.recv().unwrap();
        // Those that were on their way, and one that had asked the thread just before.
        receiver.set_nonblocking(true).unwrap();
        while receiver.recv(&mut bytes).is_ok() {}
        receiver.set_nonblocking(false).unwrap();
        receiver
            .set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        let further = std::iter::from_fn(|| receiver.recv(&mut bytes).ok()).take(3);
        assert!(further.count() <= 1, "it lives on");
        drop(free);
        receiver
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        receiver.recv(&mut bytes).expect("it lives again");
    }
}
