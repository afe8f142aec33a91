//! How often something may be done.
//!
//! A [`Policy`] allows `limit` requests of one key per `window`. The count is a sliding one made
//! of two numbers: what was admitted since the key's window began, and what was admitted in the
//! window before it, weighted by how much of that window still lies within the last `window` of
//! time. So an idle key may use its whole limit at once, the next request is refused, and room
//! comes back little by little.
//!
//! What is promised:
//! - of one key at most `limit` are admitted in a window that begins idle, and fewer than twice
//!   `limit` in *any* stretch of one window's length;
//! - a refused request consumes nothing;
//! - a request is never admitted because it could not be counted. When the table is full, keys
//!   that are new share counters with each other: some may be refused early, none gets more;
//! - the table never holds more than its capacity plus a few shared counters, and what has
//!   expired is dropped;
//! - a clock that is set back forgets nothing and locks nobody out for longer than two windows.
//!
//! [`Tally`] counts in this process: a restart forgets, and each node counts for itself. A
//! [`Limiter`] counts where all nodes do ([`Shared`]), and in this process while that cannot be
//! reached; a policy that is strict then has half its limit, so that its loss opens no door.
//!
//! # Against Laravel's rule
//! `throttle:60,1` counts per user id, else per IP address, in a fixed window of a minute that
//! opens with the first request; refused requests are not counted. The first 60 requests of an
//! idle user, `remaining` going 59, 58, … 0, and the refusal of the 61st are the same here. This
//! module is stricter in four places:
//! - 60 requests at the end of one window and 60 at the start of the next pass there, twice the
//!   limit at one moment; here the second 60 are refused and come back one a second;
//! - looking and counting are two steps there, so requests at the same moment can all pass; here
//!   they are one step;
//! - each address of an IPv6 network has its own count there, and a subscriber has 2⁶⁴ of them;
//!   here they share one ([`network_of`]);
//! - for logins, failures are counted there after the password was checked, so guesses sent in
//!   parallel all pass; here a guess is counted before it is checked ([`Limiter::hit`]) and
//!   forgiven when it was right ([`Limiter::undo`], [`Limiter::forget`]).

mod limiter;
mod network;
mod refusals;
mod shared;
mod table;
mod tally;
mod window;

use std::borrow::Cow;
use std::time::Duration;

pub use limiter::Limiter;
pub use network::network_of;
pub(crate) use shared::lifetime;
pub use shared::{Reading, Shared, Used};
pub use tally::Tally;

/// How often one key may do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Counts of different names never mix; also shown in the `RateLimit` headers.
    pub name: Cow<'static, str>,
    /// How many requests a window admits; with 0 all are refused.
    pub limit: u32,
    /// How long a window is, to the microsecond; less than one counts as one.
    pub window: Duration,
    /// Whether half of the limit applies while nodes cannot count together.
    pub is_strict: bool,
}

impl Policy {
    /// So many requests of one key per window.
    #[must_use]
    pub const fn new(name: &'static str, limit: u32, window: Duration) -> Self {
        Policy {
            name: Cow::Borrowed(name),
            limit,
            window,
            is_strict: false,
        }
    }

    /// The same, but strict.
    #[must_use]
    pub const fn strict(name: &'static str, limit: u32, window: Duration) -> Self {
        Policy {
            name: Cow::Borrowed(name),
            limit,
            window,
            is_strict: true,
        }
    }

    /// A window's length in microseconds.
    pub(crate) fn window_length(&self) -> i64 {
        // Two windows after any instant must still be an instant.
        const LONGEST: i64 = i64::MAX / 8;
        i64::try_from(self.window.as_micros())
            .unwrap_or(LONGEST)
            .clamp(1, LONGEST)
    }
}

/// One request as one policy counts it.
#[derive(Debug, Clone)]
pub struct Count<'policy> {
    /// Which policy.
    pub policy: &'policy Policy,
    /// Who is counted. Of several words the first says with what a count is kept together: the key
    /// of an owner, so that one round trip can look at both.
    pub key: Cow<'policy, str>,
}

/// What a policy says to a request of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether this policy has room for the request.
    pub allowed: bool,
    /// The policy's limit.
    pub limit: u32,
    /// How many more requests have room right now, this one not counted if it was admitted.
    pub remaining: u32,
    /// How long until a refused request has room, if no other takes it; zero when it was admitted.
    /// To the microsecond: round up for `Retry-After`.
    pub retry_after: Duration,
    /// How long until the current window ends.
    pub reset: Duration,
}

/// What policies say to a request: all that were asked, or some that refuse it. It is admitted when
/// all have room, and then counted by all; else by none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing(pub Vec<(Policy, Decision)>);

impl Standing {
    /// Whether the request is admitted.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.0.iter().all(|(_, decision)| decision.allowed)
    }

    /// How long until all have room again.
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        let waits = self.0.iter().map(|(_, decision)| decision.retry_after);
        waits.max().unwrap_or_default()
    }
}
