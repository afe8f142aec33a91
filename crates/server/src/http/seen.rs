//! What a client has seen that the nodes may not know of yet.
//!
//! Whoever changes or is shown something is answered after all nodes have been told. When that cannot be
//! done, as when this node alone does not reach Redis, the answer says which version of their data the client
//! has seen, and the client says so in turn: a browser by a cookie, a program by sending the header back. The
//! nodes are told by the database within a second, so that it need not be kept for longer.

use axum::http::{HeaderMap, HeaderValue, header};
use duly_db::Version;

use super::cookie;

const HEADER: &str = "duly-version";
const COOKIE: &str = "duly_version";

/// In seconds.
const LIFETIME: u32 = 10;

/// Tells the client what it has seen.
pub(crate) fn tell(headers: &mut HeaderMap, version: Version) {
    let number = version.number();
    headers.insert(HEADER, HeaderValue::from(number));
    // No secret, and no harm comes of forging it: whoever does only waits for the database.
    let text = format!("{COOKIE}={number}; Path=/api; Max-Age={LIFETIME}; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// What the client says that it has seen.
pub(crate) fn by_client(headers: &HeaderMap) -> Option<Version> {
    let header = headers.get(HEADER).and_then(|line| line.to_str().ok());
    let said = header.or_else(|| cookie::named(headers, COOKIE))?;
    said.trim().parse().ok().map(Version::of)
}
