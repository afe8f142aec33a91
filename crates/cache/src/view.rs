//! What is kept: answers as they are sent, each with the version it is of.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use duly_db::Version;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// Nothing is served that was loaded longer ago than this, whatever else says that it is true:
/// the bound for all that nobody has thought of.
pub const LONGEST_KEPT: SignedDuration = SignedDuration::from_secs(600);

/// Which answer to an owner: everything it depends on beside the owner's data and the clock.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct View([u8; 16]);

impl View {
    /// The answer that the parts name. `representation` changes with each release that writes
    /// answers differently, so that no release reads what another has kept.
    #[must_use]
    pub fn of(representation: &str, parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(&representation).chain(parts) {
            hash.update(part.len().to_le_bytes());
            hash.update(part.as_bytes());
        }
        let mut short = [0; 16];
        for (target, source) in short.iter_mut().zip(hash.finalize()) {
            *target = source;
        }
        View(short)
    }

    /// The 128 bits.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Two digits a byte. Each request to Redis needs some, so it is written without the formatting of
/// the standard library.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(digits);
    text
}

impl fmt::Display for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "View({self})")
    }
}

/// An answer that is kept.
#[derive(Debug)]
pub struct Entry {
    /// The version of the owner's data it was made from.
    pub version: Version,
    /// When it was made.
    pub loaded: Timestamp,
    /// When the clock alone makes it wrong, for example the owner's next midnight.
    pub until: Option<Timestamp>,
    /// Its entity tag, quotes included (RFC 9110, 8.8.3).
    pub tag: Box<str>,
    /// The body as it is sent.
    pub body: Bytes,
    was_served: AtomicBool,
    compressed: OnceLock<Option<Bytes>>,
}

impl Entry {
    /// An answer as it was made.
    pub fn new(version: Version, loaded: Timestamp, tag: impl Into<Box<str>>, body: Bytes) -> Self {
        Entry {
            version,
            loaded,
            until: None,
            tag: tag.into(),
            body,
            was_served: AtomicBool::new(false),
            compressed: OnceLock::new(),
        }
    }

    /// The same, wrong from the given moment on.
    #[must_use]
    pub fn until(mut self, until: Option<Timestamp>) -> Self {
        self.until = until;
        self
    }

    /// Whether the clock still allows to serve it.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.loaded);
        // A clock that was set back says nothing about an age.
        let is_young = age <= LONGEST_KEPT && age >= -LONGEST_KEPT;
        is_young && self.until.is_none_or(|until| now < until)
    }

    /// The compressed body, made when the entry is served for the second time: most are served
    /// once.
    pub fn compressed(&self, compress: impl FnOnce(&Bytes) -> Option<Bytes>) -> Option<Bytes> {
        if !self.was_served.swap(true, Ordering::Relaxed) {
            return None;
        }
        self.compressed.get_or_init(|| compress(&self.body)).clone()
    }

    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        /// The entry itself and its place in a map.
        const OVERHEAD: usize = 250;
        // A compressed form takes about a fifth.
        self.body.len() * 6 / 5 + self.tag.len() + OVERHEAD
    }

    /// As bytes, for a place outside of this process.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let until = self.until.map_or(i64::MAX, Timestamp::as_microsecond);
        let tag = self.tag.as_bytes();
        let length = u8::try_from(tag.len()).unwrap_or(u8::MAX);
        let tag = tag.get(..usize::from(length)).unwrap_or_default();
        let mut bytes = Vec::with_capacity(HEAD + tag.len() + self.body.len());
        bytes.extend(self.version.number().to_be_bytes());
        bytes.extend(self.loaded.as_microsecond().to_be_bytes());
        bytes.extend(until.to_be_bytes());
        bytes.push(length);
        bytes.extend(tag);
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// What [`Entry::encode`] has written; nothing when it is anything else.
    #[must_use]
    pub fn decode(bytes: &Bytes) -> Option<Self> {
        let number = |from: usize| {
            let bytes = bytes.get(from..from + 8)?;
            Some(i64::from_be_bytes(bytes.try_into().ok()?))
        };
        let (version, loaded, until) = (number(0)?, number(8)?, number(16)?);
        let body = HEAD + usize::from(*bytes.get(HEAD - 1)?);
        let tag = std::str::from_utf8(bytes.get(HEAD..body)?).ok()?;
        let until = match until {
            i64::MAX => None,
            until => Some(Timestamp::from_microsecond(until).ok()?),
        };
        let loaded = Timestamp::from_microsecond(loaded).ok()?;
        Some(Entry::new(Version::of(version), loaded, tag, bytes.slice(body..)).until(until))
    }
}

/// How long what precedes the tag is.
const HEAD: usize = 3 * 8 + 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn entry() -> Entry {
        Entry::new(
            Version::of(7),
            at(1_000),
            "\"7\"",
            Bytes::from_static(b"{}"),
        )
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        for until in [None, Some(at(2_000))] {
            let bytes = Bytes::from(entry().until(until).encode());
            let read = Entry::decode(&bytes).unwrap();
            assert_eq!(
                (
                    read.version,
                    read.loaded,
                    read.until,
                    &*read.tag,
                    &*read.body
                ),
                (Version::of(7), at(1_000), until, "\"7\"", b"{}".as_slice())
            );
            for length in 0..HEAD {
                assert!(Entry::decode(&bytes.slice(..length)).is_none());
            }
        }
    }

    #[test]
    fn what_the_clock_has_made_wrong_is_not_fresh() {
        assert!(entry().is_fresh(at(1_600)));
        assert!(!entry().is_fresh(at(1_601)));
        assert!(!entry().is_fresh(at(1_000 - 601)));
        let today = entry().until(Some(at(1_100)));
        assert!(today.is_fresh(at(1_099)));
        assert!(!today.is_fresh(at(1_100)));
    }

    #[test]
    fn views_differ_when_any_part_does() {
        let view = View::of("1", &["/tasks", "a=b"]);
        assert_eq!(view, View::of("1", &["/tasks", "a=b"]));
        for other in [
            View::of("2", &["/tasks", "a=b"]),
            View::of("1", &["/tasksa", "=b"]),
            View::of("1", &["/tasks", "a=b", ""]),
        ] {
            assert_ne!(view, other);
        }
    }

    #[test]
    fn the_compressed_form_is_made_once_and_not_at_the_first_time() {
        let entry = entry();
        assert_eq!(entry.compressed(|_| panic!("too early")), None);
        let made = Bytes::from_static(b"c");
        assert_eq!(entry.compressed(|_| Some(made.clone())), Some(made.clone()));
        assert_eq!(entry.compressed(|_| panic!("again")), Some(made));
    }
}
