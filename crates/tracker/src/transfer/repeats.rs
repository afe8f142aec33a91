//! Rows of one file with the same id.
//!
//! Two rows with one id cannot both become its task. A row that says the same again does no harm.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hasher as _};

use super::parsed::Row;
use crate::{Error, Result};

/// The ids of the rows of a file, in 25 bytes each: ids are known by 64 bits of their hash, and what
/// a row says by 32. Should two ids ever share theirs, which takes billions of rows, the second is
/// refused.
#[derive(Debug, Default)]
pub(super) struct Seen {
    first: BTreeMap<u64, First>,
    repeats: Vec<Repeat>,
}

/// The first row with an id.
#[derive(Debug)]
struct First {
    content: u32,
    line: u32,
}

impl Seen {
    /// Takes note of a row, of which so many stand before it.
    ///
    /// # Errors
    /// When a file has billions of rows.
    pub(super) fn see(&mut self, before: usize, row: &Row) -> Result<()> {
        let (Some(id), Ok(task)) = (&row.source_id, &row.task) else {
            return Ok(());
        };
        let [.., a, b, c, d] = hash(task).to_be_bytes();
        let content = u32::from_be_bytes([a, b, c, d]);
        match self.first.entry(hash(id)) {
            Entry::Vacant(place) => {
                let line = number(row.line)?;
                place.insert(First { content, line });
            }
            Entry::Occupied(first) => self.repeats.push(Repeat {
                row: number(before)?,
                line: first.get().line,
                is_same: first.get().content == content,
            }),
        }
        Ok(())
    }

    /// The rows whose id an earlier one has, in the order of the file.
    pub(super) fn into_repeats(self) -> Vec<Repeat> {
        self.repeats
    }
}

fn number(number: usize) -> Result<u32> {
    u32::try_from(number)
        .map_err(|_| Error::field("file", "too_many_rows", "has more than 4294967295 lines"))
}

/// A row whose id an earlier one has.
#[derive(Debug)]
pub(super) struct Repeat {
    /// How many rows stand before it.
    row: u32,
    /// The line of the earlier row.
    line: u32,
    /// Whether it says the same.
    pub(super) is_same: bool,
}

impl Repeat {
    /// Marks those of the rows that repeat an earlier one, of which `before` stand before the
    /// first of these.
    pub(super) fn mark(repeats: &[Repeat], before: usize, rows: &mut [Row]) {
        let place = |repeat: &Repeat| usize::try_from(repeat.row).unwrap_or(usize::MAX);
        let start = repeats.partition_point(|repeat| place(repeat) < before);
        for repeat in repeats.iter().skip(start) {
            let Some(row) = rows.get_mut(place(repeat) - before) else {
                break;
            };
            if repeat.is_same {
                row.repeats = usize::try_from(repeat.line).ok();
            } else {
                row.task = Err(vec![format!(
                    "it has the id of line {}, but says something else",
                    repeat.line
                )]);
            }
        }
    }
}

/// Hashes whatever can be shown, as it is shown.
struct Shown(DefaultHasher);

impl fmt::Write for Shown {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

fn hash(shown: &impl fmt::Debug) -> u64 {
    let mut hasher = Shown(DefaultHasher::new());
    // Hashing cannot fail.
    let _ = write!(hasher, "{shown:?}");
    hasher.0.finish()
}
