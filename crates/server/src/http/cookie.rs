//! The session cookie.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use duly_tracker::secret::Secret;

/// Without TLS browsers refuse the `__Host-` prefix.
const PLAIN: &str = "duly_session";

/// The prefix makes browsers refuse the cookie unless it is `Secure`, for the whole site and
/// set by this very host (RFC 6265bis).
const SECURE: &str = "__Host-duly_session";

/// The secret in the cookie. Under TLS only the prefixed name counts: another could have been set
/// by a neighbouring host.
#[must_use]
pub fn session(headers: &HeaderMap, https: bool) -> Option<&str> {
    named(headers, if https { SECURE } else { PLAIN })
}

/// The value of a cookie.
pub(super) fn named<'headers>(
    headers: &'headers HeaderMap,
    expected: &str,
) -> Option<&'headers str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(expected)?.strip_prefix('='))
}

/// The header that keeps a session in the browser.
#[must_use]
pub fn keep(secret: &Secret, lifetime: Duration, https: bool) -> Option<HeaderValue> {
    write(secret.reveal(), lifetime.as_secs(), https)
}

/// The header that makes the browser forget the session.
#[must_use]
pub fn forget(https: bool) -> Option<HeaderValue> {
    write("", 0, https)
}

fn write(value: &str, seconds: u64, https: bool) -> Option<HeaderValue> {
    let (name, secure) = if https {
        (SECURE, "; Secure")
    } else {
        (PLAIN, "")
    };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}
