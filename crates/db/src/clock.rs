//! Where the time comes from, so that a test can say what time it is.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// A source of the current time.
pub trait Clock: Debug + Send + Sync {
    /// The current instant, in whole microseconds: what the database keeps.
    fn now(&self) -> Timestamp;
}

/// A clock shared by everything that needs the time.
pub type SharedClock = Arc<dyn Clock>;

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the time comes from"
    )]
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let microseconds = since_1970.and_then(|since| i64::try_from(since.as_micros()).ok());
        let now = microseconds.and_then(|now| Timestamp::from_microsecond(now).ok());
        // Before 1970, and at the end of time.
        now.unwrap_or_else(Timestamp::now)
    }
}

/// A clock that stands still until it is moved.
#[cfg(feature = "testing")]
#[derive(Debug)]
pub struct ManualClock(std::sync::Mutex<Timestamp>);

#[cfg(feature = "testing")]
#[expect(clippy::expect_used, reason = "only tests call this")]
impl ManualClock {
    /// A clock that shows the given instant.
    #[must_use]
    pub fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(ManualClock(std::sync::Mutex::new(now)))
    }

    /// Moves the clock forward (or back, by a negative span).
    pub fn advance(&self, by: jiff::SignedDuration) {
        let mut now = self.0.lock().expect("the clock is not poisoned");
        *now = now.checked_add(by).expect("the clock stays in range");
    }

    /// Sets the clock.
    pub fn set(&self, to: Timestamp) {
        *self.0.lock().expect("the clock is not poisoned") = to;
    }
}

#[cfg(feature = "testing")]
#[expect(clippy::expect_used, reason = "only tests call this")]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("the clock is not poisoned")
    }
}
