//! Who somebody is, as Redis keeps it.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use quick_cache::sync::Cache;

use crate::store::{Credential, Lost, Record};
use crate::view::LONGEST_KEPT;

/// So many are known at a time.
const RECORDS: usize = 20_000;

/// A record as it is kept: when it was read, and what.
pub(super) fn encode<R: Record>(record: &R, now: Timestamp) -> Result<Vec<u8>, Lost> {
    let mut bytes = now.as_microsecond().to_be_bytes().to_vec();
    serde_json::to_writer(&mut bytes, record).map_err(|error| Lost(error.to_string()))?;
    Ok(bytes)
}

/// What the bytes mean that Redis has answered lately. They are compared with each answer, so that it
/// is still Redis that says who somebody is; the same bytes are not read twice.
pub(super) struct Records(Cache<[u8; 32], Read>);

#[derive(Clone)]
struct Read {
    bytes: Bytes,
    record: Arc<dyn Any + Send + Sync>,
}

impl Records {
    pub(super) fn new() -> Self {
        Records(Cache::new(RECORDS))
    }

    /// Nothing when it is too old, or of a release that writes it differently.
    pub(super) fn read<R: Record>(
        &self,
        credential: &Credential,
        bytes: Bytes,
        now: Timestamp,
    ) -> Option<Arc<R>> {
        let (read, written) = bytes.split_first_chunk()?;
        let read = Timestamp::from_microsecond(i64::from_be_bytes(*read)).ok()?;
        if now.duration_since(read) > LONGEST_KEPT {
            return None;
        }
        let before = self.0.get(&credential.hash);
        if let Some(before) = before.filter(|before| before.bytes == bytes) {
            return before.record.downcast().ok();
        }
        let record: Arc<R> = Arc::new(serde_json::from_slice(written).ok()?);
        let read = Read {
            record: record.clone(),
            bytes,
        };
        self.0.insert(credential.hash, read);
        Some(record)
    }
}
