//! Passwords, and how they are hashed: Argon2id, a few at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use duly_db::Random;
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::input::{FromText, Wrong};
use crate::secret::Secret;
use crate::{Error, Result};

/// How many callers may wait for their turn to hash; further ones are sent away.
const WAITING: usize = 50;

/// How many random bytes go into a hash beside the password.
const SALT: usize = 16;

/// A password somebody typed, in the normal form NFKC, so that it is the same on every keyboard
/// (NIST SP 800-63B-4 §3.1.1.2). Its `Debug` form shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The longest password, in characters. None is ever cut.
    pub const LONGEST: usize = 256;

    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A password that nobody knows, for an account that waits for its person to choose one.
    pub(super) fn unknown(secret: &Secret) -> Self {
        Password(secret.reveal().to_owned())
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password(…)")
    }
}

impl FromText for Password {
    fn from_text(text: &str) -> std::result::Result<Self, Wrong> {
        if text.is_empty() {
            return Err(Wrong::new("required", "is required"));
        }
        if text.chars().nth(Self::LONGEST).is_some() {
            let message = format!("must have at most {} characters", Self::LONGEST);
            return Err(Wrong::new("too_long", message));
        }
        Ok(Password(text.nfkc().collect()))
    }
}

/// What one hash costs whoever computes it.
#[derive(Debug, Clone)]
pub struct HashCost(Params);

impl HashCost {
    /// The least that OWASP's Password Storage Cheat Sheet allows for Argon2id, and our default:
    /// 19 MiB of memory, two passes, one lane.
    pub const LEAST_MEMORY_KIB: u32 = 19_456;
    /// See [`HashCost::LEAST_MEMORY_KIB`].
    pub const LEAST_PASSES: u32 = 2;

    /// A cost of so much memory (KiB) and so many passes over it.
    ///
    /// # Errors
    /// [`Error::Invalid`], field `argon2_memory` or `argon2_iterations`, when it is below the
    /// least cost or beyond what Argon2 can do.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self> {
        if memory_kib < Self::LEAST_MEMORY_KIB {
            let message = format!("must be at least {} KiB", Self::LEAST_MEMORY_KIB);
            return Err(Error::field("argon2_memory", "too_small", message));
        }
        if passes < Self::LEAST_PASSES {
            let message = format!("must be at least {}", Self::LEAST_PASSES);
            return Err(Error::field("argon2_iterations", "too_small", message));
        }
        Params::new(memory_kib, passes, 1, None)
            .map(HashCost)
            .map_err(|error| Error::field("argon2_memory", "invalid", error.to_string()))
    }

    /// So cheap that it protects nothing: for tests.
    #[cfg(feature = "testing")]
    #[must_use]
    #[expect(clippy::expect_used, reason = "only tests call this")]
    pub fn cheap(passes: u32) -> Self {
        HashCost(Params::new(Params::MIN_M_COST, passes, 1, None).expect("a valid cost"))
    }
}

/// What comparing a password with a stored hash has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is another password, or there is no stored hash.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, but its hash costs less than it should by now.
    RightButWeak,
}

/// Hashes and compares passwords, off the async threads and a few at a time, so that log-ins
/// cannot take all processors and memory away from everyone else. Clones share the limits.
#[derive(Debug, Clone)]
pub struct PasswordHasher {
    argon: Argon,
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl PasswordHasher {
    /// At most `permits` hashes run at the same time (at least one).
    #[must_use]
    pub fn new(cost: HashCost, permits: usize) -> Self {
        PasswordHasher {
            argon: Argon {
                wanted: cost.0,
                runs: Arc::default(),
            },
            permits: Arc::new(Semaphore::new(permits.max(1))),
            waiting: Arc::default(),
        }
    }

    /// How many times Argon2 has run.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.argon.runs.load(Ordering::Relaxed)
    }

    /// What to store for a password: a PHC string with its salt and cost.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many others wait.
    pub async fn hash(&self, random: &dyn Random, password: &Password) -> Result<String> {
        let mut salt = [0; SALT];
        random.fill(&mut salt);
        let password = password.clone();
        let hash = self.run(move |argon| argon.hash(&argon.wanted, &password, &salt));
        hash.await.map(|hash| hash.to_string())
    }

    /// Compares a password with what is stored. Without a stored hash the same work is done, so
    /// that the time does not tell who has an account.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many others wait.
    pub async fn verify(&self, password: &Password, stored: Option<String>) -> Result<Verdict> {
        let password = password.clone();
        self.run(move |argon| argon.compare(&password, stored.as_deref()))
            .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let busy = || Error::Unavailable("too many log-ins at the same time".into());
        let permit = match self.permits.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let _place = Place::take(&self.waiting).ok_or_else(busy)?;
                let turn = self.permits.clone().acquire_owned().await;
                turn.map_err(|_| busy())?
            }
        };
        let argon = self.argon.clone();
        let hashing = tokio::task::spawn_blocking(move || {
            let answer = work(&argon);
            // Held until the memory is free again, also when the caller has gone away.
            drop(permit);
            answer
        });
        let ended = hashing.await;
        ended.map_err(|error| Error::Internal(format!("hashing failed: {error}")))?
    }
}

/// Argon2id, counted.
#[derive(Debug, Clone)]
struct Argon {
    wanted: Params,
    runs: Arc<AtomicU64>,
}

impl Argon {
    fn hash(&self, cost: &Params, password: &Password, salt: &[u8]) -> Result<PasswordHash> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.clone())
            .hash_password_with_salt(password.reveal().as_bytes(), salt)
            .map_err(|error| Error::Internal(format!("hashing failed: {error}")))
    }

    /// With or without a stored hash there is one way through, with one run of Argon2.
    fn compare(&self, password: &Password, stored: Option<&str>) -> Result<Verdict> {
        let (cost, salt, expected) = match stored {
            Some(stored) => parse(stored)?,
            None => (self.wanted.clone(), vec![0; SALT], Vec::new()),
        };
        let found = self.hash(&cost, password, &salt)?;
        let found = found
            .hash
            .as_ref()
            .map_or(&[][..], |output| output.as_bytes());
        if expected.is_empty() || !bool::from(found.ct_eq(&expected)) {
            return Ok(Verdict::Wrong);
        }
        let weak = cost.m_cost() < self.wanted.m_cost() || cost.t_cost() < self.wanted.t_cost();
        Ok(if weak {
            Verdict::RightButWeak
        } else {
            Verdict::Right
        })
    }
}

/// Cost, salt and output of a stored hash.
fn parse(stored: &str) -> Result<(Params, Vec<u8>, Vec<u8>)> {
    let damaged = || Error::Internal("a stored password hash is damaged".into());
    let hash = PasswordHash::new(stored).map_err(|_| damaged())?;
    let cost = Params::try_from(&hash).map_err(|_| damaged())?;
    let (Some(salt), Some(output)) = (&hash.salt, &hash.hash) else {
        return Err(damaged());
    };
    Ok((cost, salt.to_vec(), output.as_bytes().to_vec()))
}

/// A place in the queue of those who wait for their turn.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Place(waiting.clone());
        let before = waiting.fetch_add(1, Ordering::AcqRel);
        (before < WAITING).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
