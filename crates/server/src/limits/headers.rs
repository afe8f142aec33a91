//! What an answer says of the limits it counted for.

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use duly_cache::limits::{Decision, Policy, Standing};
use jiff::Timestamp;

/// Says it in two ways: `RateLimit-Policy` and `RateLimit` name every policy (the form of
/// draft-ietf-httpapi-ratelimit-headers-10), and the `X-RateLimit-` headers, as Laravel sends
/// them, tell of the one with the least left, with `Reset` only when it refuses.
pub(crate) fn announce(headers: &mut HeaderMap, standing: &Standing, now: Timestamp) {
    let (mut policies, mut rates) = (String::new(), String::new());
    for (policy, decision) in &standing.0 {
        let separator = if policies.is_empty() { "" } else { ", " };
        let Policy { name, limit, .. } = policy;
        let window = policy.window.as_secs().max(1);
        let _ = write!(policies, "{separator}\"{name}\";q={limit};w={window}");
        let (remaining, reset) = (decision.remaining, seconds(decision.reset));
        let _ = write!(rates, "{separator}\"{name}\";r={remaining};t={reset}");
    }
    let Some(tightest) = tightest(standing) else {
        return;
    };
    let mut set = |name: &'static str, value: Result<HeaderValue, _>| {
        if let Ok::<_, axum::http::header::InvalidHeaderValue>(value) = value {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("ratelimit-policy", HeaderValue::try_from(policies));
    set("ratelimit", HeaderValue::try_from(rates));
    set("x-ratelimit-limit", Ok(tightest.limit.into()));
    set("x-ratelimit-remaining", Ok(tightest.remaining.into()));
    if !tightest.allowed {
        let wait = i64::try_from(seconds(tightest.retry_after)).unwrap_or(i64::MAX / 2);
        let reset = now.as_second().saturating_add(wait);
        set("x-ratelimit-reset", Ok(reset.into()));
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
