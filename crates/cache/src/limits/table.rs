//! Where the counts are kept, and what keeps their number bounded.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::window::Window;

/// Below this size nobody looks for what has expired.
const FEW: usize = 1_024;

/// A full table is searched for what has expired this often, in microseconds.
const SWEEP_PAUSE: i64 = 1_000_000;

/// A counter and where it belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    place: u64,
    pub(super) window: Window,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    windows: HashMap<u64, Window, BuildHasherDefault<Hashed>>,
    sweep_above: usize,
    swept_at: i64,
}

/// Keys that are hashes already, made with a secret seed.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = self.0.rotate_left(8) ^ hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Table {
    /// The counter of a key as it stands `now`, if it has one of its own.
    pub(super) fn own(&mut self, own: u64, length: i64, now: i64) -> Option<&mut Window> {
        let window = self.windows.get_mut(&own)?;
        *window = window.moved_to(now, length);
        Some(window)
    }

    /// The counter of a key as it stands `now`: its own, or where there is no room for one, the
    /// shared one. A key that gets its own takes over the shared count, so that it cannot escape
    /// what was counted for it there.
    pub(super) fn slot(
        &mut self,
        own: u64,
        shared: u64,
        capacity: usize,
        length: i64,
        now: i64,
    ) -> Slot {
        if let Some(window) = self.windows.get(&own) {
            return Slot {
                place: own,
                window: window.moved_to(now, length),
            };
        }
        let place = if self.has_room(capacity, now) {
            own
        } else {
            shared
        };
        let window = match self.windows.get(&shared) {
            Some(window) => window.moved_to(now, length),
            None => Window::opened(now, length),
        };
        Slot { place, window }
    }

    pub(super) fn insert(&mut self, slot: Slot) {
        self.windows.insert(slot.place, slot.window);
    }

    /// Stores how a counter stands now, if it is one of ours.
    pub(super) fn keep(&mut self, slot: Slot) {
        if let Some(window) = self.windows.get_mut(&slot.place) {
            *window = slot.window;
        }
    }

    pub(super) fn remove(&mut self, place: u64) {
        self.windows.remove(&place);
    }

    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether another key fits, after dropping what has expired. That is looked for when the
    /// table has doubled since it was last looked for, so that it costs little per key.
    fn has_room(&mut self, capacity: usize, now: i64) -> bool {
        let rested = !(0..SWEEP_PAUSE).contains(&now.saturating_sub(self.swept_at));
        if self.len() >= self.sweep_above.max(FEW).min(capacity) && rested {
            self.windows
                .retain(|_, window| match window.unexpired(now) {
                    Some(moved) => {
                        *window = moved;
                        true
                    }
                    None => false,
                });
            self.sweep_above = self.len().saturating_mul(2);
            self.swept_at = now;
        }
        self.len() < capacity
    }
}
