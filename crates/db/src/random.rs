//! Where randomness comes from, so that a test can repeat itself.

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
    #[expect(
        clippy::disallowed_methods,
        clippy::panic,
        reason = "this is where randomness comes from; without it no secret can be made, and a \
                  predictable one must never be"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the operating system gives no randomness: {error}");
        }
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
