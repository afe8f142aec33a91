//! How long what could be stored at once waits for more of it.

use std::time::Duration;

/// No less than this: jobs that do next to nothing end within it.
const LEAST: Duration = Duration::from_millis(1);

/// No more than this, however slow the store is.
const MOST: Duration = Duration::from_millis(20);

/// A transaction for a hundred jobs costs little more than one for a single job. So what comes first waits for
/// others, at most as long as the last transaction took: nothing is held up for longer than the store does anyway.
#[derive(Debug, Default)]
pub(super) struct Patience(Duration);

impl Patience {
    /// As long as the last transaction took, within bounds.
    pub(super) fn wait(&self) -> Duration {
        self.0.clamp(LEAST, MOST)
    }

    /// Notes how long a transaction took.
    pub(super) fn took(&mut self, took: Duration) {
        self.0 = took;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_as_long_as_the_store_took_within_bounds() {
        let mut patience = Patience::default();
        assert_eq!(patience.wait(), LEAST);
        patience.took(Duration::from_millis(7));
        assert_eq!(patience.wait(), Duration::from_millis(7));
        patience.took(Duration::from_secs(30));
        assert_eq!(patience.wait(), MOST);
    }
}
