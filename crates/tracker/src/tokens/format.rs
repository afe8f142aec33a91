//! How a token is written: `duly_<tag>_<secret>_<checksum>`.
//!
//! The beginning lets secret scanners find a token that has leaked, the checksum lets them and us
//! tell junk from a token without a look-up, and the tag, the end of the token's id, tells its
//! owner which one it is. Only the secret proves anything.

use crate::id::TokenId;
use crate::secret::Secret;

const START: &str = "duly_";
const TAG: usize = 8;
const SECRET: usize = 43;
const CHECKSUM: usize = 8;
const LENGTH: usize = START.len() + TAG + 1 + SECRET + 1 + CHECKSUM;

/// The text of a token.
pub(super) fn write(id: TokenId, secret: &Secret) -> Secret {
    let hex = id.0.simple().to_string();
    let tag = hex.get(hex.len() - TAG..).unwrap_or_default();
    let body = format!("{START}{tag}_{}", secret.reveal());
    Secret::received(format!("{body}_{:08x}", checksum(body.as_bytes())))
}

/// Whether a text is written like a token, checksum included.
pub(super) fn is_token(text: &str) -> bool {
    let Some((body, sum)) = text.rsplit_once('_') else {
        return false;
    };
    text.len() == LENGTH
        && text.starts_with(START)
        && sum.len() == CHECKSUM
        && sum == format!("{:08x}", checksum(body.as_bytes()))
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
        let id = TokenId("01900000-0000-7000-8000-0123456789ab".parse().unwrap());
        let random = duly_db::random::SeededRandom::new(1);
        let token = write(id, &Secret::new(random.as_ref()));
        let text = token.reveal();
        assert!(text.starts_with("duly_456789ab_"), "{text}");
        assert!(is_token(text));
        assert!(!is_token(&text.replacen("duly_4", "duly_5", 1)));
        assert!(!is_token(&format!("{text} ")));
        assert!(!is_token(""));
        assert!(!is_token("_"));
        assert!(!is_token(&text.to_uppercase()));
    }
}
