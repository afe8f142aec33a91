//! The SHA-256 that ends the file.

use std::io::{Read, Result, Write};

use sha2::{Digest as _, Sha256};

/// How long the checksum is, in bytes.
const LENGTH: usize = 32;

/// How much is read at a time.
const BLOCK: u64 = 16 * 1024;

/// Passes on what it is given, and at the end the checksum of all of it.
pub(super) struct Summing<W> {
    target: W,
    hash: Sha256,
}

impl<W: Write> Summing<W> {
    pub(super) fn new(target: W) -> Self {
        Summing {
            target,
            hash: Sha256::new(),
        }
    }

    pub(super) fn finish(mut self) -> Result<W> {
        self.target.write_all(&self.hash.finalize())?;
        self.target.flush()?;
        Ok(self.target)
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let written = self.target.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> Result<()> {
        self.target.flush()
    }
}

/// Reads what [`Summing`] was given. The last bytes are held back: they may be the checksum.
pub(super) struct Checking<R> {
    source: R,
    hash: Sha256,
    pending: Vec<u8>,
    has_ended: bool,
}

impl<R: Read> Checking<R> {
    pub(super) fn new(source: R) -> Self {
        Checking {
            source,
            hash: Sha256::new(),
            pending: Vec::new(),
            has_ended: false,
        }
    }

    /// Ends reading; answers whether nothing was left unread and the checksum is right.
    pub(super) fn finish(mut self) -> Result<bool> {
        // Whatever was left unread stands before the checksum here.
        self.available()?;
        Ok(self.hash.finalize().as_slice() == self.pending)
    }

    /// How many bytes are certainly not part of the checksum.
    fn available(&mut self) -> Result<usize> {
        while self.pending.len() <= LENGTH && !self.has_ended {
            let mut block = self.source.by_ref().take(BLOCK);
            self.has_ended = block.read_to_end(&mut self.pending)? == 0;
        }
        Ok(self.pending.len().saturating_sub(LENGTH))
    }
}

impl<R: Read> Read for Checking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.available()?.min(buffer.len());
        if let (Some(found), Some(target)) = (self.pending.get(..count), buffer.get_mut(..count)) {
            self.hash.update(found);
            target.copy_from_slice(found);
        }
        self.pending.drain(..count);
        Ok(count)
    }
}
