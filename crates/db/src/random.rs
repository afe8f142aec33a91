//! Where randomness comes from, so that a test can repeat itself.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

/// A source of unpredictable bytes.
pub trait Random: Debug + Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// A source shared by everything that needs randomness.
pub type SharedRandom = Arc<dyn Random>;

/// The operating system's cryptographic source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        STOCK.with_borrow_mut(|stock| stock.take(buffer));
    }
}

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock::EMPTY) };
}

/// Randomness that was fetched ahead: every request gets an id, and asking the system for each would
/// take longer than looking up what is known.
struct Stock {
    bytes: [u8; 512],
    left: usize,
}

impl Stock {
    const EMPTY: Stock = Stock {
        bytes: [0; 512],
        left: 0,
    };

    /// Fills the buffer with bytes that nobody else has got or can read here any more.
    fn take(&mut self, buffer: &mut [u8]) {
        if self.left < buffer.len() {
            fetch(&mut self.bytes);
            self.left = self.bytes.len();
        }
        let start = self.left.saturating_sub(buffer.len());
        match self.bytes.get_mut(start..self.left) {
            Some(taken) if taken.len() == buffer.len() => {
                buffer.copy_from_slice(taken);
                taken.fill(0);
                self.left = start;
            }
            // More than is fetched at a time.
            _ => fetch(buffer),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "this is where randomness comes from; without it no secret can be made, and a \
              predictable one must never be"
)]
fn fetch(buffer: &mut [u8]) {
    if let Err(error) = getrandom::fill(buffer) {
        panic!("the operating system gives no randomness: {error}");
    }
}

/// A new id: UUID version 7 (RFC 9562), which sorts by the time it was made.
#[must_use]
pub fn new_id(random: &dyn Random, now: Timestamp) -> Uuid {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

/// A repeatable sequence of bytes.
#[cfg(feature = "testing")]
#[derive(Debug)]
pub struct SeededRandom(std::sync::atomic::AtomicU64);

#[cfg(feature = "testing")]
impl SeededRandom {
    /// The sequence of the given seed.
    #[must_use]
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(SeededRandom(std::sync::atomic::AtomicU64::new(seed)))
    }
}

#[cfg(feature = "testing")]
impl Random for SeededRandom {
    /// SplitMix64 (Steele, Lea and Flood, 2014): each step is independent of the threads' order.
    fn fill(&self, buffer: &mut [u8]) {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        for chunk in buffer.chunks_mut(8) {
            let state = self.0.fetch_add(STEP, std::sync::atomic::Ordering::Relaxed);
            let mut mixed = state.wrapping_add(STEP);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            for (target, source) in chunk.iter_mut().zip(mixed.to_le_bytes()) {
                *target = source;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nothing_is_given_twice() {
        let mut given = HashSet::new();
        for length in (8..1_100).step_by(7) {
            let mut bytes = vec![0; length];
            SystemRandom.fill(&mut bytes);
            for chunk in bytes.chunks_exact(8) {
                assert!(given.insert(chunk.to_vec()), "{length}");
            }
        }
        STOCK.with_borrow(|stock| {
            let used = &stock.bytes[stock.left..];
            assert!(used.iter().all(|byte| *byte == 0));
        });
    }
}
