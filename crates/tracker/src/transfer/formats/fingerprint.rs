//! Recognising rows of formats that give them no id.

use std::collections::HashMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Makes ids from the content of rows. Equal rows of one file are told apart by counting them.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    seen: HashMap<String, usize>,
}

impl Fingerprints {
    /// The id of the next row with this content: its digest and the occurrence.
    pub(super) fn next(&mut self, content: &str) -> String {
        let id = digest(content);
        let occurrence = self.seen.entry(id.clone()).or_insert(0);
        *occurrence += 1;
        format!("{id}-{occurrence}")
    }
}

/// The first half of the SHA-256 of a text, in 32 hexadecimal digits.
pub(in crate::transfer) fn digest(text: &str) -> String {
    let mut digits = String::with_capacity(32);
    for byte in Sha256::digest(text).iter().take(16) {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_are_counted_and_the_ids_are_stable() {
        let mut first = Fingerprints::default();
        let ids = [
            first.next("Water plants"),
            first.next("Pay rent"),
            first.next("Water plants"),
        ];
        assert!(ids[0].ends_with("-1") && ids[2].ends_with("-2"));
        assert_eq!(
            ids[0].split_once('-').unwrap().0,
            ids[2].split_once('-').unwrap().0
        );
        let mut second = Fingerprints::default();
        assert_eq!(second.next("Water plants"), ids[0]);
    }
}
