//! A value as it is kept.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::key::Vector;

/// What can be kept. What serde leaves out is left out for whoever finds it.
pub trait Value: Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Value for T {}

/// A value that is kept, with what it is made from.
pub struct Stored {
    /// When its load began, so that it is never older than it says.
    pub made: Timestamp,
    /// What it is made from.
    pub vector: Vector,
    body: Bytes,
    /// Read once, for all who find it here.
    value: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// What stands before the value, on a line of its own.
#[derive(Serialize, Deserialize)]
struct Head {
    made: i64,
    vector: Vector,
}

impl Stored {
    pub(super) fn new<T: Value>(made: Timestamp, vector: Vector, value: &Arc<T>) -> Self {
        let read: Arc<dyn Any + Send + Sync> = value.clone();
        let body = serde_json::to_vec(&**value).unwrap_or_else(|error| {
            tracing::warn!(%error, "a value cannot be written, and is not kept");
            Vec::new()
        });
        Stored {
            made,
            vector,
            body: body.into(),
            value: OnceLock::from(read),
        }
    }

    /// Whether it can be read again.
    pub(super) fn is_written(&self) -> bool {
        !self.body.is_empty()
    }

    /// The value, unless it is of another type.
    pub(super) fn value<T: Value>(&self) -> Option<Arc<T>> {
        let read = self.value.get().cloned();
        if let Some(value) = read.and_then(|value| value.downcast().ok()) {
            return Some(value);
        }
        let value: Arc<T> = Arc::new(serde_json::from_slice(&self.body).ok()?);
        // Where one of another type stands, this one is read each time.
        let _ = self.value.set(value.clone());
        Some(value)
    }

    /// Whether it was made within that time. Of a clock that was set back nothing is known.
    pub(super) fn is_within(&self, age: Duration, now: Timestamp) -> bool {
        let past = now.duration_since(self.made);
        let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
        past <= age && past >= -age
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        /// The entry itself, its place in a map and its vector, about.
        const OVERHEAD: usize = 500;
        // The value that was read takes as much again, about.
        self.body.len() * 2 + OVERHEAD
    }

    /// As bytes, for a place outside of this process.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let head = Head {
            made: self.made.as_microsecond(),
            vector: self.vector.clone(),
        };
        // Texts and numbers can always be written; without a head nothing is read.
        let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// What [`Stored::encode`] has written; nothing when it is anything else.
    #[must_use]
    pub fn decode(bytes: &Bytes) -> Option<Self> {
        // Within JSON a line's end is written as an escape.
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(bytes.get(..end)?).ok()?;
        Some(Stored {
            made: Timestamp::from_microsecond(head.made).ok()?,
            vector: head.vector,
            body: bytes.slice(end + 1..),
            value: OnceLock::new(),
        })
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut stored = formatter.debug_struct("Stored");
        stored.field("made", &self.made);
        stored.field("vector", &self.vector).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::key::{Key, Mark};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn stored() -> Stored {
        let vector = Key::named("a").of("line\nend").vector(&[Some(Mark(3))]);
        let value = Arc::new(vec!["x\ny".to_owned()]);
        Stored::new(at(1_000), vector.unwrap(), &value)
    }

    #[test]
    fn a_value_is_read_as_it_was_written() {
        let (stored, bytes) = (stored(), Bytes::from(stored().encode()));
        let read = Stored::decode(&bytes).unwrap();
        assert_eq!((read.made, &read.vector), (at(1_000), &stored.vector));
        assert_eq!(*read.value::<Vec<String>>().unwrap(), ["x\ny"]);
        for length in 0..bytes.len() {
            let cut = Stored::decode(&bytes.slice(..length));
            assert!(cut.is_none_or(|cut| cut.value::<Vec<String>>().is_none()));
        }
    }

    #[test]
    fn a_value_of_another_type_is_none() {
        assert!(stored().value::<u8>().is_none());
        assert!(stored().value::<Vec<String>>().is_some());
    }

    #[test]
    fn age_counts_from_when_its_load_began() {
        let minute = Duration::from_secs(60);
        assert!(stored().is_within(minute, at(1_060)));
        assert!(!stored().is_within(minute, at(1_061)));
        assert!(!stored().is_within(minute, at(939)));
    }
}
