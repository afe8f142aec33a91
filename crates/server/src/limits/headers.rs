//! What an answer says of the limits it counted for.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use duly_cache::limits::{Decision, Standing};
use duly_db::SharedClock;

/// Says it in two ways: `RateLimit-Policy` and `RateLimit` name every policy (the form of
/// draft-ietf-httpapi-ratelimit-headers-10), and the `X-RateLimit-` headers, as Laravel sends
/// them, tell of the one with the least left, with `Reset` only when it refuses.
pub(crate) fn announce(headers: &mut HeaderMap, standing: &Standing, clock: &SharedClock) {
    let Some(tightest) = tightest(standing) else {
        return;
    };
    // Room for two, which most answers name at most.
    let (mut policies, mut rates) = (Items::with_capacity(64), Items::with_capacity(64));
    for (policy, decision) in &standing.0 {
        let window = policy.window.as_secs().max(1);
        policies.add(&policy.name, [("q", policy.limit.into()), ("w", window)]);
        let reset = seconds(decision.reset);
        rates.add(
            &policy.name,
            [("r", decision.remaining.into()), ("t", reset)],
        );
    }
    for (name, items) in [(POLICIES, policies), (RATES, rates)] {
        if let Ok(value) = HeaderValue::try_from(items.0) {
            headers.insert(name, value);
        }
    }
    headers.insert(LIMIT, tightest.limit.into());
    headers.insert(REMAINING, tightest.remaining.into());
    if !tightest.allowed {
        let wait = i64::try_from(seconds(tightest.retry_after)).unwrap_or(i64::MAX / 2);
        let reset = clock.now().as_second().saturating_add(wait);
        headers.insert(RESET, reset.into());
    }
}

/// Leaves out what was made room for ([`NAMES`]) when no limit has anything to say.
pub(crate) fn say_nothing(headers: &mut HeaderMap) {
    for name in NAMES {
        headers.remove(name);
    }
}

/// The headers of an answer that was admitted.
pub(crate) const NAMES: [HeaderName; 4] = [POLICIES, RATES, LIMIT, REMAINING];

const POLICIES: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATES: HeaderName = HeaderName::from_static("ratelimit");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// A list of named items with numbers as parameters (RFC 9651, 3.1). Each answer has two, so it is
/// written without the formatting of the standard library.
struct Items(String);

impl Items {
    fn with_capacity(bytes: usize) -> Self {
        Items(String::with_capacity(bytes))
    }

    fn add(&mut self, name: &str, parameters: [(&str, u64); 2]) {
        let separator = if self.0.is_empty() { "\"" } else { ", \"" };
        for part in [separator, name, "\""] {
            self.0.push_str(part);
        }
        for (key, number) in parameters {
            let mut digits = itoa::Buffer::new();
            for part in [";", key, "=", digits.format(number)] {
                self.0.push_str(part);
            }
        }
    }
}

fn tightest(standing: &Standing) -> Option<Decision> {
    let decisions = standing.0.iter().map(|(_, decision)| *decision);
    decisions.min_by_key(|decision| (decision.allowed, decision.remaining))
}

/// Rounded up: who comes back then is not early.
pub(crate) fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
