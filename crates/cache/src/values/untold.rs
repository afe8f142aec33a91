//! Groups that were forgotten here, of which the others could not be told yet.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::Inner;

/// The pauses between tries to tell them.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// More are not noted, so that memory is bounded; whoever forgets them is told that it failed.
const MOST: usize = 100_000;

/// The groups, each with how often it was noted: one that is noted again while it is being told
/// has to be told again.
#[derive(Debug, Default)]
pub(super) struct Untold(Mutex<BTreeMap<String, u64>>);

impl Untold {
    /// Answers whether these are the first, so that somebody has to begin to tell them.
    pub(super) fn note(&self, groups: Vec<String>) -> bool {
        let mut noted = self.noted();
        let was_empty = noted.is_empty();
        for group in groups {
            if noted.len() < MOST || noted.contains_key(&group) {
                *noted.entry(group).or_default() += 1;
            }
        }
        was_empty && !noted.is_empty()
    }

    /// Whether one of these is among them.
    pub(super) fn has(&self, groups: &[String]) -> bool {
        let noted = self.noted();
        !noted.is_empty() && groups.iter().any(|group| noted.contains_key(group))
    }

    fn all(&self) -> BTreeMap<String, u64> {
        self.noted().clone()
    }

    /// Answers whether there are any left.
    fn told(&self, groups: &BTreeMap<String, u64>) -> bool {
        let mut noted = self.noted();
        noted.retain(|group, times| groups.get(group) != Some(times));
        !noted.is_empty()
    }

    fn noted(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells them until there are none left.
pub(super) async fn tell(values: Weak<Inner>) {
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        let Some(values) = values.upgrade() else {
            return;
        };
        let groups = values.untold.all();
        let names: Vec<String> = groups.keys().cloned().collect();
        if values.backing.forget(&names).await.is_err() {
            pause = (pause * 2).min(LONGEST_PAUSE);
        } else if !values.untold.told(&groups) {
            return;
        }
    }
}
