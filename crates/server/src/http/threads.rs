//! The threads that connections are served by: one for each core, each with a runtime of its own.
//!
//! Most requests are answered from memory within microseconds. On a runtime of several threads that
//! would be less than what these take to wake each other and to share their work out anew. Here a
//! connection stays with one thread, from its first byte to its last. What takes longer, a handler
//! or the database, is left to the runtime of everybody ([`crate::app::App`]), so that no connection
//! waits behind the work of another.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Threads for connections. They end when dropped, with what they are at.
#[derive(Debug)]
pub struct Threads {
    /// There is one at least.
    first: Thread,
    others: Vec<Thread>,
}

#[derive(Debug)]
struct Thread {
    runtime: Handle,
    /// Each connection holds one more.
    chair: Chair,
    ended: Option<JoinHandle<()>>,
    end: Option<DropGuard>,
}

/// What a connection holds of its thread for as long as it lasts, so that these can be counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Chair(Arc<()>);

impl Threads {
    /// One for each core.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start() -> io::Result<Self> {
        Self::of(std::thread::available_parallelism().map_or(1, NonZero::get))
    }

    fn of(count: usize) -> io::Result<Self> {
        let others = (1..count).map(Thread::start);
        Ok(Threads {
            first: Thread::start(0)?,
            others: others.collect::<io::Result<_>>()?,
        })
    }

    /// Their runtimes.
    #[must_use]
    pub fn runtimes(&self) -> Vec<Handle> {
        let threads = std::iter::once(&self.first).chain(&self.others);
        threads.map(|thread| thread.runtime.clone()).collect()
    }

    /// The thread with the fewest connections, for one more.
    pub(super) fn chair(&self) -> (Chair, &Handle) {
        let open = |thread: &&Thread| Arc::strong_count(&thread.chair.0);
        let thread = self.others.iter().min_by_key(open);
        let thread = thread
            .filter(|other| open(other) < open(&&self.first))
            .unwrap_or(&self.first);
        (thread.chair.clone(), &thread.runtime)
    }
}

impl Thread {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let end = CancellationToken::new();
        let (handle, told) = (runtime.handle().clone(), end.clone());
        let serve = move || runtime.block_on(told.cancelled());
        let name = format!("connections-{number}");
        Ok(Thread {
            runtime: handle,
            chair: Chair::default(),
            ended: Some(std::thread::Builder::new().name(name).spawn(serve)?),
            end: Some(end.drop_guard()),
        })
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(ended) = self.ended.take() {
            // Nothing in there panics but tasks, which the runtime catches.
            let _ = ended.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_spread_over_the_threads() {
        let threads = Threads::of(3).unwrap();
        let ids: Vec<_> = threads.runtimes().iter().map(Handle::id).collect();
        let sit = || {
            let (chair, runtime) = threads.chair();
            (chair, runtime.id())
        };
        let mut open: Vec<_> = (0..9).map(|_| sit()).collect();
        for id in &ids {
            let connections = open.iter().filter(|(_, thread)| thread == id).count();
            assert_eq!(connections, 3, "each has as many as the others");
        }
        let left = ids[1];
        open.retain(|(_, thread)| *thread != left);
        for _ in 0..3 {
            let (chair, thread) = sit();
            assert_eq!(thread, left, "the one whose clients have gone is next");
            open.push((chair, thread));
        }
    }
}
