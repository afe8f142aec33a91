//! Who reaches Duly, and by which way.

use std::net::{IpAddr, SocketAddr};

use super::report::{Finding, fine, warn};
use crate::config::Config;

pub(super) fn public_url(config: &Config) -> Finding {
    let http = &config.http;
    let url = &http.public_url;
    let local = http.listen.ip().is_loopback() || url.starts_with("http://127.");
    if !http.is_https() && !local {
        return warn(
            format!("{url} is not encrypted: anybody on the way can read passwords"),
            "put a proxy with TLS in front and set http.public_url",
        );
    }
    if http.is_https() && http.trusted_proxies.is_empty() {
        return warn(
            format!(
                "{url} is a proxy that is not trusted, so all people seem to have its address and share limits"
            ),
            "name its address in http.trusted_proxies",
        );
    }
    fine(url.clone())
}

/// Nobody who asks there is asked who they are.
pub(super) fn operations(listen: Option<SocketAddr>) -> Finding {
    let Some(address) = listen else {
        return fine("no process tells how it is (operations.listen)");
    };
    let remedy = "let nobody but Prometheus and the probes reach it, by a firewall or a network policy, or set \
                  operations.listen to an address that only they reach";
    match address.ip() {
        ip if ip.is_loopback() => fine(format!("{address}, for this machine")),
        ip if ip.is_unspecified() => warn(
            format!("{address} is every address of this machine, and nobody is asked who they are"),
            remedy,
        ),
        ip if is_private(ip) => fine(format!("{address}, in a private network")),
        _ => warn(
            format!("{address} is public, and nobody is asked who they are"),
            remedy,
        ),
    }
}

/// RFC 1918, RFC 3927, RFC 4193, RFC 4291.
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::report::Status;

    #[test]
    fn only_operators_should_reach_what_is_theirs() {
        let status = |text: &str| operations(Some(text.parse().unwrap())).status;
        for inside in [
            "127.0.0.1:9090",
            "[::1]:9090",
            "10.0.0.7:9090",
            "[fd00::7]:9090",
        ] {
            assert_eq!(status(inside), Status::Ok, "{inside}");
        }
        for outside in [
            "0.0.0.0:9090",
            "[::]:9090",
            "203.0.113.7:9090",
            "[2001:db8::7]:9090",
        ] {
            assert_eq!(status(outside), Status::Warning, "{outside}");
        }
        assert_eq!(operations(None).status, Status::Ok);
    }
}
