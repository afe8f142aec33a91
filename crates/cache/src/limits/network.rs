//! Whom an address stands for.

use std::net::{IpAddr, Ipv6Addr};

/// The network that one subscriber has: an IPv4 address as it is, the first 64 bits of an IPv6
/// address (RFC 6177: a site gets a /64 at the least). An IPv4 address written as IPv6 is the
/// IPv4 address.
///
/// ```
/// use duly_cache::limits::network_of;
///
/// let network = |text: &str| network_of(text.parse().unwrap()).to_string();
/// assert_eq!(network("203.0.113.7"), "203.0.113.7");
/// assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
/// assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
/// ```
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}
