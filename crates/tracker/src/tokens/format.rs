//! How a token is written: `duly_<tag>_<secret>_<checksum>`.
//!
//! The beginning lets secret scanners find a token that has leaked, the checksum lets them and us
//! tell junk from a token without a look-up, and the tag says to the cache whose it is. Only the
//! secret proves anything.

use duly_cache::OwnerKey;

use crate::secret::Secret;

const START: &str = "duly_";
const TAG: usize = 13;
const SECRET: usize = 43;
const CHECKSUM: usize = 8;
const LENGTH: usize = START.len() + TAG + 1 + SECRET + 1 + CHECKSUM;

/// The text of a token.
pub(super) fn write(owner: OwnerKey, secret: &Secret) -> Secret {
    let body = format!("{START}{owner}_{}", secret.reveal());
    Secret::received(format!("{body}_{:08x}", checksum(body.as_bytes())))
}

/// Whose token it says it is; nothing unless it is written like one, checksum included.
pub(super) fn owner(text: &str) -> Option<&str> {
    let (body, sum) = text.rsplit_once('_')?;
    let is_whole = text.len() == LENGTH
        && sum.len() == CHECKSUM
        && sum == format!("{:08x}", checksum(body.as_bytes()));
    let tag = body.strip_prefix(START)?.get(..TAG)?;
    is_whole.then_some(tag)
}

/// CRC-32 as in gzip (RFC 1952 §8).
fn checksum(bytes: &[u8]) -> u32 {
    let sum = bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            let carry = if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
            (sum >> 1) ^ carry
        })
    });
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc_32() {
        // The check value of the catalogue of CRC algorithms.
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum(b""), 0);
    }

    #[test]
    fn a_token_is_recognised_and_a_mistyped_one_is_not() {
        let key: OwnerKey = "0123456789abc".parse().unwrap();
        let random = duly_db::random::SeededRandom::new(1);
        let token = write(key, &Secret::new(random.as_ref()));
        let text = token.reveal();
        assert!(text.starts_with("duly_0123456789abc_"), "{text}");
        assert_eq!(owner(text), Some("0123456789abc"));
        for other in [
            &text.replacen("duly_0", "duly_1", 1),
            &format!("{text} "),
            "",
            "_",
            &text.to_uppercase(),
        ] {
            assert_eq!(owner(other), None, "{other}");
        }
    }
}
