//! The types of settings and how they are written.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

/// The text with the password of a URL replaced, for printing.
pub(super) fn masked(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    // A password with an unwritten / or ? is a mistake, which must not show it either.
    let login = authority
        .rsplit_once('@')
        .map(|(login, host)| (login, host.to_owned() + tail));
    let login = login.or_else(|| {
        rest.rsplit_once('@')
            .map(|(login, host)| (login, host.into()))
    });
    match login {
        Some((login, host)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{host}")
        }
        None => text.to_owned(),
    }
}

/// The text with all that follows the host of a URL replaced, for printing: it may be a secret.
pub(super) fn without_path(text: &str) -> String {
    let masked = masked(text);
    let Some((scheme, rest)) = masked.split_once("://") else {
        return masked;
    };
    match rest.find(['/', '?']).and_then(|end| rest.get(..end)) {
        Some(host) => format!("{scheme}://{host}/***"),
        None => masked,
    }
}

/// A network in CIDR form (RFC 4632, RFC 4291), or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address lies in the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), |prefix| prefix.parse().map_err(|_| ()))?;
        if prefix > longest {
            Err(())
        } else {
            Ok(Network { address, prefix })
        }
    }
}

/// Reads `250ms`, `10s`, `5m`, `2h`, `14d` or `2y`; a year has 365 days.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = number_and_unit(text)?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        "d" => number.checked_mul(86_400).map(Duration::from_secs),
        "y" => number.checked_mul(365 * 86_400).map(Duration::from_secs),
        _ => None,
    }
}

/// Reads `512B`, `256KiB` or `10MiB`, in bytes.
pub(crate) fn size(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    match unit {
        "B" => Some(number),
        "KiB" => number.checked_mul(1024),
        "MiB" => number.checked_mul(1024 * 1024),
        _ => None,
    }
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let (number, unit) = text.split_at(text.find(|found: char| !found.is_ascii_digit())?);
    Some((number.parse().ok()?, unit.trim_start()))
}
