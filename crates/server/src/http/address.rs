//! Whose address a request comes from, behind any number of trusted proxies.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;

use crate::config::Network;

/// The nearest address that is not one of our proxies: `X-Forwarded-For` is read from the right,
/// and each entry is believed only when the one who added it is trusted. What a client wrote
/// itself stands further left and is never reached.
#[must_use]
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let mut address = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(address) {
        return address;
    }
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Some(named) = read(entry.trim()) else {
            return address;
        };
        address = named;
        if !is_trusted(address) {
            return address;
        }
    }
    address
}

/// An address, perhaps with a port or in brackets, as proxies write it.
fn read(entry: &str) -> Option<IpAddr> {
    let bare = entry
        .strip_prefix('[')
        .and_then(|rest| rest.split(']').next())
        .unwrap_or(entry);
    let address: IpAddr = match bare.parse() {
        Ok(address) => address,
        Err(_) => bare.rsplit_once(':')?.0.parse().ok()?,
    };
    Some(address.to_canonical())
}

/// What counts as one client: an IPv4 address, or the /64 an IPv6 subscriber is given.
#[must_use]
pub fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(peer: &str, forwarded: &[&str]) -> String {
        let trusted = [
            "10.0.0.0/8".parse().expect("a network"),
            "::1".parse().expect("a network"),
        ];
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().expect("a header"));
        }
        client(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn an_untrusted_peer_cannot_name_another_address() {
        assert_eq!(walk("203.0.113.9", &["10.0.0.1"]), "203.0.113.9");
    }

    #[test]
    fn the_walk_stops_at_the_first_address_that_is_not_ours() {
        assert_eq!(
            walk("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.2"]),
            "203.0.113.9"
        );
        assert_eq!(walk("10.0.0.1", &["1.1.1.1", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(walk("::1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(walk("::ffff:10.0.0.1", &["203.0.113.9:80"]), "203.0.113.9");
    }

    #[test]
    fn nonsense_is_not_believed() {
        assert_eq!(walk("10.0.0.1", &["203.0.113.9, unknown"]), "10.0.0.1");
        assert_eq!(walk("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(walk("10.0.0.1", &["10.0.0.3"]), "10.0.0.3");
    }

    #[test]
    fn an_ipv6_subscriber_is_a_network() {
        let address = "2001:db8:1:2:3:4:5:6".parse().expect("an address");
        assert_eq!(subscriber(address).to_string(), "2001:db8:1:2::");
        assert_eq!(
            subscriber("::ffff:1.2.3.4".parse().expect("an address")).to_string(),
            "1.2.3.4"
        );
    }
}
