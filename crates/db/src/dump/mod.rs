//! Moving house: one file that holds everything and that every engine can write and read.
//!
//! [`dump`] writes it from one state of the database, [`verify`] reads it from its first byte to
//! its last, and [`restore`] fills an empty database from what has been verified.

mod checksum;
mod error;
mod file;
mod restoring;
mod table;
mod taking;

pub use error::Error;
pub use file::{Counts, Origin};
pub use restoring::{Verified, restore, verify};
pub use table::{Kind, Table};
pub use taking::{Options, dump};

use crate::migrate::MigrationSet;

/// The tables of a database and how they are made.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'a> {
    /// The migrations of every part, in the order they are applied.
    pub sets: &'a [MigrationSet],
    /// The tables of every part. A table comes after those that its foreign keys name.
    pub tables: &'a [&'a [Table]],
    /// Statements at the end of a restore, on what only the database that was dumped may know.
    pub forgets: &'a [&'a str],
}

impl<'a> Schema<'a> {
    /// Every table, in the order rows may be written.
    pub fn all_tables(&self) -> impl DoubleEndedIterator<Item = &'a Table> {
        self.tables.iter().copied().flatten()
    }
}

/// How far a dump or a restore has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The table it is at.
    pub table: &'a str,
    /// How many rows of all tables are done.
    pub rows: u64,
    /// How many there are.
    pub of: u64,
    /// How many rows were held in memory for this step.
    pub held: usize,
}
