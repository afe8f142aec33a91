//! Secrets: how they are made, kept and compared.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use duly_cache::{OwnerKey, OwnerKeys};
use duly_db::Random;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The SHA-256 of a secret: what is kept of it, so that a stolen database opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHash(pub Vec<u8>);

impl From<SecretHash> for duly_db::Value {
    fn from(hash: SecretHash) -> Self {
        duly_db::Value::Bytes(hash.0)
    }
}

/// A secret of 256 random bits, as text for a cookie, a token or a link. Its `Debug` form shows nothing.
#[derive(Clone)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl Secret {
    /// A new secret.
    #[must_use]
    pub fn new(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Secret(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// A new secret that says to the cache whose it is.
    #[must_use]
    pub fn of(owner: OwnerKey, random: &dyn Random) -> Self {
        Secret(format!("{owner}.{}", Self::new(random).0))
    }

    /// A secret somebody sent us.
    pub fn received(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text, for the cookie or the link.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What to keep in the database or to look up by.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(self.digest().to_vec())
    }

    /// The same as it is.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// The key that signs links in mails; made at first start and kept in the database.
#[derive(Clone)]
pub struct SigningKey([u8; 32]);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// Uses the given 256 bits.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        SigningKey(key)
    }

    /// What names owners to the cache.
    #[must_use]
    pub fn owner_keys(&self) -> OwnerKeys {
        OwnerKeys::new(self.0)
    }

    /// The signature of a message: HMAC-SHA-256 (RFC 2104).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.keyed(message).finalize().into_bytes().to_vec()
    }

    /// Whether the signature belongs to the message, compared in constant time.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.keyed(message).verify_slice(signature).is_ok()
    }

    fn keyed(&self, message: &[u8]) -> Hmac<Sha256> {
        // RFC 2104 pads a short key with zeros to the block of the hash; so the length is right
        // and making the key cannot fail.
        let mut block = [0; 64];
        for (target, source) in block.iter_mut().zip(self.0) {
            *target = source;
        }
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        mac.update(message);
        mac
    }
}
