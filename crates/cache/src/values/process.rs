//! A single process.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use duly_db::SharedClock;
use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;

use super::backing::{Backing, Found, Loader, Turn};
use super::key::Mark;
use super::stored::Stored;
use crate::store::Lost;

/// So many groups are known at a time. One that is dropped makes its values wrong, no more.
const GROUPS: usize = 100_000;

/// Keeps marks and locks in the memory of this process; the values are in the tier that every
/// process has. What another process forgets is not heard here.
pub struct Process {
    marks: Cache<String, Mark>,
    given: AtomicU64,
    locks: Mutex<Locks>,
    clock: SharedClock,
}

#[derive(Default)]
struct Locks {
    held: HashMap<String, (u64, Timestamp)>,
    last_token: i64,
}

impl Process {
    /// Knows nothing.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Process {
            marks: Cache::new(GROUPS),
            given: AtomicU64::new(0),
            locks: Mutex::default(),
            clock,
        }
    }

    fn locks(&self) -> MutexGuard<'_, Locks> {
        // Nothing panics in there.
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, lasts: Duration) -> Timestamp {
        let lasts = SignedDuration::try_from(lasts).unwrap_or(SignedDuration::MAX);
        let end = self.clock.now().checked_add(lasts);
        end.unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Process")
    }
}

#[async_trait]
impl Backing for Process {
    async fn look(&self, _: &str, groups: &[String], _: bool) -> Result<Found, Lost> {
        Ok(Found {
            marks: groups.iter().map(|group| self.marks.get(group)).collect(),
            stored: None,
        })
    }

    async fn marks(&self, groups: &[String]) -> Result<Vec<Option<Mark>>, Lost> {
        let give = || Ok::<_, Infallible>(Mark(self.given.fetch_add(1, Ordering::Relaxed)));
        let mark = |group: &String| {
            let Ok(mark) = self.marks.get_or_insert_with(group.as_str(), give);
            Some(mark)
        };
        Ok(groups.iter().map(mark).collect())
    }

    async fn turn(&self, _: &Loader<'_>) -> Result<Turn, Lost> {
        Ok(Turn::Ours)
    }

    async fn fill(&self, _: &Loader<'_>, stored: &Stored, _: Duration) -> Result<bool, Lost> {
        let mut marks = stored.vector.marks();
        Ok(marks.all(|(group, mark)| self.marks.get(group) == Some(mark)))
    }

    async fn leave(&self, _: &Loader<'_>) -> Result<(), Lost> {
        Ok(())
    }

    async fn forget(&self, groups: &[String]) -> Result<(), Lost> {
        for group in groups {
            self.marks.remove(group);
        }
        Ok(())
    }

    async fn lock(
        &self,
        name: &str,
        owner: u64,
        lasts: Duration,
        above: i64,
    ) -> Result<Option<i64>, Lost> {
        let (now, end) = (self.clock.now(), self.end(lasts));
        let mut locks = self.locks();
        // Also those that nobody has given back.
        locks.held.retain(|_, (_, end)| now < *end);
        if locks.held.contains_key(name) {
            return Ok(None);
        }
        locks.held.insert(name.to_owned(), (owner, end));
        let token = (locks.last_token + 1).max(above + 1);
        // By the clock, so that it is larger than those of the process before this one.
        locks.last_token = token.max(now.as_microsecond());
        Ok(Some(locks.last_token))
    }

    async fn renew(&self, name: &str, owner: u64, lasts: Duration) -> Result<bool, Lost> {
        let (now, later) = (self.clock.now(), self.end(lasts));
        match self.locks().held.get_mut(name) {
            Some((holder, end)) if *holder == owner && now < *end => {
                *end = later;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn release(&self, name: &str, owner: u64) -> Result<bool, Lost> {
        let now = self.clock.now();
        let mut locks = self.locks();
        let held = locks.held.get(name);
        let is_ours = held.is_some_and(|(holder, end)| *holder == owner && now < *end);
        if is_ours {
            locks.held.remove(name);
        }
        Ok(is_ours)
    }
}
