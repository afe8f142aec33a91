//! Whose data something in the cache is.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// Crockford's alphabet, in small letters.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many characters 64 bits take.
const LENGTH: usize = 13;

/// Names an owner of data to the cache: 64 bits that say nothing about the owner and that nobody
/// can guess who has not been told them.
///
/// A session's cookie and a token carry it, so that a request can ask for everything about its
/// owner before anybody has looked up who that is. It proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnerKey(u64);

impl fmt::Display for OwnerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; LENGTH];
        for (place, character) in text.iter_mut().rev().enumerate() {
            let digit = usize::try_from((self.0 >> (place * 5)) & 31).unwrap_or_default();
            *character = ALPHABET.get(digit).copied().unwrap_or(b'0');
        }
        formatter.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// The text is not that of an [`OwnerKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoOwnerKey;

impl FromStr for OwnerKey {
    type Err = NoOwnerKey;

    fn from_str(text: &str) -> Result<Self, NoOwnerKey> {
        if text.len() != LENGTH {
            return Err(NoOwnerKey);
        }
        let mut number: u128 = 0;
        for byte in text.bytes() {
            let digit = ALPHABET.iter().position(|character| *character == byte);
            let digit = digit.ok_or(NoOwnerKey)?;
            number = number << 5 | u128::try_from(digit).map_err(|_| NoOwnerKey)?;
        }
        u64::try_from(number).map(OwnerKey).map_err(|_| NoOwnerKey)
    }
}

/// Tells the key of an owner by the owner's id. Its `Debug` form shows nothing.
#[derive(Clone)]
pub struct OwnerKeys(Hmac<Sha256>);

impl fmt::Debug for OwnerKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OwnerKeys(…)")
    }
}

impl OwnerKeys {
    /// With a secret that all nodes share.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        // RFC 2104 pads a short key with zeros to the block of the hash; so the length is right
        // and making the key cannot fail.
        let mut block = [0; 64];
        for (target, source) in block.iter_mut().zip(secret) {
            *target = source;
        }
        OwnerKeys(<Hmac<Sha256> as KeyInit>::new(&block.into()))
    }

    /// The key of an owner.
    #[must_use]
    pub fn of(&self, owner: Uuid) -> OwnerKey {
        let mut mac = self.0.clone();
        mac.update(b"owner ");
        mac.update(owner.as_bytes());
        let code = mac.finalize().into_bytes();
        let bytes = code.iter().take(8);
        OwnerKey(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let keys = OwnerKeys::new([7; 32]);
        for number in 0..1_000 {
            let key = keys.of(Uuid::from_u128(number));
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for number in [0, u64::MAX] {
            assert_eq!(OwnerKey(number).to_string().parse(), Ok(OwnerKey(number)));
        }
    }

    #[test]
    fn other_texts_are_no_keys() {
        for text in [
            "",
            "0",
            "00000000000000",
            "zzzzzzzzzzzzz",
            "000000000000u",
            "000000000000A",
        ] {
            assert_eq!(text.parse::<OwnerKey>(), Err(NoOwnerKey), "{text}");
        }
    }

    #[test]
    fn keys_depend_on_the_secret_and_on_the_owner() {
        let owner = Uuid::from_u128;
        let keys = OwnerKeys::new([7; 32]);
        assert_eq!(keys.of(owner(1)), OwnerKeys::new([7; 32]).of(owner(1)));
        assert_ne!(keys.of(owner(1)), keys.of(owner(2)));
        assert_ne!(keys.of(owner(1)), OwnerKeys::new([8; 32]).of(owner(1)));
    }
}
