//! Recognising rows of formats that give them no id.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Makes ids from the content of rows. Equal rows of one file are told apart by counting them.
///
/// Contents are known by 64 bits of their digests, in trees, which grow without a copy of
/// themselves: a million rows take 14 MB. Should two contents ever share those bits, they are
/// counted together: the second is number two where it could have been number one, each time the
/// file is read.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    seen: BTreeSet<u64>,
    /// How often those were seen that were seen more than once.
    counts: BTreeMap<u64, u32>,
}

impl Fingerprints {
    /// The id of the next row with this content: its digest and the occurrence.
    pub(super) fn next(&mut self, content: &str) -> String {
        let digest = Sha256::digest(content);
        let start = digest.iter().take(8);
        let key = start.fold(0, |key, byte| key << 8 | u64::from(*byte));
        let mut occurrence = 1;
        if !self.seen.insert(key) {
            let count = self.counts.entry(key).or_insert(1);
            *count += 1;
            occurrence = *count;
        }
        format!("{}-{occurrence}", digits(&digest))
    }
}

/// The first half of the SHA-256 of a text, in 32 hexadecimal digits.
pub(in crate::transfer) fn digest(text: &str) -> String {
    digits(&Sha256::digest(text))
}

fn digits(digest: &[u8]) -> String {
    let mut digits = String::with_capacity(40);
    for byte in digest.iter().take(16) {
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
        let rows = [
            "Water plants",
            "Pay rent",
            "Water plants",
            "Water plants",
            "Pay rent",
        ];
        let ids = rows.map(|row| first.next(row));
        let counted: Vec<(&str, &str)> = ids.iter().map(|id| id.split_once('-').unwrap()).collect();
        let occurrences: Vec<&str> = counted.iter().map(|(_, number)| *number).collect();
        assert_eq!(occurrences, ["1", "1", "2", "3", "2"]);
        assert_eq!(counted[0].0, counted[2].0);
        assert_eq!(counted[0].0, digest("Water plants"));
        let mut second = Fingerprints::default();
        assert_eq!(second.next("Water plants"), ids[0]);
    }
}
