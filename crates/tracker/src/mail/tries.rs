//! How long mails wait for a mail server that is down, or says "later": for a night, whatever they are about.

use std::time::Duration;

use duly_queue::Backoff;

/// Half a minute, doubling to an hour.
pub(crate) const BACKOFF: Backoff = Backoff::Exponential {
    first: Duration::from_secs(30),
    cap: Duration::from_secs(3600),
};

/// About 14 hours with [`BACKOFF`].
pub(crate) const TRIES: u32 = 20;

/// Of a mail that somebody sits and waits for: 10 s, doubling to five minutes, so that it comes soon after the server
/// is back.
pub(crate) const AWAITED_BACKOFF: Backoff = Backoff::Exponential {
    first: Duration::from_secs(10),
    cap: Duration::from_secs(300),
};

/// About 14 hours with [`AWAITED_BACKOFF`].
pub(crate) const AWAITED_TRIES: u32 = 172;
