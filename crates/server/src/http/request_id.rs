//! One id for a request in the logs of the balancer, of the node, and of the database.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName};
use uuid::Uuid;

use crate::config::Network;

/// Where it stands, in a request and in its answer.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id that a trusted proxy gave the request in `X-Request-Id`: a UUID, with or without hyphens.
/// `None` when it gave none, several, or something else; what anybody else writes there is not read.
#[must_use]
pub(super) fn given(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Option<Uuid> {
    let peer = peer.to_canonical();
    if !trusted.iter().any(|network| network.contains(peer)) {
        return None;
    }
    let mut lines = headers.get_all(REQUEST_ID).iter();
    let (only, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    let id = Uuid::try_parse(only.to_str().ok()?).ok()?;
    (!id.is_nil()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "5f0c3b8e-1d2a-4c6b-9e7f-0a1b2c3d4e5f";

    fn read(peer: &str, lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-request-id", line.parse().expect("a header"));
        }
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        let given = given(peer.parse().expect("an address"), &headers, &trusted);
        given.map(|id| id.to_string())
    }

    #[test]
    fn a_balancer_names_the_request() {
        assert_eq!(read("10.0.0.1", &[ID]).as_deref(), Some(ID));
        let bare = ID.replace('-', "");
        assert_eq!(read("::ffff:10.0.0.1", &[&bare]).as_deref(), Some(ID));
    }

    #[test]
    fn nobody_else_does() {
        assert_eq!(read("203.0.113.9", &[ID]), None);
    }

    #[test]
    fn nonsense_is_no_name() {
        for lines in [
            &[][..],
            &["req-1"],
            &[ID, ID],
            &["00000000-0000-0000-0000-000000000000"],
        ] {
            assert_eq!(read("10.0.0.1", lines), None, "{lines:?}");
        }
    }
}
