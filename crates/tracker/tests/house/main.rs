//! Everything of a real schema moves house.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod round_trip;
mod schema;

use duly_db::dump::{Schema, Table};
use duly_db::migrate::MigrationSet;
use duly_db::versions;

const SETS: [MigrationSet; 3] = [
    versions::MIGRATIONS,
    duly_queue::MIGRATIONS,
    duly_tracker::MIGRATIONS,
];
const TABLES: [&[Table]; 3] = [versions::TABLES, duly_queue::TABLES, duly_tracker::TABLES];
const SCHEMA: Schema<'static> = Schema {
    sets: &SETS,
    tables: &TABLES,
    forgets: &[],
};
