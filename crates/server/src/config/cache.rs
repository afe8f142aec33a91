//! `[cache]`

use super::reader::Reader;

/// `[cache]`; `config.default.toml` says what each means.
#[derive(Debug, Clone)]
pub struct Cache {
    /// Where nodes share what they know.
    pub place: Place,
    /// How many bytes of answers each process keeps.
    pub memory: u64,
}

/// Where nodes share what they know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Whatever is right for the database.
    Usual,
    /// There is one process.
    Memory,
    /// The database alone.
    Sql,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Cache> {
    let place = reader.text("url", "empty, memory or sql", |text| match text {
        "" => Some(Place::Usual),
        "memory" => Some(Place::Memory),
        "sql" => Some(Place::Sql),
        _ => None,
    });
    let memory = reader.size("memory", 1024 * 1024, 1024 * 1024 * 1024 * 1024);
    Some(Cache {
        place: place?,
        memory: memory?,
    })
}
